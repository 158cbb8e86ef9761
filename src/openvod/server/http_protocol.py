"""Uvicorn's HTTP/1.1 with two short ways: bodies that are read from the socket by whoever stores them (decision record
13), and published files that are sent in the turn of the event loop that brought the request (decision record 24).
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

#: Says what to send for a request, from memory and at once; ``None`` for everything that takes the usual way.
AtOnce = Callable[[Scope], ReadyFile | None]
#: A path that means the same to every reader of addresses, and its query.
_PLAIN_TARGET = re.compile(rb"(/[\w./-]+)(?:\?([!$-~]*))?", re.ASCII)
#: What takes more than an answer, or is somebody else's word on who asks.
_UNUSUAL = frozenset(
    (b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"x-forwarded-for", b"x-forwarded-proto")
)


class HttpProtocol(HttpToolsProtocol):
    """One connection. Requests carry a :class:`Handover` among their extensions."""

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

    # Asyncio hands TCP servers a Transport.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Serve the connection, or say at once why not."""
        super().connection_made(transport)
        reason = self._all.admit(self._peer())
        self._is_admitted = not reason
        if reason:
            self._say(503, f"{reason}; close some, or try again later")
            self._all.linger(self)
        else:
            self._head_began()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another."""
        self._all.head_ended(self)
        if self._is_admitted:
            self._is_admitted = False
            self._all.leave(self._peer())
        else:
            self._all.end_lingering(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; of many requests in it one is answered at once, as others wait for the event loop too."""
        if not self._is_admitted:
            self._all.end_lingering(self)
            return
        self._turn_is_used = False
        awaited, had_more_body = self._awaits_head, self._has_more_body
        super().data_received(data)
        if awaited and self._awaits_head:
            self._count_awaited(len(data), is_body=had_more_body)
        elif not awaited and self._is_between_requests():
            self._head_began()

    def head_is_late(self) -> None:
        """Answer and close: the head of the request did not come in time."""
        if self._has_more_body:
            # The answer is out already; what comes is the rest of a body that nobody waits for.
            self.close()
            return
        self._refuse(408, f"the head of the request took more than {self._all.limits.head_seconds:g} s")

    def awaits_body_of(self, cycle: RequestResponseCycle) -> bool:
        """See :class:`openvod.server.handover.Connection`."""
        return self.cycle is cycle and cycle.more_body and not self.pipeline and not self.transport.is_closing()

    def body_has_ended(self) -> None:
        """What comes next is a head."""
        self._has_more_body = False

    def parse_anew(self) -> None:
        """Parse what comes next as a new request; the old parser still waits for a body that went past it."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _count_awaited(self, size: int, *, is_body: bool) -> None:
        """Bound what comes before the next head is complete: the rest of a body, then the head.

        The piece that ends a body counts as body, whatever of the next head it brings: a piece has 256 KiB at most.
        """
        if is_body and not self._has_more_body:
            self._head_bytes = 0
            return
        self._head_bytes += size
        if is_body:
            if self._head_bytes > LATE_BODY_BYTES:
                self.close()
        elif self._head_bytes > self._all.limits.head_bytes:
            self._refuse(431, f"the head of the request exceeds {self._all.limits.head_bytes} bytes")

    def _head_began(self) -> None:
        self._awaits_head = True
        self._head_bytes = 0
        self._all.head_began(self)

    def _is_between_requests(self) -> bool:
        """Tell whether bytes came that are no whole head: uvicorn has ended its own time-out by then."""
        is_idle = self.cycle is None or self.cycle.response_complete
        return is_idle and self.timeout_keep_alive_task is None and not self.transport.is_closing()

    def _peer(self) -> str:
        return self.client[0] if self.client else ""

    def close(self) -> None:
        """Close after what was written."""
        self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        self._say(status, message)
        self.close()

    def _say(self, status: int, message: str) -> None:
        """Answer in plain text, as there is no request to answer."""
        if self.transport.is_closing():
            return
        text = message.encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        length = f"Content-Length: {len(text)}\r\nConnection: close\r\nRetry-After: 5\r\n\r\n"
        self.transport.write(head.encode() + length.encode() + text)

    def on_headers_complete(self) -> None:
        """Start the request, whose task runs after this, or make its answer ready."""
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
        """Send what is ready."""
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
        """Return the sending of a piece of a file over this connection."""
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
        """Tell whether the request is a GET without a body on a connection that stays."""
        parser = self.parser
        return (
            parser.get_method() == b"GET"
            and _UNUSUAL.isdisjoint([name for name, _ in self.headers])
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
        )

    def _is_free(self) -> bool:
        """Tell whether all earlier answers are with the kernel."""
        is_idle = self.cycle is None or self.cycle.response_complete
        return is_idle and not self.transport.get_write_buffer_size() and not self.transport.is_closing()

    def _go_on(self, sending: FileSending) -> None:
        """Send the rest in a task, as a request of uvicorn's that has begun to be answered."""

        async def rest(scope: Scope, receive: Receive, send: Send) -> None:
            # An answer that the client does not want any more is nobody's failure.
            with suppress(ClientDisconnected):
                handover: Handover = scope["extensions"][EXTENSION]["handover"]
                await handover.finish_file(sending)
                sending.keep_open(self._files)

        self.app, usual = rest, self.app
        self._start()
        self.app = usual
        super().on_message_complete()
