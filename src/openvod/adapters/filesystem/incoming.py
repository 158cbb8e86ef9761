"""Bodies on their way into files: hashed and written in worker threads.

What comes faster than it can be hashed bypasses the page cache (direct I/O): copying it there and writing it back from
there costs more than its MD5, and the parts of one file wait for each other meanwhile. What comes slower goes through
the cache, which gathers small pieces. Decision record 26.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import mmap
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from openvod.adapters.filesystem import holes
from openvod.base.errors import Exhausted
from openvod.base.sizes import KIB, MIB
from openvod.storage.crc64 import CRC64
from openvod.storage.model import Received
from openvod.storage.ports import DirectBody

#: Enough for the disk to be worth asking, few enough to stay in the processor's cache between reading and writing.
BATCH = 512 * KIB
_PAGE = mmap.PAGESIZE
#: A thread works on one body for so many bytes, then on another that waits.
_TURN = 16 * MIB
#: How often and how long it waits for a sender that is a little slower.
_MOMENTS, _MOMENT_SECONDS = 2, 0.0005


class Writer:
    """One body on its way into a file. Its methods run in worker threads, one at a time."""

    def __init__(self, fd: int, offset: int, new_entry: Path | None, *, direct_io: bool = False) -> None:
        self._fd = fd
        self._offset = offset
        self._position = offset
        self._new_entry = new_entry
        # Neighbours on one page would be written by both ways at once.
        self._may_bypass = direct_io and offset % _PAGE == 0
        self._bypasses = False
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = 0

    @classmethod
    def open(cls, path: Path, offset: int, length: int, reserve: int, *, direct_io: bool = False) -> Writer:
        """Open or make the file; raises ``Exhausted("storage.disk_full")`` when ``length`` bytes do not fit."""
        path.parent.mkdir(exist_ok=True)
        new = not path.exists()
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        status = os.fstatvfs(fd)
        if status.f_bavail * status.f_frsize < length + reserve:
            os.close(fd)
            raise Exhausted("storage.disk_full", "the storage disk is full; free space or enlarge it, then retry")
        return cls(fd, offset, path if new else None, direct_io=direct_io)

    @property
    def batch(self) -> int:
        """How many bytes come next, so that the position is a page's beginning again."""
        return BATCH - self._position % _PAGE

    def write(self, chunks: Sequence[bytes]) -> None:
        """Take further bytes."""
        for chunk in chunks:
            self._digest(chunk)
        self._store(memoryview(b"".join(chunks) if len(chunks) > 1 else chunks[0]))

    def write_pages(self, view: memoryview) -> None:
        """Take further bytes, which begin where a page of memory does."""
        self._digest(view)
        self._bypass(len(view) == BATCH and self._position % _PAGE == 0)
        self._store(view)

    def _digest(self, data: bytes | memoryview) -> None:
        self._md5.update(data)
        self._crc = CRC64.calc(data, self._crc)

    def _store(self, view: memoryview) -> None:
        while view:
            try:
                done = os.pwrite(self._fd, view, self._position)
            except OSError as error:
                if not self._bypasses or error.errno != errno.EINVAL:
                    raise
                # Not on this disk, or after a short write.
                self._may_bypass = False
                self._bypass(False)
                continue
            self._position += done
            view = view[done:]

    def _bypass(self, wanted: bool) -> None:
        """Switch direct I/O on, where the file system allows it, or off."""
        wanted = wanted and self._may_bypass
        if wanted == self._bypasses:
            return
        flags = fcntl.fcntl(self._fd, fcntl.F_GETFL) & ~os.O_DIRECT
        try:
            fcntl.fcntl(self._fd, fcntl.F_SETFL, flags | os.O_DIRECT if wanted else flags)
        except OSError:
            wanted = self._may_bypass = False
        self._bypasses = wanted

    def finish(self) -> Received:
        """Make the bytes durable."""
        os.fdatasync(self._fd)
        if self._new_entry:
            sync_directory(self._new_entry.parent)
            sync_directory(self._new_entry.parent.parent)
        return Received(self._position - self._offset, self._md5.hexdigest(), self._crc)

    def discard(self) -> None:
        """Give back what was written."""
        self._bypass(False)
        holes.erase(self._fd, self._offset, self._position - self._offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class Transfer:
    """A body on its way from its connection into a file. Its methods run in worker threads, one at a time."""

    def __init__(self, body: DirectBody, open_writer: Callable[[], Writer]) -> None:
        self._body = body
        self._open = open_writer
        self._writer: Writer | None = None

    def advance(self) -> Received | None:
        """Take what is there, and what comes while that is worked on; the result once all came."""
        if self._writer is None:
            self._writer = self._open()
        buffer = _thread_buffer()
        taken = 0
        while self._body.left and taken < _TURN:
            filled = self._fill(buffer[: self._writer.batch])
            if not filled:
                return None
            self._writer.write_pages(buffer[:filled])
            taken += filled
        return None if self._body.left else self._writer.finish()

    def _fill(self, buffer: memoryview) -> int:
        """Read until the buffer is full or nothing is there; wait a moment for the first bytes only."""
        filled, patience = 0, _MOMENTS
        while filled < len(buffer) and self._body.left:
            size = self._body.read_into(buffer[filled:])
            filled += size
            if size:
                continue
            if filled or not patience:
                break
            patience -= 1
            time.sleep(_MOMENT_SECONDS)
        return filled

    def discard(self) -> None:
        """Give back what was written."""
        if self._writer:
            self._writer.discard()

    def close(self) -> None:
        """Close the file."""
        if self._writer:
            self._writer.close()


def sync_directory(path: Path) -> None:
    """Make a directory's entries durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


_threads = threading.local()


def _thread_buffer() -> memoryview:
    """Return this thread's pages."""
    buffer: memoryview | None = getattr(_threads, "buffer", None)
    if buffer is None:
        buffer = _threads.buffer = memoryview(mmap.mmap(-1, BATCH))
    return buffer
