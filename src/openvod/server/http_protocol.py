"""Uvicorn's HTTP/1.1 protocol with two fast paths: the storing thread reads request bodies from the socket (decision
record 13), and published files are sent in the event-loop iteration that received the request (decision record 24).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

import httptools
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from openvod.base.errors import ClientDisconnected
from openvod.server.connections import Connections
from openvod.server.file_sending import FilePart, FileSending, OpenFiles, ReadyFile
from openvod.server.handover import EXTENSION, Handover
from openvod.server.pace import LATE_BODY_BYTES

#: Returns the file to send for a request, without I/O; ``None`` falls back to the async path.
AtOnce = Callable[[Scope], ReadyFile | None]
#: Paths without characters that URL parsers interpret differently, and a query.
_PLAIN_TARGET = re.compile(rb"(/[\w./-]+)(?:\?([!$-~]*))?", re.ASCII)
#: Headers of requests that take the normal path: with a body, an upgrade, or a client address from a proxy.
_UNUSUAL = frozenset(
    (b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"x-forwarded-for", b"x-forwarded-proto")
)


class HttpProtocol(HttpToolsProtocol):
    """One connection. Each request offers a :class:`Handover` in its ASGI extensions."""

    def __init__(
        self, *arguments: Any, at_once: AtOnce, files: OpenFiles, connections: Connections, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._answer_at_once = at_once
        self._files = files
        self._all = connections
        self._is_admitted = False
        self._awaits_head = False
        self._head_bytes = 0
        self._has_more_body = False
        self._ready: ReadyFile | None = None
        self._turn_is_used = False

    # Asyncio passes a Transport to TCP servers.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection, or answer 503 with the reason."""
        super().connection_made(transport)
        reason = self._all.admit(self._peer())
        self._is_admitted = not reason
        if reason:
            self._send_text(503, f"{reason}; close some, or try again later")
            self._all.linger(self)
        else:
            self._head_began()

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the limits."""
        self._all.head_ended(self)
        if self._is_admitted:
            self._is_admitted = False
            self._all.leave(self._peer())
        else:
            self._all.end_lingering(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the data. At most one request per call takes the fast path, to be fair to other connections."""
        if not self._is_admitted:
            self._all.end_lingering(self)
            return
        self._turn_is_used = False
        awaited, had_more_body = self._awaits_head, self._has_more_body
        super().data_received(data)
        if awaited and self._awaits_head:
            self._count_awaited(len(data), is_body=had_more_body)
        elif not awaited and self._has_incomplete_head():
            self._head_began()

    def head_is_late(self) -> None:
        """Answer 408 and close: the request's head took too long."""
        if self._has_more_body:
            # The response was sent before the body had arrived; do not wait for the rest of the body.
            self.close()
            return
        self._refuse(408, f"the request head took longer than {self._all.limits.head_seconds:g} s")

    def awaits_body_of(self, cycle: RequestResponseCycle) -> bool:
        """See :class:`openvod.server.handover.Connection`."""
        return self.cycle is cycle and cycle.more_body and not self.pipeline and not self.transport.is_closing()

    def body_has_ended(self) -> None:
        """Mark the end of the body: the next bytes belong to a head."""
        self._has_more_body = False

    def parse_anew(self) -> None:
        """Start a new parser: the old one still waits for a body that bypassed it."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _count_awaited(self, size: int, *, is_body: bool) -> None:
        """Limit the bytes before the next head is complete: first the rest of a refused body, then the head.

        The chunk that ends a body counts as body, even where it also begins the next head; a chunk has at most 256 KiB.
        """
        if is_body and not self._has_more_body:
            self._head_bytes = 0
            return
        self._head_bytes += size
        if is_body:
            if self._head_bytes > LATE_BODY_BYTES:
                self.close()
        elif self._head_bytes > self._all.limits.head_bytes:
            self._refuse(431, f"the request head exceeds {self._all.limits.head_bytes} bytes")

    def _head_began(self) -> None:
        self._awaits_head = True
        self._head_bytes = 0
        self._all.head_began(self)

    def _has_incomplete_head(self) -> bool:
        """Return whether an incomplete head has arrived, for which uvicorn has cancelled its keep-alive time-out."""
        is_idle = self.cycle is None or self.cycle.response_complete
        return is_idle and self.timeout_keep_alive_task is None and not self.transport.is_closing()

    def _peer(self) -> str:
        return self.client[0] if self.client else ""

    def close(self) -> None:
        """Close once the write buffer is empty."""
        self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        self._send_text(status, message)
        self.close()

    def _send_text(self, status: int, message: str) -> None:
        """Send a plain-text response, without a parsed request."""
        if self.transport.is_closing():
            return
        text = message.encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        length = f"Content-Length: {len(text)}\r\nConnection: close\r\nRetry-After: 5\r\n\r\n"
        self.transport.write(head.encode() + length.encode() + text)

    def on_headers_complete(self) -> None:
        """Prepare the response of the fast path, or start the request's task."""
        if self._awaits_head:
            self._awaits_head = False
            self._all.head_ended(self)
        if self.scheme != "http":
            super().on_headers_complete()
            return
        self._ready = self._found_at_once()
        if self._ready is None:
            self._start()

    def on_message_complete(self) -> None:
        """Send the prepared response, if there is one."""
        self.body_has_ended()
        if self._ready is None:
            super().on_message_complete()
            return
        ready, self._ready = self._ready, None
        self._turn_is_used = True
        sending = self.sending_of(ready.part, ready.head)
        try:
            is_sent = sending.begin()
        except OSError:
            self.transport.abort()
            return
        if is_sent:
            self.on_response_complete()
        else:
            self._go_on(sending)

    def sending_of(self, part: FilePart, head: bytes = b"") -> FileSending:
        """Return a sender of ``part`` over this connection."""
        descriptor: int = self.transport.get_extra_info("socket").fileno()
        return FileSending(descriptor, part, head, self._files.find(part.path))

    def _start(self) -> None:
        self._has_more_body = True
        super().on_headers_complete()
        self.scope["extensions"] = {EXTENSION: {"handover": Handover(self, self.cycle)}}

    def _found_at_once(self) -> ReadyFile | None:
        target = _PLAIN_TARGET.fullmatch(self.url)
        if target is None or self._turn_is_used or not self._is_simple() or not self._is_free():
            return None
        scope = cast("Scope", self.scope)
        scope["method"], scope["raw_path"], scope["query_string"] = "GET", target[1], target[2] or b""
        return self._answer_at_once(scope)

    def _is_simple(self) -> bool:
        """Return whether the request is a GET without a body on a keep-alive connection."""
        parser = self.parser
        return (
            parser.get_method() == b"GET"
            and _UNUSUAL.isdisjoint([name for name, _ in self.headers])
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
        )

    def _is_free(self) -> bool:
        """Return whether all earlier responses have been written to the kernel."""
        is_idle = self.cycle is None or self.cycle.response_complete
        return is_idle and not self.transport.get_write_buffer_size() and not self.transport.is_closing()

    def _go_on(self, sending: FileSending) -> None:
        """Send the rest in a task, which uvicorn treats as a request with a started response."""

        async def rest(scope: Scope, receive: Receive, send: Send) -> None:
            # A disconnected client is not an error.
            with suppress(ClientDisconnected):
                handover: Handover = scope["extensions"][EXTENSION]["handover"]
                await handover.finish_file(sending)
                sending.keep_open(self._files)

        self.app, usual = rest, self.app
        self._start()
        self.app = usual
        super().on_message_complete()
