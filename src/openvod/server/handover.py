"""Fast paths past uvicorn: the thread that stores a body reads the socket (decision record 13), and files are sent by
the kernel (decision record 24).

On the normal path each piece of a body passes a parser, the event loop and two copies before a worker thread gets it.
On the fast path uvicorn parses the head; then its reading is paused, and the thread that hashes and writes the body
reads Content-Length bytes from the socket. A new parser continues after the last byte.
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
#: Event-loop iterations to wait until the head is written; it is one packet, so more mean a full socket.
_TURNS_FOR_HEAD = 3
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(Protocol):
    """The request's connection: the parts of uvicorn's protocol that a handover uses."""

    @property
    def transport(self) -> asyncio.Transport:
        """The transport that owns the socket."""
        ...

    @property
    def flow(self) -> FlowControl:
        """Pauses and resumes reading."""
        ...

    def awaits_body_of(self, cycle: RequestResponseCycle) -> bool:
        """Return whether the connection is receiving this request's body and nothing else."""
        ...

    def sending_of(self, part: FilePart) -> FileSending:
        """Return a sender of ``part`` over this connection."""
        ...

    def body_has_ended(self) -> None:
        """Mark the end of the body: the next bytes belong to a head."""
        ...

    def parse_anew(self) -> None:
        """Start a new parser, because the old one has not seen the body."""
        ...


class Handover:
    """Lets the handler of one request read the body from the socket, and send files to it."""

    def __init__(self, connection: Connection, cycle: RequestResponseCycle) -> None:
        self._connection = connection
        self._cycle = cycle

    def take(self, length: int, pace: Pace) -> SocketBody | None:
        """Return the body of ``length`` bytes, or ``None`` to fall back to ASGI's ``receive``."""
        connection, cycle = self._connection, self._cycle
        arrived = bytes(cycle.body)
        if cycle.disconnected or not connection.awaits_body_of(cycle) or len(arrived) >= length:
            return None
        connection.flow.pause_reading()
        cycle.body = bytearray()
        if cycle.waiting_for_100_continue:
            connection.transport.write(_CONTINUE)
            cycle.waiting_for_100_continue = False
        # A duplicate descriptor: the event loop can watch it beside the transport's own.
        duplicate = os.dup(connection.transport.get_extra_info("socket").fileno())
        return SocketBody(duplicate, arrived, length, pace, self)

    async def send_file(self, part: FilePart) -> bool:
        """Send the announced body from a file, after the head; return false to fall back to ASGI's ``send``.

        Raises ``ClientDisconnected``.
        """
        if not await self._head_is_out():
            return False
        await self._finish(self._connection.sending_of(part))
        return True

    async def finish_file(self, sending: FileSending) -> None:
        """Send the rest of a response that the fast path began, and mark it as complete in uvicorn.

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
            # Part of the body was sent, so the connection cannot be reused.
            self.lose()
            raise
        self._cycle.expected_content_length = 0

    async def _head_is_out(self) -> bool:
        """Wait until the transport's buffer is written; return false when the client does not read."""
        for _ in range(_TURNS_FOR_HEAD):
            if self._cycle.disconnected or self._connection.transport.is_closing():
                raise ClientDisconnected
            if not self._connection.transport.get_write_buffer_size():
                return True
            await asyncio.sleep(0)
        return False

    def give_back(self, *, whole: bool) -> None:
        """Resume uvicorn's reading for the next request; close the connection when the body was not read to its end."""
        if not whole:
            self._cycle.keep_alive = False
            return
        self._cycle.more_body = False
        self._connection.body_has_ended()
        if not self._connection.transport.is_closing():
            self._connection.parse_anew()

    def lose(self) -> None:
        """Abort the connection: the client has disconnected, which uvicorn cannot detect while reading is paused."""
        self._cycle.disconnected = True
        self._connection.transport.abort()


class SocketBody:
    """See :class:`openvod.storage.blobs.DirectBody`."""

    def __init__(self, descriptor: int, arrived: bytes, length: int, pace: Pace, handover: Handover) -> None:
        self._descriptor = descriptor
        self._arrived = arrived
        self._left = self._left_before = length
        self._pace = pace
        self._handover = handover

    @property
    def left(self) -> int:
        """Bytes still to be read."""
        return self._left

    def read_into(self, buffer: memoryview) -> int:
        """Read the available bytes without waiting; return their number, possibly 0. Called in a worker thread.

        Raises ``ClientDisconnected``.
        """
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
            # Non-blocking: duplicates share the flag that the event loop has set.
            size = os.readv(self._descriptor, [buffer])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise ClientDisconnected from error
        if not size:
            raise ClientDisconnected
        return size

    async def readable(self) -> None:
        """Wait for more; raises ``Invalid("request.stalled")`` when the body stalls or is too slow."""
        self._pace.arrived(self._left_before - self._left)
        self._left_before = self._left
        await self._pace.of(readable(self._descriptor))

    def release(self, *, gone: bool = False) -> None:
        """Return the connection to uvicorn before the response; ``gone`` when the client has disconnected."""
        os.close(self._descriptor)
        if gone:
            self._handover.lose()
        else:
            self._handover.give_back(whole=self._left == 0)

    async def discard(self, limit: int) -> bool:
        """Read and discard the rest, so that the client reads the response; return false past ``limit`` bytes."""
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
    """Return the request's handover; ``None`` when another server runs the application."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    return extension["handover"] if extension else None
