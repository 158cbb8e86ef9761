"""Use cases of finished objects: put, list, head, read, delete.

Order of every write: ledger row, bytes (durable), metadata transaction, answer. A crash between two of them leaves at
most bytes that the collector finds by the ledger, and never an acknowledged part without its bytes.

Every write names its upload session. The session's door is checked in the transaction that makes the object: it is open
until the session is committed, expires or loses its file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from openvod.base.errors import NotFound
from openvod.base.ports import Clock, UnitOfWork
from openvod.storage.adoption import adopt_object, check_overwrite, whole
from openvod.storage.blobs import Blobs
from openvod.storage.listing import Listing, ListQuery, list_objects
from openvod.storage.model import (
    BlobState,
    Bucket,
    Received,
    SessionRef,
    StoredObject,
    check_open,
    is_repetition,
    may_be_repeated,
)
from openvod.storage.ports import StorageTx
from openvod.storage.removal import remove_object
from openvod.storage.writing import BlobWriter, Incoming


class StorageService:
    """Objects over a blob store and its ledger."""

    def __init__(self, uow: UnitOfWork[StorageTx], blobs: Blobs, writer: BlobWriter, clock: Clock) -> None:
        self._uow = uow
        self._blobs = blobs
        self._writer = writer
        self._clock = clock

    async def put_object(
        self,
        session: SessionRef,
        bucket: str,
        key: str,
        headers: Mapping[str, str],
        incoming: Incoming,
        *,
        overwrite: bool = True,
    ) -> StoredObject:
        """Store a whole object; the last writer wins unless ``overwrite`` is false.

        After its session is closed the same bytes again answer as before; all else is
        ``Denied("storage.session_closed")``.
        """
        await self._uow.peek(lambda tx: self._check_admission(tx, session, bucket, key, incoming.length))
        async with self._writer.pending() as blob_id:
            received = await self._writer.receive(blob_id, incoming.within(0))
            stored = StoredObject(
                bucket, key, received.size, received.md5, received.crc64, headers,
                whole(blob_id, received.size), self._clock.now(),
            )  # fmt: skip

            def work(tx: StorageTx) -> StoredObject:
                return self._admitted(tx, session, stored, received, [blob_id], overwrite=overwrite)

            return await self._uow.write(work)

    def _check_admission(self, tx: StorageTx, session: SessionRef, bucket: str, key: str, length: int | None) -> None:
        """Refuse before a byte is read what can only be refused after the last one."""
        door, now = tx.uploads.door(session), self._clock.now()
        existing = tx.storage.object(bucket, key) if may_be_repeated(door, now) else None
        if existing is None or length not in (None, existing.size):
            check_open(door, bucket, key, now)

    def _admitted(
        self,
        tx: StorageTx,
        session: SessionRef,
        stored: StoredObject,
        received: Received,
        blob_ids: Sequence[str],
        *,
        overwrite: bool,
    ) -> StoredObject:
        """Create the object while its session is open; after that, accept only a repetition of the same bytes."""
        door, now = tx.uploads.door(session, lock=True), self._clock.now()
        existing = tx.storage.object(stored.bucket, stored.key) if may_be_repeated(door, now) else None
        check_overwrite(existing, overwrite=overwrite)
        if existing and is_repetition(existing, received):
            tx.storage.set_blob_state(blob_ids, BlobState.DOOMED)
            return existing
        check_open(door, stored.bucket, stored.key, now)
        adopt_object(tx.storage, stored, blob_ids, overwrite=overwrite)
        return stored

    async def list_objects(self, bucket: str, query: ListQuery, allows: Callable[[str], bool]) -> Listing:
        """Return a page of finished objects that ``allows`` lets be seen."""

        def work(tx: StorageTx) -> Listing:
            return list_objects(
                lambda after, limit: tx.storage.objects_page(bucket, query.prefix, after, limit), query, allows
            )

        return await self._uow.read(work)

    async def bucket(self, name: str) -> Bucket:
        """Return a bucket; ``NotFound("storage.bucket_unknown")``."""
        found = await self._uow.read(lambda tx: tx.storage.bucket(name))
        if found is None:
            raise NotFound("storage.bucket_unknown", f"bucket {name[:80]!r} does not exist")
        return found

    async def head(self, bucket: str, key: str) -> StoredObject:
        """Return a finished object, or raise ``NotFound("storage.object_unknown")``."""
        found = await self._uow.read(lambda tx: tx.storage.object(bucket, key))
        if found is None:
            raise NotFound("storage.object_unknown", f"no object has the key {key!r}")
        return found

    def read(self, stored: StoredObject, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes of an object from ``start``."""
        return self._blobs.read(stored.extents, start, length)

    def locate(self, blob_id: str) -> str | None:
        """Return the path of a blob's file; None when the store has no local files."""
        return self._blobs.files.locate(blob_id) if self._blobs.files else None

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object; a missing one is not an error."""
        await self._uow.write(lambda tx: remove_object(tx.storage, bucket, key))
