"""Blobs as files: ``blobs/<first two digits>/<blob id>``.

Bytes are hashed and written in worker threads (hashing and writing free the interpreter's lock) while the next batch
arrives; an acknowledgement follows fdatasync, and fsync of the directory when the file is new.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import hashlib
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from openvod.base.errors import Exhausted, Invalid, Unavailable
from openvod.base.jobs import finished
from openvod.base.sizes import KIB, MIB
from openvod.storage.crc64 import CRC64
from openvod.storage.model import Extent, Received
from openvod.storage.ports import Body, DirectBody

_BATCH = 256 * KIB
_READ = 256 * KIB
#: A thread works on one body for so many bytes, then on another that waits.
_TURN = 16 * MIB
#: How often and how long it waits for a sender that is a little slower.
_MOMENTS, _MOMENT_SECONDS = 2, 0.0005
_PUNCH_HOLE = 0x02 | 0x01  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
R = TypeVar("R")


class FileBlobStore:
    """The blob store on a local file system. ``reserve_bytes`` of free space are never touched."""

    def __init__(self, root: Path, *, threads: int = 4, reserve_bytes: int = 64 * MIB) -> None:
        self._root = root
        self._reserve = reserve_bytes
        self._pool: Executor = ThreadPoolExecutor(threads, thread_name_prefix="blobs")
        root.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """End the worker threads."""
        self._pool.shutdown(wait=True)

    def locate(self, blob_id: str) -> str:
        """Return the file's path."""
        return str(self._path(blob_id))

    async def receive(self, blob_id: str, offset: int, body: Body, *, length: int | None, limit: int) -> Received:
        """See :meth:`openvod.storage.ports.BlobStore.receive`."""
        _check_limit(length or 0, limit)
        if direct := body.direct():
            return await self._receive_direct(direct, blob_id, offset, direct.left)
        writer = await self._run(_Writer.open, self._path(blob_id), offset, length or 0, self._reserve)
        try:
            await self._pump(writer, body, length, limit)
            return await self._run(writer.finish)
        except BaseException:
            # Shielded: a cancelled request must not leave its bytes behind.
            await asyncio.shield(self._run(writer.discard))
            raise
        finally:
            writer.close()

    async def _receive_direct(self, body: DirectBody, blob_id: str, offset: int, length: int) -> Received:
        """Let one worker thread read, hash and write what there is, and wait here for more."""
        transfer = _Transfer(body, self._path(blob_id), offset, length, self._reserve)
        try:
            while (received := await finished(asyncio.ensure_future(self._run(transfer.advance)))) is None:
                await body.readable()
            return received
        except BaseException:
            # Shielded: a cancelled request must not leave its bytes behind.
            await asyncio.shield(self._run(transfer.discard))
            raise
        finally:
            transfer.close()

    async def _pump(self, writer: _Writer, body: Body, length: int | None, limit: int) -> None:
        size, batch, pending = 0, 0, None
        chunks: list[bytes] = []
        try:
            async for chunk in body:
                size += len(chunk)
                if length is not None and size > length:
                    raise Invalid("cos.IncompleteBody", f"the body has more than the announced {length} bytes")
                _check_limit(size, limit)
                chunks.append(chunk)
                batch += len(chunk)
                if batch >= _BATCH:
                    if pending:
                        await pending
                    pending = asyncio.ensure_future(self._run(writer.write, chunks))
                    chunks, batch = [], 0
        finally:
            if pending:
                await asyncio.shield(pending)
        if length is not None and size != length:
            raise Invalid("cos.IncompleteBody", f"the body ended after {size} of {length} bytes; send it again")
        if chunks:
            await self._run(writer.write, chunks)

    async def read(self, extents: Sequence[Extent], start: int, length: int) -> AsyncIterator[bytes]:
        """See :meth:`openvod.storage.ports.BlobStore.read`."""
        for extent in _slice(extents, start, length):
            fd = await self._run(os.open, self._path(extent.blob_id), os.O_RDONLY | os.O_CLOEXEC)
            try:
                position, end = extent.offset, extent.offset + extent.length
                while position < end:
                    data = await self._run(os.pread, fd, min(_READ, end - position), position)
                    if not data:
                        raise Unavailable("storage.blob_short", f"blob {extent.blob_id} ends before its extent")
                    position += len(data)
                    yield data
            finally:
                os.close(fd)

    async def erase(self, blob_id: str, offset: int, length: int) -> None:
        """See :meth:`openvod.storage.ports.BlobStore.erase`."""
        await self._run(_erase, self._path(blob_id), offset, length)

    async def keep_only(self, blob_id: str, extents: Sequence[Extent]) -> int:
        """See :meth:`openvod.storage.ports.BlobStore.keep_only`."""
        return await self._run(_keep_only, self._path(blob_id), extents)

    async def delete(self, blob_id: str) -> None:
        """See :meth:`openvod.storage.ports.BlobStore.delete`."""
        await self._run(lambda: self._path(blob_id).unlink(missing_ok=True))

    async def adopt(self, blob_id: str, path: str) -> Received:
        """See :meth:`openvod.storage.ports.BlobStore.adopt`."""
        return await self._run(_adopt, self._path(blob_id), Path(path))

    async def join(self, blob_id: str, extents: Sequence[Extent]) -> None:
        """See :meth:`openvod.storage.ports.BlobStore.join`."""
        sources = [(self._path(e.blob_id), e.offset, e.length) for e in extents]
        await self._run(_join, self._path(blob_id), sources)

    async def list(self) -> Sequence[str]:
        """See :meth:`openvod.storage.ports.BlobStore.list`."""
        return await self._run(lambda: [p.name for p in self._root.glob("??/*")])

    def _path(self, blob_id: str) -> Path:
        return self._root / blob_id[:2] / blob_id

    async def _run(self, call: Callable[..., R], *arguments: object) -> R:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, partial(call, *arguments))
        except OSError as error:
            raise _translated(error) from error


