"""Objects as local files, for programs that read paths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from openvod.base.errors import Conflict
from openvod.base.ports import UnitOfWork
from openvod.storage.adoption import whole
from openvod.storage.blobs import Blobs, LocalFiles, WorkingFiles
from openvod.storage.model import BlobState, StoredObject
from openvod.storage.ports import StorageTables, StorageTx
from openvod.storage.service import StorageService
from openvod.storage.writing import BlobWriter


class ObjectFiles:
    """Gives the path of an object's bytes: its own file where the store has local files, otherwise a copy."""

    def __init__(
        self,
        uow: UnitOfWork[StorageTx],
        objects: StorageService,
        blobs: Blobs,
        writer: BlobWriter,
        working: WorkingFiles,
    ) -> None:
        self._uow = uow
        self._objects = objects
        self._blobs = blobs
        self._writer = writer
        self._working = working

    @asynccontextmanager
    async def local_file(self, bucket: str, key: str) -> AsyncIterator[str]:
        """Return the path of a file with exactly the object's bytes, valid until the block ends.

        Raises ``NotFound("storage.object_unknown")``.
        """
        stored = await self._objects.head(bucket, key)
        if self._blobs.files:
            yield await self._own_file(self._blobs.files, stored)
            return
        async with self._working.hold(self._blobs.read(stored.extents, 0, stored.size)) as path:
            yield path

    async def _own_file(self, files: LocalFiles, stored: StoredObject) -> str:
        """Return the object's only file; several extents are joined first, and stay joined."""
        if await self._is_whole_file(files, stored):
            return files.locate(stored.extents[0].blob_id)
        async with self._writer.pending() as blob_id:
            await files.join(blob_id, stored.extents)
            joined = replace(stored, extents=whole(blob_id, stored.size))
            await self._uow.write(lambda tx: _swap_extents(tx.storage, stored, joined))
        return files.locate(blob_id)

    async def _is_whole_file(self, files: LocalFiles, stored: StoredObject) -> bool:
        """Return whether a blob's file has exactly the object's bytes; trailing bytes are truncated where possible."""
        if len(stored.extents) != 1 or stored.extents[0].offset:
            return False
        blob_id = stored.extents[0].blob_id
        if self._blobs.ranges:
            await self._blobs.ranges.keep_only(blob_id, stored.extents)
            return True
        return await self._working.size(files.locate(blob_id)) == stored.size


def _swap_extents(tables: StorageTables, before: StoredObject, after: StoredObject) -> None:
    current = tables.object(before.bucket, before.key)
    if current is None or tuple(current.extents) != tuple(before.extents):
        raise Conflict("storage.object_changed", "the object changed while it was joined; try again")
    tables.put_object(replace(current, extents=after.extents))
    tables.set_blob_state({e.blob_id for e in before.extents}, BlobState.DOOMED)
    tables.set_blob_state({e.blob_id for e in after.extents}, BlobState.LIVE)
