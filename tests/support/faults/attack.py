"""Strangers who send a server all that they may, and what others notice of it."""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from support.server import PlatformServer

_CONNECTIONS = 60
#: What a small machine allows.
DESCRIPTORS = 300


def resident_mib(pid: int, figure: str = "VmHWM") -> int:
    """Return a process's resident memory: the most that there ever was, or "VmRSS", what there is now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(figure)).split()[1]) // 1024


@contextlib.contextmanager
def almost_sent(server: PlatformServer, request: httpx.Request, source: str = "127.0.0.1") -> Iterator[None]:
    """Send a request over many connections at once, each without its last byte."""
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    raw = "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode() + request.content[:-1]
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(_CONNECTIONS) as pool:

        def send(connection: socket.socket) -> None:
            with contextlib.suppress(OSError):
                connection.sendall(raw)

        opened = [stack.enter_context(connected(server, source)) for _ in range(_CONNECTIONS)]
        list(pool.map(send, opened))
        yield


class BoundedServer(PlatformServer):
    """Its limit is set before it starts, and is hard: the server raises the soft one itself."""

    def start(self, *, wait: bool = True) -> PlatformServer:
        """Start under the limit."""
        shell = f'ulimit -Sn 200 && ulimit -Hn {DESCRIPTORS} && exec "$@"'
        command = [sys.executable, "-m", self._module, "serve", "--data-dir", str(self.data_dir)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", shell, "sh", *command, "--port", str(self.port)],
                stdout=log, stderr=log, env=os.environ | self.environment,
            )  # fmt: skip
        if wait:
            self.wait_ready()
        return self


def connected(server: PlatformServer, source: str, text: bytes = b"") -> socket.socket:
    """Connect from an address of this machine and send something."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10, source_address=(source, 0))
    if text:
        connection.sendall(text)
    return connection


def descriptors(server: PlatformServer) -> int:
    """Return how many descriptors a server has open."""
    assert server.process is not None
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


class Bystander:
    """Asks ``/healthz`` again and again over connections of its own; inside ``with``."""

    def __init__(self, server: PlatformServer, source: str = "127.0.0.1") -> None:
        self._url = f"{server.url}/healthz"
        self._source = source
        self._has_seen_enough = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._seconds: list[float] = []
        self.refused = 0

    def _ask(self) -> None:
        while not self._has_seen_enough.wait(0.02):
            began = time.monotonic()
            transport = httpx.HTTPTransport(local_address=self._source)
            try:
                with httpx.Client(transport=transport, timeout=30) as client:
                    self.refused += client.get(self._url).status_code != 200
            except httpx.TransportError:
                self.refused += 1
            self._seconds.append(time.monotonic() - began)

    def __enter__(self) -> Bystander:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._has_seen_enough.set()
        self._thread.join()

    def worst(self) -> float:
        """Return the longest time to an answer, in seconds."""
        return max(self._seconds)

    def __str__(self) -> str:
        typical = statistics.median(self._seconds) * 1000
        return f"/healthz {typical:.0f} ms, at worst {self.worst() * 1000:.0f} ms of {len(self._seconds)}"
