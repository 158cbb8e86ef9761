"""Bodies on their way into files: hashed and written in worker threads.

What comes faster than it can be hashed bypasses the page cache (direct I/O): copying it there and writing it back from
there costs more than its MD5, and the parts of one file wait for each other meanwhile. What comes slower goes through
the cache, which gathers small pieces. Decision records 26 and 27.
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
from concurrent.futures import Executor, Future
from itertools import cycle
from pathlib import Path

from openvod.adapters.filesystem import holes
from openvod.base.errors import Exhausted
from openvod.base.sizes import KIB, MIB
from openvod.storage.blobs import DirectBody
from openvod.storage.crc64 import CRC64
from openvod.storage.model import Received

#: Enough for the disk, and another thread, to be worth asking.
BATCH = 2 * MIB
#: Few enough to stay in the processor's cache between reading and hashing.
_PIECE = MIB
#: Less goes through the cache, which gathers small pieces.
_LEAST = 256 * KIB
_PAGE = mmap.PAGESIZE
#: A thread works on one body for so many bytes, then on another that waits.
_TURN = 16 * MIB
#: How often and how long it waits for a sender that is a little slower.
_MOMENTS, _MOMENT_SECONDS = 2, 0.0005
#: Of so many files it is remembered that their names are durable: those that are written at the moment are fewer.
_REMEMBERED = 10_000


class DirectoryEntries:
    """Makes the names of files durable, each once in a process.

    Who finds a file has no word of whether the name that another part gave it is durable yet.
    """

    def __init__(self) -> None:
        self._durable: set[Path] = set()

    def sync(self, path: Path) -> None:
        """Make a file's name, and that of its directory, durable."""
        for name in (path, path.parent):
            if name not in self._durable:
                sync_directory(name.parent)
                if len(self._durable) >= _REMEMBERED:
                    self._durable.clear()
                self._durable.add(name)


