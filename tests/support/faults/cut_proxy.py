"""A TCP proxy on loopback that can fall silent without a word, or close connections that nobody uses."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self


class CutProxy:
    """Passes bytes to ``port``; ``silent`` drops them in both directions, ``idle_seconds`` closes quiet connections."""

    def __init__(self, port: int, *, idle_seconds: float = 0.0) -> None:
        self._target = port
        self._idle = idle_seconds
        self.silent = False
        self.closed = 0
        self._ended = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Accept connections."""
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._ended = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            # Who is cut off gets a connection that nobody answers, as a lost packet would leave it.
            while self.silent and not self._ended:
                time.sleep(0.05)
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                self._pass(client, server)

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        selector = selectors.DefaultSelector()
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)
        cut, used = False, time.monotonic()
        while not self._ended:
            # A connection that was cut stays cut: what was sent meanwhile is lost.
            cut = cut or self.silent
            for key, _ in selector.select(0.05):
                data = key.fileobj.recv(65_536)  # type: ignore[union-attr]  # registered with sockets alone
                if not data:
                    if not cut:
                        return
                    selector.unregister(key.fileobj)
                    continue
                used = time.monotonic()
                if not cut:
                    key.data.sendall(data)
            if self._idle and time.monotonic() - used > self._idle:
                self.closed += 1
                return
