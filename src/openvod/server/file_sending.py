"""Sending pieces of files, from the page cache to the socket without passing this process (decision record 24)."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import NamedTuple

from openvod.base.descriptors import writable
from openvod.base.jobs import finished
from openvod.base.sizes import KIB, MIB

#: A turn on the event loop is short; a thread may work longer.
_INLINE_BYTES, _THREAD_BYTES = MIB, 4 * MIB
_MORE = getattr(socket, "MSG_MORE", 0)
#: Pages come from the disk in greater pieces than one.
_SAMPLE_BYTES = 256 * KIB
_PROBE = [bytearray(1)]
#: Linux can say that a byte is not in memory instead of waiting for it; elsewhere threads send everything.
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)
_MOST_OPEN, _SWEEP_SECONDS = 128, 2.0


class FilePart(NamedTuple):
    """``length`` bytes of a local file from ``offset``."""

    path: str
    offset: int
    length: int


class ReadyFile(NamedTuple):
    """An answer that needs no more thought: its head as it travels, and the bytes that follow."""

    head: bytes
    part: FilePart


class OpenFile:
    """A file open for reading, closed with its last user."""

    __slots__ = ("descriptor", "is_used")

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.is_used = True

    def __del__(self) -> None:
        """Close it, if it was opened."""
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


class OpenFiles:
    """Files that are asked for again stay open for a while, by their paths: opening one may wait for the disk.

    A blob's path never leads to another blob. One that was deleted is not asked for any more, and its space is free
    once nothing used it between two sweeps. For the event loop's thread alone.
    """

    def __init__(self) -> None:
        self._files: dict[str, OpenFile] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def find(self, path: str) -> OpenFile | None:
        """Return the file of a path if it is open."""
        file = self._files.get(path)
        if file:
            file.is_used = True
        return file

    def keep(self, path: str, file: OpenFile) -> None:
        """Keep a file open; the one that came first gives way."""
        if path not in self._files and len(self._files) >= _MOST_OPEN:
            del self._files[next(iter(self._files))]
        self._files[path] = file
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self.sweep)

    def sweep(self) -> None:
        """Close what nothing used since the last sweep; happens by itself."""
        self._sweep = None
        kept, self._files = self._files, {}
        for path, file in kept.items():
            if file.is_used:
                file.is_used = False
                self.keep(path, file)


class FileSending:
    """Bytes of a file on their way to a socket, after those of a head."""

    def __init__(self, connection: int, part: FilePart, head: bytes = b"", file: OpenFile | None = None) -> None:
        self._socket = connection
        self._path = part.path
        self._position, self._left = part.offset, part.length
        self._head = head
        self._file = file

    def begin(self) -> bool:
        """Send what can be sent now and without waiting for the disk; true when that was all. Raises ``OSError``."""
        return self._is_in_memory() and self._send(_INLINE_BYTES) and not self._left

    async def finish(self) -> None:
        """Send the rest. Raises ``OSError``."""
        # A name of its own for the socket, which stays this one's until a thread is done with it.
        self._socket = os.dup(self._socket)
        try:
            while self._left:
                await self._advance()
        finally:
            os.close(self._socket)

    def keep_open(self, files: OpenFiles) -> None:
        """Leave the file open for who asks next."""
        if self._file:
            files.keep(self._path, self._file)

    async def _advance(self) -> None:
        """Send some; wait for the client when it takes no more. What must come from the disk is sent by a thread."""
        if self._is_in_memory():
            took_all = self._send(_INLINE_BYTES)
        else:
            took_all = await finished(asyncio.get_running_loop().run_in_executor(None, self._send, _THREAD_BYTES))
        if self._left and not took_all:
            await writable(self._socket)
        elif self._left:
            # The event loop has others to serve.
            await asyncio.sleep(0)

    def _is_in_memory(self) -> bool:
        """Tell whether the next bytes can be had without waiting for the disk, by samples."""
        if self._file is None or _NOWAIT is None:
            return False
        last = self._position + min(self._left, _INLINE_BYTES) - 1
        samples = (*range(self._position, last, _SAMPLE_BYTES), last)
        try:
            return all([os.preadv(self._file.descriptor, _PROBE, place, _NOWAIT) for place in samples])
        except OSError:
            return False

    def _send(self, most: int) -> bool:
        """Send at most so many bytes; false when the socket takes no more."""
        if self._file is None:
            self._file = OpenFile(self._path)
        try:
            while self._head:
                self._head = self._head[_send_with_more(self._socket, self._head) :]
            while self._left and most > 0:
                sent = os.sendfile(self._socket, self._file.descriptor, self._position, min(self._left, most))
                if not sent:
                    raise OSError(f"{self._path} ends {self._left} bytes early")
                self._position += sent
                self._left -= sent
                most -= sent
        except (BlockingIOError, InterruptedError):
            return False
        return True


def _send_with_more(descriptor: int, data: bytes) -> int:
    """Send what shares its packet with the bytes that follow; return how much was taken."""
    borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    try:
        return borrowed.send(data, _MORE)
    finally:
        borrowed.detach()