class Writer:
    """One body on its way into a file. Its methods run in worker threads, one at a time.

    Only while whole batches are stored may further bytes be hashed: they do not change where the next batch ends.
    """

    def __init__(self, fd: int, path: Path, offset: int, entries: DirectoryEntries, *, direct_io: bool = False) -> None:
        self._fd = fd
        self._path = path
        self._offset = offset
        self._position = offset
        self._entries = entries
        # Neighbours on one page would be written by both ways at once.
        self._may_bypass = direct_io and offset % _PAGE == 0
        self._bypasses = False
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = 0

    @classmethod
    def open(
        cls, path: Path, offset: int, length: int, reserve: int, entries: DirectoryEntries, *, direct_io: bool = False
    ) -> Writer:
        """Open or make the file; raises ``Exhausted("storage.disk_full")`` when ``length`` bytes do not fit."""
        fd = _opened(path)
        status = os.fstatvfs(fd)
        if status.f_bavail * status.f_frsize < length + reserve:
            os.close(fd)
            raise Exhausted("storage.disk_full", "the storage disk is full; free space or enlarge it, then retry")
        return cls(fd, path, offset, entries, direct_io=direct_io)

    @property
    def batch(self) -> int:
        """How many bytes come next, so that the position is a page's beginning again."""
        return BATCH - self._position % _PAGE

    def write(self, chunks: Sequence[bytes]) -> None:
        """Take further bytes."""
        for chunk in chunks:
            self.digest(chunk)
        self._store(memoryview(b"".join(chunks) if len(chunks) > 1 else chunks[0]))

    def store_pages(self, view: memoryview) -> None:
        """Write bytes that were hashed before, and begin where a page of memory does."""
        self._bypass(len(view) >= _LEAST and len(view) % _PAGE == 0 and self._position % _PAGE == 0)
        self._store(view)

    def digest(self, data: bytes | memoryview) -> None:
        """Hash further bytes."""
        self._md5.update(data)
        self._crc = CRC64.calc(data, self._crc)

    def _store(self, view: memoryview) -> None:
        position = self._position
        # Before they are written: whoever gives up erases them too.
        self._position += len(view)
        while view:
            try:
                done = os.pwrite(self._fd, view, position)
            except OSError as error:
                if not self._bypasses or error.errno != errno.EINVAL:
                    raise
                # Not on this disk, or after a short write.
                self._may_bypass = False
                self._bypass(False)
                continue
            position += done
            view = view[done:]

    def _bypass(self, wanted: bool) -> None:
        """Switch direct I/O on, where the file system allows it, or off."""
        wanted = wanted and self._may_bypass
        if wanted == self._bypasses:
            return
        try:
            # The file was opened without any other flag that this call can change.
            fcntl.fcntl(self._fd, fcntl.F_SETFL, os.O_DIRECT if wanted else 0)
        except OSError:
            wanted = self._may_bypass = False
        self._bypasses = wanted

    def finish(self) -> Received:
        """Make the bytes durable."""
        os.fdatasync(self._fd)
        self._entries.sync(self._path)
        return Received(self._position - self._offset, self._md5.hexdigest(), self._crc)

    def discard(self) -> None:
        """Give back what was written."""
        self._bypass(False)
        holes.erase(self._fd, self._offset, self._position - self._offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class Transfer:
    """A body on its way from its connection into a file. Its methods run in worker threads, one at a time.

    A full buffer is written by another thread of ``writers`` while the next one is read and hashed.
    """

    def __init__(self, body: DirectBody, open_writer: Callable[[], Writer], writers: Executor) -> None:
        self._body = body
        self._open = open_writer
        self._writers = writers
        self._writer: Writer | None = None

    def advance(self) -> Received | None:
        """Take what is there, and what comes while that is worked on; the result once all came."""
        if self._writer is None:
            self._writer = self._open()
        writer, buffers, taken = self._writer, cycle(_thread_buffers()), 0
        with _Behind(self._writers) as behind:
            while self._body.left and taken < _TURN:
                buffer = next(buffers)[: writer.batch]
                filled = self._fill(writer, buffer)
                behind.settle()
                if filled == BATCH and self._body.left:
                    behind.begin(writer.store_pages, buffer)
                elif filled:
                    writer.store_pages(buffer[:filled])
                if filled < len(buffer) and self._body.left:
                    return None
                taken += filled
        return None if self._body.left else writer.finish()

    def _fill(self, writer: Writer, buffer: memoryview) -> int:
        """Read and hash until the buffer is full or nothing is there."""
        filled = 0
        while filled < len(buffer) and self._body.left:
            size = self._read(buffer[filled : filled + _PIECE])
            if not size:
                break
            writer.digest(buffer[filled : filled + size])
            filled += size
        return filled

    def _read(self, piece: memoryview) -> int:
        """Read until the piece is full or nothing is there; wait a moment for the first bytes only."""
        filled, patience = 0, _MOMENTS
        while filled < len(piece) and self._body.left:
            size = self._body.read_into(piece[filled:])
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


class _Behind:
    """At most one write that goes on while the next bytes come."""

    def __init__(self, writers: Executor) -> None:
        self._writers = writers
        self._write: Future[None] | None = None

    def begin(self, write: Callable[[memoryview], None], view: memoryview) -> None:
        """Begin the next write; the one before was settled."""
        self._write = self._writers.submit(write, view)

    def settle(self) -> None:
        """Wait for the write; raises what it raised."""
        write, self._write = self._write, None
        if write:
            write.result()

    def __enter__(self) -> _Behind:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o640)
    except FileNotFoundError:
        path.parent.mkdir(exist_ok=True)
        return os.open(path, flags, 0o640)


def sync_directory(path: Path) -> None:
    """Make a directory's entries durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


_threads = threading.local()


def _thread_buffers() -> Sequence[memoryview]:
    """Return this thread's pages: one buffer to fill, one that is being written."""
    buffers: Sequence[memoryview] | None = getattr(_threads, "buffers", None)
    if buffers is None:
        buffers = _threads.buffers = [memoryview(mmap.mmap(-1, BATCH)) for _ in range(2)]
    return buffers
