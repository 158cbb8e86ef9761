"""Files that processing made become objects: first the bytes, durably, then one transaction of the caller's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from openvod.base.errors import Conflict
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.storage.blobs import Blobs, Pieces, WorkingFiles
from openvod.storage.model import Blob, BlobState, Bucket, Extent, Received, StoredObject
from openvod.storage.ports import StorageTables, StorageTx
from openvod.storage.removal import remove_object


@dataclass(frozen=True)
class OutputFile:
    """A finished local file on its way to a key; ``headers`` keep wire names."""

    key: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Adopted:
    """Bytes on their way to a key that are in the store already, in the ledger as pending."""

    key: str
    headers: Mapping[str, str]
    blob_id: str
    received: Received


class OutputStore:
    """Takes finished files in. Works in any process that shares database and blob store with the server."""

    def __init__(
        self, uow: UnitOfWork[StorageTx], blobs: Blobs, working: WorkingFiles, clock: Clock, entropy: Entropy
    ) -> None:
        self._uow = uow
        self._blobs = blobs
        self._working = working
        self._clock = clock
        self._entropy = entropy

    async def adopt(self, files: Sequence[OutputFile]) -> Sequence[Adopted]:
        """Make every file a pending blob; on failure none stays."""
        ids = [new_hex(self._entropy, 32) for _ in files]
        now = self._clock.now()

        def enter(tx: StorageTx) -> None:
            for blob_id in ids:
                tx.storage.add_blob(Blob(blob_id, BlobState.PENDING, now))

        await self._uow.write(enter)
        try:
            return [
                Adopted(file.key, file.headers, blob_id, await self._adopted(blob_id, file.path))
                for file, blob_id in zip(files, ids, strict=True)
            ]
        except BaseException:
            await self._doom(ids)
            raise

    async def _adopted(self, blob_id: str, path: str) -> Received:
        if self._blobs.files:
            return await self._blobs.files.adopt(blob_id, path)
        size = await self._working.size(path)
        return await self._blobs.store.put(blob_id, Pieces(self._working.read(path)), length=size, limit=size)

    async def adopt_bytes(self, key: str, data: bytes, headers: Mapping[str, str]) -> Adopted:
        """Make bytes that are in memory a pending blob; on failure nothing of them stays."""
        blob_id = new_hex(self._entropy, 32)
        pending = Blob(blob_id, BlobState.PENDING, self._clock.now())
        await self._uow.write(lambda tx: tx.storage.add_blob(pending))
        try:
            received = await self._blobs.store.put(blob_id, Pieces(_once(data)), length=len(data), limit=len(data))
        except BaseException:
            await self._doom([blob_id])
            raise
        return Adopted(key, headers, blob_id, received)

    async def discard(self, adopted: Sequence[Adopted]) -> None:
        """Give back what will not be placed."""
        await self._doom([each.blob_id for each in adopted])

    async def _doom(self, ids: Sequence[str]) -> None:
        await self._uow.write(lambda tx: tx.storage.set_blob_state(ids, BlobState.DOOMED))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def place(
    tables: StorageTables, bucket: Bucket, adopted: Sequence[Adopted], now: float, *, published: bool = True
) -> None:
    """Make adopted files objects, in the transaction that records the result; replaced objects are doomed.

    Raises ``Conflict("storage.output_lost")`` when a start of the server has collected them in between; the caller
    makes them again.
    """
    for each in adopted:
        if tables.blob_state(each.blob_id) is not BlobState.PENDING:
            raise Conflict("storage.output_lost", "finished files were collected before they were placed; retry")
        remove_object(tables, bucket.name, each.key)
        received = each.received
        tables.put_object(
            StoredObject(
                bucket.name, each.key, received.size, received.md5, received.crc64, each.headers,
                (Extent(each.blob_id, 0, received.size),), now, published,
            )
        )  # fmt: skip
    tables.set_blob_state([each.blob_id for each in adopted], BlobState.LIVE)
