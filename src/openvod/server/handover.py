"""Handing a connection over: whoever stores a body reads the socket itself (decision record 13), and files are sent
past uvicorn (decision record 24).

Received the usual way, each piece of a body passes a parser, an event loop and two copies before a worker thread sees
it. Uvicorn parses the head here as ever; then its reading is paused, and the announced number of bytes is read
from the socket by the thread that hashes and writes them. A fresh parser continues after the last byte.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Protocol

from openvod.base.descriptors import readable
from openvod.base.errors import ClientDisconnected, Invalid
from openvod.server.file_sending import FilePart, FileSending
from openvod.server.pace import Pace

if TYPE_CHECKING:
    from uvicorn.protocols.http.flow_control import FlowControl
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

EXTENSION = "openvod.handover"
#: A head is a packet: the event loop writes it in its next turn, or the client takes nothing now.
_TURNS_FOR_HEAD = 3
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(Protocol):
    """The connection that a request came over: uvicorn's, with what a handover asks of it beside."""

    @property
    def transport(self) -> asyncio.Transport:
        """What holds the socket."""
        ...

    @property
    def flow(self) -> FlowControl:
        """What pauses its reading."""
        ...

    def awaits_body_of(self, cycle: RequestResponseCycle) -> bool:
        """Tell whether nothing but the rest of that request's body comes over it now."""
        ...

    def sending_of(self, part: FilePart) -> FileSending:
        """Return the sending of a piece of a file over it."""
        ...

    def body_has_ended(self) -> None:
        """Take what comes next for a head."""
        ...

    def parse_anew(self) -> None:
        """Parse what comes next as a new request: the body before it went past the parser."""
        ...


class Handover:
    """One request's offer to read its body from the socket."""

    def __init__(self, connection: Connection, cycle: RequestResponseCycle) -> None:
        self._connection = connection
        self._cycle = cycle

    def take(self, length: int, pace: Pace) -> SocketBody | None:
        """Return the body of ``length`` bytes, or ``None`` when it can only be had the usual way."""
        connection, cycle = self._connection, self._cycle
        arrived = bytes(cycle.body)
        if cycle.disconnected or not connection.awaits_body_of(cycle) or len(arrived) >= length:
            return None
        connection.flow.pause_reading()
        cycle.body = bytearray()
        if cycle.waiting_for_100_continue:
            connection.transport.write(_CONTINUE)
            cycle.waiting_for_100_continue = False
        # A name of its own for the socket: the event loop watches it apart from the transport's.
        duplicate = os.dup(connection.transport.get_extra_info("socket").fileno())
        return SocketBody(duplicate, arrived, length, pace, self)

    async def send_file(self, part: FilePart) -> bool:
        """Send the announced body from a file; false when it must be sent the usual way. The head was sent before.

        Raises ``ClientDisconnected``.
        """
        if not await self._head_is_out():
            return False
        await self._finish(self._connection.sending_of(part))
        return True

    async def finish_file(self, sending: FileSending) -> None:
        """Send the rest of an answer that began without uvicorn's knowing, and tell uvicorn that it is over.

        Raises ``ClientDisconnected``.
        """
        await self._finish(sending)
        self._cycle.response_started, self._cycle.chunked_encoding = True, False
        await self._cycle.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _finish(self, sending: FileSending) -> None:
        try:
            await sending.finish()
        except OSError as error:
            self.lose()
            raise ClientDisconnected from error
        except BaseException:
            # Half a body is on its way: the connection is good for nothing more.
            self.lose()
            raise
        self._cycle.expected_content_length = 0

    async def _head_is_out(self) -> bool:
        """Let the transport write what it holds; false when the client does not take even that now."""
        for _ in range(_TURNS_FOR_HEAD):
            if self._cycle.disconnected or self._connection.transport.is_closing():
                raise ClientDisconnected
            if not self._connection.transport.get_write_buffer_size():
                return True
            await asyncio.sleep(0)
        return False

    def give_back(self, *, whole: bool) -> None:
        """Let uvicorn go on: with the next request, or (the body was not read to its end) with closing."""
        if not whole:
            self._cycle.keep_alive = False
            return
        self._cycle.more_body = False
        self._connection.body_has_ended()
        if not self._connection.transport.is_closing():
            self._connection.parse_anew()

    def lose(self) -> None:
        """The client is gone, which uvicorn cannot see while its reading is paused."""
        self._cycle.disconnected = True
        self._connection.transport.abort()


class SocketBody:
    """See :class:`openvod.storage.ports.DirectBody`."""

    def __init__(self, descriptor: int, arrived: bytes, length: int, pace: Pace, handover: Handover) -> None:
        self._descriptor = descriptor
        self._arrived = arrived
        self._left = self._left_before = length
        self._pace = pace
        self._handover = handover

    @property
    def left(self) -> int:
        """Bytes that are still to come."""
        return self._left

    def read_into(self, buffer: memoryview) -> int:
        """Read what is there, 0 when nothing is; called in a worker thread. Raises ``ClientDisconnected``."""
        if self._arrived:
            size = min(len(self._arrived), len(buffer))
            buffer[:size] = self._arrived[:size]
            self._arrived = self._arrived[size:]
        else:
            size = self._received(buffer[: self._left])
        self._left -= size
        return size

    def _received(self, buffer: memoryview) -> int:
        if not buffer:
            return 0
        try:
            # The event loop made the connection non-blocking, which this name of it shares.
            size = os.readv(self._descriptor, [buffer])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise ClientDisconnected from error
        if not size:
            raise ClientDisconnected
        return size

    async def readable(self) -> None:
        """Wait for more; ``Invalid("request.stalled")`` when nothing comes for the stall time, or too little."""
        self._pace.arrived(self._left_before - self._left)
        self._left_before = self._left
        await self._pace.of(readable(self._descriptor))

    def release(self, *, gone: bool = False) -> None:
        """Give the connection back before the answer is sent; ``gone`` when the client left."""
        os.close(self._descriptor)
        if gone:
            self._handover.lose()
        else:
            self._handover.give_back(whole=self._left == 0)

    async def discard(self, limit: int) -> bool:
        """Read and forget what is left, so that the client sees an answer; false past ``limit`` bytes."""
        buffer = memoryview(bytearray(65536))
        while self._left:
            if limit <= 0:
                return False
            try:
                size = self.read_into(buffer)
                if not size:
                    await self.readable()
            except (ClientDisconnected, Invalid):
                return False
            limit -= size
        return True


def handover_of(scope: Any) -> Handover | None:
    """Return the offer of a request, if its server makes one."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    return extension["handover"] if extension else None
