"""Writes request bodies to files: worker threads hash and write them.

Bodies that arrive faster than MD5 bypass the page cache (direct I/O): copying to the cache and write-back cost more
than hashing, and parts of the same file wait for each other. Slower bodies go through the cache, which merges small
writes. Decision records 26 and 27.
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

#: Bytes of a write: enough to amortise the system call and the switch to another thread.
BATCH = 2 * MIB
#: Bytes of a read: few enough to stay in the CPU cache until they are hashed.
_PIECE = MIB
#: Smaller writes use the page cache, which merges them.
_LEAST = 256 * KIB
_PAGE = mmap.PAGESIZE
#: Bytes that a thread takes of one body before it turns to another one that waits.
_TURN = 16 * MIB
#: Number and seconds of the waits for a sender that is slightly slower.
_WAITS, _WAIT_SECONDS = 2, 0.0005
#: Size of the cache of durable names; fewer files are written concurrently.
_REMEMBERED = 10_000


class DirectoryEntries:
    """Makes directory entries of files durable, each once per process.

    Also needed for a file that exists: the part that created it may not have synced its directory entry yet.
    """

    def __init__(self) -> None:
        self._durable: set[Path] = set()

    def sync(self, path: Path) -> None:
        """Make the directory entries of a file and of its directory durable."""
        for name in (path, path.parent):
            if name not in self._durable:
                sync_directory(name.parent)
                if len(self._durable) >= _REMEMBERED:
                    self._durable.clear()
                self._durable.add(name)


class Writer:
    """Writes one body into a file. Its methods run in worker threads, one at a time.

    Exception: :meth:`digest` may run during :meth:`store_pages` of a whole batch, which does not move :attr:`batch`.
    """

    def __init__(self, fd: int, path: Path, offset: int, entries: DirectoryEntries, *, direct_io: bool = False) -> None:
        self._fd = fd
        self._path = path
        self._offset = offset
        self._position = offset
        self._entries = entries
        # Not for unaligned parts: two parts would write one page, one through the cache, one past it.
        self._may_bypass = direct_io and offset % _PAGE == 0
        self._bypasses = False
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = 0

    @classmethod
    def open(
        cls, path: Path, offset: int, length: int, reserve: int, entries: DirectoryEntries, *, direct_io: bool = False
    ) -> Writer:
        """Open or create the file; raises ``Exhausted("storage.disk_full")`` when ``length`` bytes do not fit."""
        fd = _opened(path)
        status = os.fstatvfs(fd)
        if status.f_bavail * status.f_frsize < length + reserve:
            os.close(fd)
            raise Exhausted("storage.disk_full", "the storage disk is full; free space or enlarge it, then retry")
        return cls(fd, path, offset, entries, direct_io=direct_io)

    @property
    def batch(self) -> int:
        """Bytes of the next write, so that the following one is page-aligned."""
        return BATCH - self._position % _PAGE

    def write(self, chunks: Sequence[bytes]) -> None:
        """Hash and write bytes."""
        for chunk in chunks:
            self.digest(chunk)
        self._store(memoryview(b"".join(chunks) if len(chunks) > 1 else chunks[0]))

    def store_pages(self, view: memoryview) -> None:
        """Write bytes that are already hashed, from a page-aligned buffer."""
        self._bypass(len(view) >= _LEAST and len(view) % _PAGE == 0 and self._position % _PAGE == 0)
        self._store(view)

    def digest(self, data: bytes | memoryview) -> None:
        """Hash bytes."""
        self._md5.update(data)
        self._crc = CRC64.calc(data, self._crc)

    def _store(self, view: memoryview) -> None:
        position = self._position
        # Move before the write, so that discard() also erases a partial write.
        self._position += len(view)
        while view:
            try:
                done = os.pwrite(self._fd, view, position)
            except OSError as error:
                if not self._bypasses or error.errno != errno.EINVAL:
                    raise
                # The disk requires another alignment, or a short write broke it.
                self._may_bypass = False
                self._bypass(False)
                continue
            position += done
            view = view[done:]

    def _bypass(self, wanted: bool) -> None:
        """Turn direct I/O on, if the file system supports it, or off."""
        wanted = wanted and self._may_bypass
        if wanted == self._bypasses:
            return
        try:
            # F_SETFL replaces all status flags; the file has no others.
            fcntl.fcntl(self._fd, fcntl.F_SETFL, os.O_DIRECT if wanted else 0)
        except OSError:
            wanted = self._may_bypass = False
        self._bypasses = wanted

    def finish(self) -> Received:
        """Make the bytes durable; return size and digests."""
        os.fdatasync(self._fd)
        self._entries.sync(self._path)
        return Received(self._position - self._offset, self._md5.hexdigest(), self._crc)

    def discard(self) -> None:
        """Erase the written bytes."""
        self._bypass(False)
        holes.erase(self._fd, self._offset, self._position - self._offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class Transfer:
    """Moves a body from its socket into a file. Its methods run in worker threads, one at a time.

    A thread of ``writers`` writes a full buffer while this thread reads and hashes the next one.
    """

    def __init__(self, body: DirectBody, open_writer: Callable[[], Writer], writers: Executor) -> None:
        self._body = body
        self._open = open_writer
        self._writers = writers
        self._writer: Writer | None = None

    def advance(self) -> Received | None:
        """Store the bytes that have arrived, and those that arrive meanwhile; return a result at the body's end."""
        if self._writer is None:
            self._writer = self._open()
        writer, buffers, taken = self._writer, cycle(_thread_buffers()), 0
        with _OverlappedWrite(self._writers) as pending:
            while self._body.left and taken < _TURN:
                buffer = next(buffers)[: writer.batch]
                filled = self._fill(writer, buffer)
                pending.wait()
                if filled == BATCH and self._body.left:
                    pending.begin(writer.store_pages, buffer)
                elif filled:
                    writer.store_pages(buffer[:filled])
                if filled < len(buffer) and self._body.left:
                    return None
                taken += filled
        return None if self._body.left else writer.finish()

    def _fill(self, writer: Writer, buffer: memoryview) -> int:
        """Read and hash until the buffer is full or no bytes are available; return the size."""
        filled = 0
        while filled < len(buffer) and self._body.left:
            size = self._read(buffer[filled : filled + _PIECE])
            if not size:
                break
            writer.digest(buffer[filled : filled + size])
            filled += size
        return filled

    def _read(self, piece: memoryview) -> int:
        """Read until the piece is full or no bytes are available; waits briefly for the first bytes only."""
        filled, waits = 0, _WAITS
        while filled < len(piece) and self._body.left:
            size = self._body.read_into(piece[filled:])
            filled += size
            if size:
                continue
            if filled or not waits:
                break
            waits -= 1
            time.sleep(_WAIT_SECONDS)
        return filled

    def discard(self) -> None:
        """Erase the written bytes."""
        if self._writer:
            self._writer.discard()

    def close(self) -> None:
        """Close the file."""
        if self._writer:
            self._writer.close()


class _OverlappedWrite:
    """At most one write in another thread, concurrent with reading and hashing."""

    def __init__(self, writers: Executor) -> None:
        self._writers = writers
        self._write: Future[None] | None = None

    def begin(self, write: Callable[[memoryview], None], view: memoryview) -> None:
        """Start a write; call :meth:`wait` for the previous one first."""
        self._write = self._writers.submit(write, view)

    def wait(self) -> None:
        """Wait for the write; re-raises its exception."""
        write, self._write = self._write, None
        if write:
            write.result()

    def __enter__(self) -> _OverlappedWrite:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()


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
    """Return this thread's page-aligned buffers: one to fill, one that is being written."""
    buffers: Sequence[memoryview] | None = getattr(_threads, "buffers", None)
    if buffers is None:
        buffers = _threads.buffers = [memoryview(mmap.mmap(-1, BATCH)) for _ in range(2)]
    return buffers
