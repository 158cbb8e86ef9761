"""Blobs as files: ``blobs/<first two digits>/<blob id>``.

Worker threads hash and write bytes (both release the GIL) while the next batch arrives. An acknowledgement is sent
after fdatasync of the file and, once per file, fsync of the directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from openvod.adapters.filesystem import holes
from openvod.adapters.filesystem.folder import absolute, replace_file
from openvod.adapters.filesystem.incoming import DirectoryEntries, Transfer, Writer
from openvod.adapters.filesystem.quarantine import Quarantine
from openvod.base.errors import Exhausted, Invalid, Unavailable
from openvod.base.jobs import finished
from openvod.base.sizes import KIB, MIB
from openvod.storage.blobs import Blobs, Body, DirectBody
from openvod.storage.crc64 import CRC64
from openvod.storage.installation import Witness
from openvod.storage.model import Extent, Quarantined, Received

_READ = 256 * KIB
_IDENTITY = ".installation"
#: Bytes of a write on the fallback path, when a body cannot be read from its socket.
_GATHERED = 256 * KIB
R = TypeVar("R")


@contextmanager
def file_blobs(
    root: Path, threads: int = 4, reserve_bytes: int = 64 * MIB, *, direct_io: bool = True
) -> Iterator[Blobs]:
    """Open a :class:`FileBlobStore`, which implements every ability; its threads end with the block."""
    store = FileBlobStore(root, threads=threads, reserve_bytes=reserve_bytes, direct_io=direct_io)
    try:
        yield Blobs(store, offsets=store, ranges=store, files=store, quarantine=store)
    finally:
        store.close()


class FileBlobStore:
    """The blob store on a local file system. ``reserve_bytes`` of disk space stay free.

    ``direct_io``: fast bodies bypass the page cache (decision record 26).
    """

    def __init__(self, root: Path, *, threads: int = 4, reserve_bytes: int = 64 * MIB, direct_io: bool = True) -> None:
        self._root = absolute(root)
        self._reserve = reserve_bytes
        self._direct_io = direct_io
        self._entries = DirectoryEntries()
        self._quarantine = Quarantine(self._root)
        self._pool: Executor = ThreadPoolExecutor(threads, thread_name_prefix="blobs")
        self._writers: Executor = ThreadPoolExecutor(threads, thread_name_prefix="blob-writes")
        root.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """End the worker threads."""
        self._pool.shutdown(wait=True)
        self._writers.shutdown(wait=True)

    @property
    def root(self) -> str:
        """See :attr:`openvod.storage.blobs.LocalFiles.root`."""
        return str(self._root)

    def locate(self, blob_id: str) -> str:
        """See :meth:`openvod.storage.blobs.LocalFiles.locate`."""
        return str(self._path(blob_id))

    async def put(self, blob_id: str, body: Body, *, length: int | None, limit: int) -> Received:
        """See :meth:`openvod.storage.blobs.BlobStore.put`."""
        return await self.put_at(blob_id, 0, body, length=length, limit=limit)

    async def put_at(self, blob_id: str, offset: int, body: Body, *, length: int | None, limit: int) -> Received:
        """See :meth:`openvod.storage.blobs.WritesAtOffset.put_at`."""
        _check_limit(length or 0, limit)
        if direct := body.direct():
            return await self._receive_direct(direct, blob_id, offset, direct.left)
        writer = await self._run(Writer.open, self._path(blob_id), offset, length or 0, self._reserve, self._entries)
        try:
            await self._pump(writer, body, length, limit)
            return await self._run(writer.finish)
        except BaseException:
            # Shielded: a cancelled request must still erase its bytes.
            await asyncio.shield(self._run(writer.discard))
            raise
        finally:
            writer.close()

    async def _receive_direct(self, body: DirectBody, blob_id: str, offset: int, length: int) -> Received:
        """Let a worker thread read, hash and write the available bytes; wait for more on the event loop."""
        open_writer = partial(
            Writer.open, self._path(blob_id), offset, length, self._reserve, self._entries, direct_io=self._direct_io
        )
        transfer = Transfer(body, open_writer, self._writers)
        try:
            while (received := await finished(self._run(transfer.advance))) is None:
                await body.readable()
            return received
        except BaseException:
            # Shielded: a cancelled request must still erase its bytes.
            await asyncio.shield(self._run(transfer.discard))
            raise
        finally:
            transfer.close()

    async def _pump(self, writer: Writer, body: Body, length: int | None, limit: int) -> None:
        size, batch, pending = 0, 0, None
        chunks: list[bytes] = []
        try:
            async for chunk in body:
                size += len(chunk)
                if length is not None and size > length:
                    raise Invalid("storage.size_differs", f"the body has more than the announced {length} bytes")
                _check_limit(size, limit)
                chunks.append(chunk)
                batch += len(chunk)
                if batch >= _GATHERED:
                    if pending:
                        await pending
                    pending = self._run(writer.write, chunks)
                    chunks, batch = [], 0
        finally:
            if pending:
                await asyncio.shield(pending)
        if length is not None and size != length:
            raise Invalid("storage.size_differs", f"the body ended after {size} of {length} bytes; send it again")
        if chunks:
            await self._run(writer.write, chunks)

    async def read(self, blob_id: str, start: int, length: int) -> AsyncIterator[bytes]:
        """See :meth:`openvod.storage.blobs.BlobStore.read`."""
        fd = await self._run(os.open, self._path(blob_id), os.O_RDONLY | os.O_CLOEXEC)
        try:
            position, end = start, start + length
            while position < end:
                data = await self._run(os.pread, fd, min(_READ, end - position), position)
                if not data:
                    raise Unavailable("storage.blob_short", f"blob {blob_id} ends before its extent")
                position += len(data)
                yield data
        finally:
            os.close(fd)

    async def erase(self, blob_id: str, offset: int, length: int) -> None:
        """See :meth:`openvod.storage.blobs.ReclaimsRanges.erase`."""
        await self._run(_erase, self._path(blob_id), offset, length)

    async def keep_only(self, blob_id: str, extents: Sequence[Extent]) -> int:
        """See :meth:`openvod.storage.blobs.ReclaimsRanges.keep_only`."""
        return await self._run(_keep_only, self._path(blob_id), extents)

    async def slack(self, blob_id: str, extents: Sequence[Extent]) -> int:
        """See :meth:`openvod.storage.blobs.ReclaimsRanges.slack`."""
        return await self._run(_slack, self._path(blob_id), extents)

    async def set_aside(self, blob_id: str, now: float) -> None:
        """See :meth:`openvod.storage.blobs.Quarantine.set_aside`."""
        await self._run(self._quarantine.put, blob_id, self._path(blob_id), now)

    async def take_back(self, blob_id: str) -> None:
        """See :meth:`openvod.storage.blobs.Quarantine.take_back`."""
        await self._run(self._quarantine.take_back, blob_id, self._path(blob_id))

    async def quarantined(self) -> Sequence[Quarantined]:
        """See :meth:`openvod.storage.blobs.Quarantine.quarantined`."""
        return await self._run(self._quarantine.list)

    async def erase_quarantined(self, blob_id: str) -> None:
        """See :meth:`openvod.storage.blobs.Quarantine.erase_quarantined`."""
        await self._run(self._quarantine.erase, blob_id)

    def witness(self) -> Witness:
        """See :meth:`openvod.storage.blobs.BlobStore.witness`."""
        path = self._root / _IDENTITY
        identity = path.read_text(encoding="ascii").strip() if path.exists() else ""
        return Witness(identity, used=any(True for _ in self._root.glob("??/*")))

    def identify(self, installation_id: str) -> None:
        """See :meth:`openvod.storage.blobs.BlobStore.identify`."""
        replace_file(self._root / _IDENTITY, installation_id)

    async def delete(self, blob_id: str) -> None:
        """See :meth:`openvod.storage.blobs.BlobStore.delete`."""
        await self._run(lambda: self._path(blob_id).unlink(missing_ok=True))

    async def adopt(self, blob_id: str, path: str) -> Received:
        """See :meth:`openvod.storage.blobs.LocalFiles.adopt`."""
        return await self._run(_adopt, self._path(blob_id), Path(path), self._entries)

    async def join(self, blob_id: str, extents: Sequence[Extent]) -> None:
        """See :meth:`openvod.storage.blobs.LocalFiles.join`."""
        sources = [(self._path(e.blob_id), e.offset, e.length) for e in extents]
        await self._run(_join, self._path(blob_id), sources, self._entries)

    async def list(self) -> Sequence[str]:
        """See :meth:`openvod.storage.blobs.BlobStore.list`."""
        return await self._run(lambda: [p.name for p in self._root.glob("??/*")])

    def _path(self, blob_id: str) -> Path:
        return self._root / f"{blob_id[:2]}/{blob_id}"

    def _run(self, call: Callable[..., R], *arguments: object) -> asyncio.Future[R]:
        return asyncio.get_running_loop().run_in_executor(self._pool, _translating, call, *arguments)


def _translating(call: Callable[..., R], *arguments: object) -> R:
    try:
        return call(*arguments)
    except OSError as error:
        raise _translated(error) from error


def _check_limit(size: int, limit: int) -> None:
    if size > limit:
        raise Exhausted("storage.too_large", f"the body exceeds the limit of {limit} bytes; send less", limit=limit)


def _erase(path: Path, offset: int, length: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            holes.erase(fd, offset, length)
        finally:
            os.close(fd)


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
            freed += holes.erase_data(fd, position, extent.offset)
            position = max(position, extent.offset + extent.length)
        os.ftruncate(fd, max((e.offset + e.length for e in extents), default=0))
        return freed
    finally:
        os.close(fd)


def _slack(path: Path, extents: Sequence[Extent]) -> int:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    found = position = 0
    try:
        size = os.fstat(fd).st_size
        for extent in [*sorted(extents, key=lambda e: e.offset), Extent("", size, 0)]:
            found += holes.data_bytes(fd, position, extent.offset)
            position = max(position, extent.offset + extent.length)
        return found
    finally:
        os.close(fd)


def _adopt(path: Path, source: Path, entries: DirectoryEntries) -> Received:
    """Hard-link a file into the store: the producer can still read it, and a crash in between leaves both names."""
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
    _link_or_copy(source, path)
    entries.sync(path)
    return Received(size, md5.hexdigest(), crc)


def _link_or_copy(source: Path, path: Path) -> None:
    """Hard-link a file, or copy it durably when it is on another file system."""
    try:
        os.link(source, path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, path)
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fdatasync(fd)
        finally:
            os.close(fd)


def _join(path: Path, sources: Sequence[tuple[Path, int, int]], entries: DirectoryEntries) -> None:
    path.parent.mkdir(exist_ok=True)
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        for source_path, offset, length in sources:
            _append(target, source_path, offset, length)
        os.fdatasync(target)
    finally:
        os.close(target)
    entries.sync(path)


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


def _translated(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Exhausted("storage.disk_full", "the storage disk is full; free space or enlarge it, then retry")
    if error.errno == errno.ENOENT:
        return Unavailable("storage.blob_missing", "a blob's file is missing; check the data folder's integrity")
    return Unavailable("storage.io_error", f"the storage disk failed: {error.strerror or error!r}")
