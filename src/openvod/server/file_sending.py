"""Sends parts of files with sendfile(), from the page cache to the socket (decision record 24)."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import NamedTuple

from openvod.base.descriptors import writable
from openvod.base.jobs import finished
from openvod.base.sizes import KIB, MIB

#: Bytes per call: few on the event loop, more in a thread.
_INLINE_BYTES, _THREAD_BYTES = MIB, 4 * MIB
_MORE = getattr(socket, "MSG_MORE", 0)
#: Distance in bytes of page-cache samples; read-ahead works in larger steps than a page.
_SAMPLE_BYTES = 256 * KIB
_PROBE = [bytearray(1)]
#: ``RWF_NOWAIT`` (Linux) fails instead of waiting for the disk; without it, threads send everything.
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)
_MOST_OPEN, _SWEEP_SECONDS = 128, 2.0


class FilePart(NamedTuple):
    """``length`` bytes of a local file from ``offset``."""

    path: str
    offset: int
    length: int


class ReadyFile(NamedTuple):
    """A complete response: the serialised head, and the part of a file that follows."""

    head: bytes
    part: FilePart


class OpenFile:
    """A file open for reading, closed when its last user drops it."""

    __slots__ = ("descriptor", "is_used")

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.is_used = True

    def __del__(self) -> None:
        """Close the descriptor, if open."""
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


class OpenFiles:
    """A cache of open files by path: opening a file may wait for the disk.

    The path of a blob is never reused. A deleted blob is no longer requested; its space becomes free at the next sweep
    that finds it unused. Only for the event loop's thread.
    """

    def __init__(self) -> None:
        self._files: dict[str, OpenFile] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def find(self, path: str) -> OpenFile | None:
        """Return the path's file if it is cached."""
        file = self._files.get(path)
        if file:
            file.is_used = True
        return file

    def keep(self, path: str, file: OpenFile) -> None:
        """Cache an open file; the oldest is evicted."""
        if path not in self._files and len(self._files) >= _MOST_OPEN:
            del self._files[next(iter(self._files))]
        self._files[path] = file
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self.sweep)

    def sweep(self) -> None:
        """Evict files that were unused since the last sweep; called by a timer."""
        self._sweep = None
        kept, self._files = self._files, {}
        for path, file in kept.items():
            if file.is_used:
                file.is_used = False
                self.keep(path, file)


class FileSending:
    """Sends a head and then a part of a file to a socket."""

    def __init__(self, connection: int, part: FilePart, head: bytes = b"", file: OpenFile | None = None) -> None:
        self._socket = connection
        self._path = part.path
        self._position, self._left = part.offset, part.length
        self._head = head
        self._file = file

    def begin(self) -> bool:
        """Send without waiting for socket or disk; return whether all was sent. Raises ``OSError``."""
        return self._is_in_memory() and self._send(_INLINE_BYTES) and not self._left

    async def finish(self) -> None:
        """Send the rest. Raises ``OSError``."""
        # Duplicate the descriptor, which stays valid for the thread even if the connection closes.
        self._socket = os.dup(self._socket)
        try:
            while self._left:
                await self._advance()
        finally:
            os.close(self._socket)

    def keep_open(self, files: OpenFiles) -> None:
        """Add the file to the cache."""
        if self._file:
            files.keep(self._path, self._file)

    async def _advance(self) -> None:
        """Send one piece, or wait while the socket is full; a thread sends pieces that are not in the page cache."""
        if self._is_in_memory():
            took_all = self._send(_INLINE_BYTES)
        else:
            took_all = await finished(asyncio.get_running_loop().run_in_executor(None, self._send, _THREAD_BYTES))
        if self._left and not took_all:
            await writable(self._socket)
        elif self._left:
            # Yield to other connections.
            await asyncio.sleep(0)

    def _is_in_memory(self) -> bool:
        """Return, from samples, whether the next bytes are in the page cache."""
        if self._file is None or _NOWAIT is None:
            return False
        last = self._position + min(self._left, _INLINE_BYTES) - 1
        samples = (*range(self._position, last, _SAMPLE_BYTES), last)
        try:
            return all([os.preadv(self._file.descriptor, _PROBE, place, _NOWAIT) for place in samples])
        except OSError:
            return False

    def _send(self, most: int) -> bool:
        """Send at most ``size`` bytes; return false when the socket is full."""
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
    """Send the head with ``MSG_MORE``, so that it shares a packet with the body; return the bytes sent."""
    borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    try:
        return borrowed.send(data, _MORE)
    finally:
        borrowed.detach()