class _Writer:
    """One body on its way into a file. Its methods run in worker threads, one at a time."""

    def __init__(self, fd: int, offset: int, new_entry: Path | None) -> None:
        self._fd = fd
        self._offset = offset
        self._position = offset
        self._new_entry = new_entry
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc = 0

    @classmethod
    def open(cls, path: Path, offset: int, length: int, reserve: int) -> _Writer:
        path.parent.mkdir(exist_ok=True)
        new = not path.exists()
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        status = os.fstatvfs(fd)
        if status.f_bavail * status.f_frsize < length + reserve:
            os.close(fd)
            raise Exhausted("storage.disk_full", "the storage disk is full; free space or enlarge it, then retry")
        return cls(fd, offset, path if new else None)

    def write(self, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            self._md5.update(chunk)
            self._crc = CRC64.calc(chunk, self._crc)
        self._store(memoryview(b"".join(chunks) if len(chunks) > 1 else chunks[0]))

    def write_view(self, view: memoryview) -> None:
        self._md5.update(view)
        self._crc = CRC64.calc(view, self._crc)
        self._store(view)

    def _store(self, view: memoryview) -> None:
        while view:
            done = os.pwrite(self._fd, view, self._position)
            self._position += done
            view = view[done:]

    def finish(self) -> Received:
        os.fdatasync(self._fd)
        if self._new_entry:
            _sync_directory(self._new_entry.parent)
            _sync_directory(self._new_entry.parent.parent)
        return Received(self._position - self._offset, self._md5.hexdigest(), self._crc)

    def discard(self) -> None:
        _erase_fd(self._fd, self._offset, self._position - self._offset)

    def close(self) -> None:
        os.close(self._fd)


class _Transfer:
    """A body on its way from its connection into a file. Its methods run in worker threads, one at a time."""

    def __init__(self, body: DirectBody, path: Path, offset: int, length: int, reserve: int) -> None:
        self._body = body
        self._target = (path, offset, length, reserve)
        self._writer: _Writer | None = None

    def advance(self) -> Received | None:
        """Take what is there, and what comes while that is worked on; the result once all came."""
        if self._writer is None:
            self._writer = _Writer.open(*self._target)
        buffer = _thread_buffer()
        taken = 0
        while self._body.left and taken < _TURN:
            filled = self._fill(buffer)
            if not filled:
                return None
            self._writer.write_view(buffer[:filled])
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
        if self._writer:
            self._writer.discard()

    def close(self) -> None:
        if self._writer:
            self._writer.close()


_threads = threading.local()


def _thread_buffer() -> memoryview:
    """Return this thread's buffer: small enough to stay in the processor's cache between reading and writing."""
    buffer: memoryview | None = getattr(_threads, "buffer", None)
    if buffer is None:
        buffer = _threads.buffer = memoryview(bytearray(_BATCH))
    return buffer


def _check_limit(size: int, limit: int) -> None:
    if size > limit:
        raise Exhausted(
            "cos.EntityTooLarge", f"the body exceeds the {limit} bytes allowed here; send less", limit=limit
        )


def _slice(extents: Iterable[Extent], start: int, length: int) -> list[Extent]:
    """Return the extents of ``length`` bytes from ``start`` of the run."""
    wanted: list[Extent] = []
    for extent in extents:
        skip = min(start, extent.length)
        take = min(extent.length - skip, length)
        start -= skip
        length -= take
        if take:
            wanted.append(Extent(extent.blob_id, extent.offset + skip, take))
    return wanted


def _erase(path: Path, offset: int, length: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            _erase_fd(fd, offset, length)
        finally:
            os.close(fd)


def _erase_fd(fd: int, offset: int, length: int) -> None:
    """Give the blocks back. The length stays: another part may be growing the same file at this moment."""
    if length <= 0:
        return
    if _libc.fallocate(fd, _PUNCH_HOLE, offset, length) != 0:
        code = ctypes.get_errno()
        if code not in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise OSError(code, os.strerror(code))
        _overwrite_with_zeros(fd, offset, length)


def _overwrite_with_zeros(fd: int, offset: int, length: int) -> None:
    zeros = bytes(min(length, MIB))
    for position in range(offset, offset + length, len(zeros)):
        os.pwrite(fd, zeros[: offset + length - position], position)


def _keep_only(path: Path, extents: Sequence[Extent]) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    freed = 0
    try:
        size = os.fstat(fd).st_size
        position = 0
        for extent in [*sorted(extents, key=lambda e: e.offset), Extent("", size, 0)]:
            freed += _erase_data(fd, position, extent.offset)
            position = max(position, extent.offset + extent.length)
        os.ftruncate(fd, max((e.offset + e.length for e in extents), default=0))
        return freed
    finally:
        os.close(fd)


def _erase_data(fd: int, start: int, end: int) -> int:
    """Erase what is stored in ``[start, end)``; holes and blocks shared with what stays cost and count nothing."""
    block = os.fstat(fd).st_blksize
    start, end = -(-start // block) * block, end // block * block
    found = 0
    position = start
    while position < end:
        try:
            data = os.lseek(fd, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break
            raise
        if data >= end:
            break
        hole = min(os.lseek(fd, data, os.SEEK_HOLE), end)
        found += hole - data
        position = hole
    if found:
        _erase_fd(fd, start, end - start)
    return found


def _adopt(path: Path, source: Path) -> Received:
    """A second name for the same bytes: whoever made them can still read them, a crash between leaves both names."""
    md5, crc, size = hashlib.md5(usedforsecurity=False), 0, 0
    fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while data := os.read(fd, MIB):
            md5.update(data)
            crc = CRC64.calc(data, crc)
            size += len(data)
        os.fsync(fd)
    finally:
        os.close(fd)
    path.parent.mkdir(exist_ok=True)
    os.link(source, path)
    _sync_directory(path.parent)
    return Received(size, md5.hexdigest(), crc)


def _join(path: Path, sources: Sequence[tuple[Path, int, int]]) -> None:
    path.parent.mkdir(exist_ok=True)
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        for source_path, offset, length in sources:
            _append(target, source_path, offset, length)
        os.fdatasync(target)
    finally:
        os.close(target)
    _sync_directory(path.parent)


def _append(target: int, source_path: Path, offset: int, length: int) -> None:
    source = os.open(source_path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while length:
            data = os.pread(source, min(length, MIB), offset)
            if not data:
                raise OSError(errno.EIO, "a blob ends before its extent")
            os.write(target, data)
            offset += len(data)
            length -= len(data)
    finally:
        os.close(source)


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _translated(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Exhausted("storage.disk_full", "the storage disk is full; free space or enlarge it, then retry")
    if error.errno == errno.ENOENT:
        return Unavailable("storage.blob_missing", "a blob's file is missing; check the data folder's integrity")
    return Unavailable("storage.io_error", f"the storage disk answered {error.strerror or error!r}")
