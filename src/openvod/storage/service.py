"""Use cases of the storage room: put, multipart, read, delete.

Order of every write: ledger row, bytes (durable), metadata transaction, answer. A crash between two of them leaves at
most bytes that the collector finds by the ledger; never an acknowledged part that is gone.

Every write names its upload session, whose door decides in the same transaction that makes the object: open until it is
committed, expired or its file deleted. Parts need no such question: whatever closes a session ends its open multipart
uploads with it.
"""

from __future__ import annotations

from asyncio import shield
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from openvod.base.errors import Conflict, Exhausted, Invalid, NotFound, OpenVodError
from openvod.base.identifiers import new_hex, new_upload_id
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.storage.listing import Listing, ListQuery, list_objects
from openvod.storage.model import (
    MAX_PART_NUMBER,
    MAX_PART_SIZE,
    Assembly,
    Blob,
    BlobState,
    Bucket,
    CompletedPart,
    Extent,
    MultipartUpload,
    Part,
    Received,
    SessionRef,
    StoredObject,
    UploadState,
    assemble,
    assemble_grid,
    check_open,
    digest_of_list,
    fits_grid,
    is_repetition,
    may_be_repeated,
)
from openvod.storage.placement import Placement, SlotBoard
from openvod.storage.ports import Body, LocalBlobStore, StorageTables, StorageTx

#: An upload's age counts in days; its row is not written for every part.
_TOUCH_SECONDS = 60.0
_UPLOADS_AT_ONCE = 1000
Check = Callable[[Received], None]


@dataclass(frozen=True)
class Incoming:
    """A request body on its way in. ``length`` is ``None`` for a chunked one; ``check`` refuses after reading.

    ``largest`` is what the whole object may have at most by its permission, ``None`` without a limit.
    """

    body: Body
    length: int | None
    limit: int = MAX_PART_SIZE
    check: Check = lambda received: None
    largest: int | None = None

    def within(self, taken: int) -> Incoming:
        """Return the same body, bounded by what the permission leaves after ``taken`` bytes."""
        return self if self.largest is None else replace(self, limit=min(self.limit, self.largest - taken))


class StorageService:
    """Objects and multipart uploads over a blob store and its ledger."""

    def __init__(self, uow: UnitOfWork[StorageTx], blobs: LocalBlobStore, clock: Clock, entropy: Entropy) -> None:
        self._uow = uow
        self._blobs = blobs
        self._clock = clock
        self._entropy = entropy
        self.slots = SlotBoard()

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
        async with self._pending_blob() as blob_id:
            received = await self._receive(blob_id, incoming.within(0))
            stored = StoredObject(
                bucket, key, received.size, received.md5, received.crc64, headers,
                _whole(blob_id, received.size), self._clock.now(),
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
        """Make the object while its session is open; afterwards recognise the one that is there."""
        door, now = tx.uploads.door(session, lock=True), self._clock.now()
        existing = tx.storage.object(stored.bucket, stored.key) if may_be_repeated(door, now) else None
        _check_overwrite(existing, overwrite=overwrite)
        if existing and is_repetition(existing, received):
            tx.storage.set_blob_state(blob_ids, BlobState.DOOMED)
            return existing
        check_open(door, stored.bucket, stored.key, now)
        _adopt_object(tx.storage, stored, blob_ids, overwrite=overwrite)
        return stored

    async def initiate(
        self,
        session: SessionRef,
        bucket: str,
        key: str,
        headers: Mapping[str, str],
        storage_class: str,
        *,
        overwrite: bool = True,
    ) -> MultipartUpload:
        """Open a multipart upload; ``Denied("storage.session_closed")``, ``Conflict("storage.object_exists")``."""
        now = self._clock.now()
        upload = MultipartUpload(
            upload_id=new_upload_id(self._entropy, now),
            bucket=bucket,
            key=key,
            blob_id=self._new_blob_id(),
            headers=headers,
            storage_class=storage_class,
            state=UploadState.OPEN,
            created_at=now,
            touched_at=now,
        )

        def work(tx: StorageTx) -> None:
            door, existing = tx.uploads.door(session, lock=True), tx.storage.object(bucket, key)
            _check_overwrite(existing, overwrite=overwrite)
            # Whose Commit's answer was lost may send it all again; Complete will see whether it is the same.
            if existing is None or not may_be_repeated(door, now):
                check_open(door, bucket, key, now)
            tx.storage.add_blob(Blob(upload.blob_id, BlobState.LIVE, now))
            tx.storage.put_upload(upload)

        await self._uow.write(work)
        return upload

    async def upload_part(self, bucket: str, key: str, upload_id: str, number: int, incoming: Incoming) -> Part:
        """Store one part where it will stay; an earlier one of that number is replaced."""
        if not 1 <= number <= MAX_PART_NUMBER:
            raise Invalid("storage.part_number", f"partNumber {number} must lie between 1 and {MAX_PART_NUMBER}")

        try:
            return await self._upload_part(bucket, key, upload_id, number, incoming)
        except Exhausted as error:
            if incoming.largest is not None and error.code == "storage.too_large":
                # It can never be completed, so nothing of it stays.
                await self._uow.write(lambda tx: _refuse(tx.storage, upload_id))
            raise

    async def _upload_part(self, bucket: str, key: str, upload_id: str, number: int, incoming: Incoming) -> Part:
        # The slot is claimed before the rows are read: a retry that read them first could write over bytes that
        # its twin had acknowledged in between.
        with self.slots.claim(upload_id, number) as claimed:
            bounded = incoming.largest is not None
            upload, existing, taken = await self._uow.peek(
                lambda tx: _part_slot(tx.storage, bucket, key, upload_id, number, bounded=bounded)
            )
            incoming = incoming.within(taken)
            stride = self.slots.stride(upload, number, incoming.length)
            if claimed and not _in_grid(existing, upload) and fits_grid(stride, number, incoming.length or 0):
                place = Placement(upload.blob_id, (number - 1) * stride, stride)
                part, replaced = await self._store_part(upload_id, number, incoming, place)
            else:
                async with self._pending_blob() as blob_id:
                    part, replaced = await self._store_part(upload_id, number, incoming, Placement(blob_id))
            if replaced and replaced.blob_id == upload.blob_id:
                await self._blobs.erase(replaced.blob_id, replaced.offset, replaced.size)
        return part

    async def _store_part(
        self, upload_id: str, number: int, incoming: Incoming, place: Placement
    ) -> tuple[Part, Part | None]:
        received = await self._receive(place.blob_id, incoming, place.offset)
        part = Part(
            upload_id, number, received.size, received.md5, received.crc64,
            place.blob_id, place.offset, self._clock.now(),
        )  # fmt: skip
        try:
            return part, await self._uow.write(lambda tx: _adopt_part(tx.storage, part, place, incoming.largest))
        except OpenVodError:
            await self._blobs.erase(place.blob_id, place.offset, received.size)
            raise

    async def complete(
        self,
        session: SessionRef,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[CompletedPart],
        *,
        overwrite: bool = True,
    ) -> MultipartUpload:
        """Make the object from its parts: one transaction, no byte moved, repeatable with the same list.

        Raises ``Denied("storage.session_closed")`` and ``Conflict("storage.object_exists")``, but not for a repetition.
        """
        if not parts:
            raise Invalid("storage.no_parts", "CompleteMultipartUpload lists no Part; list every PartNumber and ETag")
        digest = digest_of_list(parts)

        def work(tx: StorageTx) -> MultipartUpload:
            # The session before the upload, as a commit holds them.
            door = tx.uploads.door(session, lock=True)
            upload = _known_upload(tx.storage, bucket, key, upload_id, lock=True)
            if upload.state is UploadState.COMPLETED:
                if upload.parts_digest != digest:
                    raise NotFound("storage.upload_ended", "this UploadId was completed with another list of parts")
                return upload
            _opened(upload)
            blobs = {upload.blob_id}
            assembly = assemble_grid(parts, upload, tx.storage.grid_totals(upload))
            if assembly is None:
                stored = {p.number: p for p in tx.storage.parts(upload_id)}
                assembly = assemble(parts, stored)
                blobs |= {p.blob_id for p in stored.values()}
            now = self._clock.now()
            existing = tx.storage.object(bucket, key) if may_be_repeated(door, now) else None
            if existing and (existing.size, existing.crc64) == (assembly.size, assembly.crc64):
                _check_overwrite(existing, overwrite=overwrite)
                tx.storage.set_blob_state(blobs, BlobState.DOOMED)
                return _completed(tx.storage, upload, digest, existing.etag, existing.crc64, now)
            check_open(door, bucket, key, now)
            return _finish(tx.storage, upload, digest, assembly, blobs, now, overwrite=overwrite)

        return await self._uow.write(work)

    async def parts_count(self, bucket: str, key: str, upload_id: str) -> int:
        """Return how many parts a Complete could list; ``NotFound("storage.upload_unknown")``."""

        def work(tx: StorageTx) -> int:
            return tx.storage.parts_count(_known_upload(tx.storage, bucket, key, upload_id).upload_id)

        return await self._uow.peek(work)

    async def abort(self, bucket: str, key: str, upload_id: str) -> None:
        """Give up an open upload and doom its bytes."""

        def work(tx: StorageTx) -> None:
            upload = _known_upload(tx.storage, bucket, key, upload_id, lock=True)
            if upload.state is UploadState.REFUSED:
                tx.storage.delete_upload(upload_id)
                return
            doom_upload(tx.storage, _opened(upload))

        await self._uow.write(work)

    async def list_parts(
        self, bucket: str, key: str, upload_id: str, after: int, limit: int
    ) -> tuple[MultipartUpload, Sequence[Part]]:
        """Return an open upload and up to ``limit`` parts whose number is greater than ``after``."""

        def work(tx: StorageTx) -> tuple[MultipartUpload, Sequence[Part]]:
            return _open_upload(tx.storage, bucket, key, upload_id), tx.storage.parts(upload_id, after, limit)

        return await self._uow.read(work)

    async def list_uploads(
        self, bucket: str, prefix: str, key_marker: str, id_marker: str, limit: int
    ) -> Sequence[MultipartUpload]:
        """Return open uploads by key, then age."""
        return await self._uow.read(lambda tx: tx.storage.uploads_under(bucket, prefix, key_marker, id_marker, limit))

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

    def locate(self, blob_id: str) -> str:
        """Return the path of a blob's file."""
        return self._blobs.locate(blob_id)

    async def delete(self, bucket: str, key: str) -> None:
        """Delete an object; an absent one is no error."""
        await self._uow.write(lambda tx: remove_object(tx.storage, bucket, key))

    async def contiguous_path(self, bucket: str, key: str) -> str:
        """Return the path of a file with exactly the object's bytes, joining its extents first when it has several."""
        stored = await self.head(bucket, key)
        if len(stored.extents) == 1 and stored.extents[0].offset == 0:
            await self._blobs.keep_only(stored.extents[0].blob_id, stored.extents)
            return self._blobs.locate(stored.extents[0].blob_id)
        async with self._pending_blob() as blob_id:
            await self._blobs.join(blob_id, stored.extents)
            joined = replace(stored, extents=_whole(blob_id, stored.size))
            await self._uow.write(lambda tx: _swap_extents(tx.storage, stored, joined))
        return self._blobs.locate(blob_id)

    @asynccontextmanager
    async def _pending_blob(self) -> AsyncIterator[str]:
        """Enter a new blob in the ledger while the block writes it; doom it when the block fails."""
        blob_id = self._new_blob_id()
        pending = Blob(blob_id, BlobState.PENDING, self._clock.now())
        with self.slots.writing(blob_id):
            await self._uow.write(lambda tx: tx.storage.add_blob(pending))
            try:
                yield blob_id
            except BaseException:
                # Shielded: a cancelled request leaves no bytes behind either.
                await shield(self._discard(blob_id))
                raise

    async def _discard(self, blob_id: str) -> None:
        await self._uow.write(lambda tx: tx.storage.set_blob_state([blob_id], BlobState.DOOMED))
        await self._blobs.delete(blob_id)

    async def _receive(self, blob_id: str, incoming: Incoming, offset: int = 0) -> Received:
        received = await self._blobs.receive(
            blob_id, offset, incoming.body, length=incoming.length, limit=incoming.limit
        )
        try:
            incoming.check(received)
        except Exception:
            await self._blobs.erase(blob_id, offset, received.size)
            raise
        return received

    def _new_blob_id(self) -> str:
        return new_hex(self._entropy, 32)


def remove_object(tables: StorageTables, bucket: str, key: str) -> None:
    """Delete an object row and doom its blobs."""
    stored = tables.object(bucket, key)
    if stored:
        tables.delete_object(bucket, key)
        tables.set_blob_state({e.blob_id for e in stored.extents}, BlobState.DOOMED)


def remove_objects(tables: StorageTables, bucket: str, objects: Sequence[StoredObject]) -> None:
    """As :func:`remove_object`, for many of one bucket in a few statements: a stream has thousands of segments."""
    tables.delete_objects(bucket, [stored.key for stored in objects])
    tables.set_blob_state({e.blob_id for stored in objects for e in stored.extents}, BlobState.DOOMED)


def doom_uploads_under(tables: StorageTables, bucket: str, prefix: str) -> None:
    """End every open upload below ``prefix``."""
    while found := tables.uploads_under(bucket, prefix, "", "", _UPLOADS_AT_ONCE):
        for upload in found:
            doom_upload(tables, upload)


def doom_upload(tables: StorageTables, upload: MultipartUpload) -> None:
    """Delete an open upload and doom every blob that holds its bytes, those of a part that is arriving just now too."""
    if tables.upload(upload.upload_id, lock=True) is None:
        return
    blobs = {upload.blob_id} | {p.blob_id for p in tables.parts(upload.upload_id)}
    tables.set_blob_state(blobs, BlobState.DOOMED)
    tables.delete_upload(upload.upload_id)


def _refuse(tables: StorageTables, upload_id: str) -> None:
    """Doom the bytes of an upload that grew too large; its row says so to whoever goes on with it."""
    upload = tables.upload(upload_id, lock=True)
    if upload and upload.state is UploadState.OPEN:
        doom_upload(tables, upload)
        tables.put_upload(replace(upload, state=UploadState.REFUSED))


def _known_upload(
    tables: StorageTables, bucket: str, key: str, upload_id: str, *, lock: bool = False
) -> MultipartUpload:
    return _known(tables.upload(upload_id, lock=lock), bucket, key)


def _known(upload: MultipartUpload | None, bucket: str, key: str) -> MultipartUpload:
    if upload is None or (upload.bucket, upload.key) != (bucket, key):
        raise NotFound(
            "storage.upload_unknown", "this UploadId is unknown for this key (completed, aborted or expired)"
        )
    return upload


def _open_upload(
    tables: StorageTables, bucket: str, key: str, upload_id: str, *, lock: bool = False
) -> MultipartUpload:
    return _opened(_known_upload(tables, bucket, key, upload_id, lock=lock))


def _opened(upload: MultipartUpload) -> MultipartUpload:
    if upload.state is UploadState.REFUSED:
        raise Exhausted("storage.too_large", "the upload exceeds the bytes that its permission allows; send less")
    if upload.state is not UploadState.OPEN:
        raise NotFound("storage.upload_ended", "this UploadId was completed already")
    return upload


def _check_overwrite(existing: StoredObject | None, *, overwrite: bool) -> None:
    if existing and not overwrite:
        raise Conflict(
            "storage.object_exists", f"the key {existing.key!r} exists already and the request forbids to overwrite it"
        )


def _adopt_object(tables: StorageTables, stored: StoredObject, blob_ids: Sequence[str], *, overwrite: bool) -> None:
    existing = tables.object(stored.bucket, stored.key)
    _check_overwrite(existing, overwrite=overwrite)
    if existing:
        tables.set_blob_state({e.blob_id for e in existing.extents}, BlobState.DOOMED)
        stored = replace(stored, published=existing.published)
    tables.put_object(stored)
    tables.set_blob_state(blob_ids, BlobState.LIVE if stored.size else BlobState.DOOMED)


def _adopt_part(tables: StorageTables, part: Part, placement: Placement, largest: int | None) -> Part | None:
    """Make a received part the one that counts; return the part it replaced."""
    touched_since = part.modified_at - _TOUCH_SECONDS
    if placement.stride and largest is None and tables.add_part(part, placement.stride, touched_since):
        return None
    upload, replaced = tables.slot(part.upload_id, part.number, lock=True) or (None, None)
    if upload is None or upload.state is not UploadState.OPEN:
        raise NotFound("storage.upload_ended", "the upload was completed or aborted while this part was on its way")
    # Again under the lock: parts that arrived together each saw only those before them.
    if largest is not None and tables.parts_size(part.upload_id, but=part.number) + part.size > largest:
        raise Exhausted(
            "storage.too_large", f"the upload exceeds the {largest} bytes allowed here; send less", limit=largest
        )
    if replaced and (replaced.size, replaced.etag) == (part.size, part.etag):
        # The same bytes once more, after a lost answer: what is there stays, so the object remains one run.
        tables.set_blob_state({part.blob_id} - {upload.blob_id}, BlobState.DOOMED)
        return None
    tables.put_part(part)
    if part.blob_id != upload.blob_id:
        tables.set_blob_state([part.blob_id], BlobState.LIVE)
    if replaced and replaced.blob_id != upload.blob_id:
        tables.set_blob_state([replaced.blob_id], BlobState.DOOMED)
    stride = upload.stride or placement.stride
    if stride != upload.stride or upload.touched_at < touched_since:
        tables.touch_upload(upload.upload_id, part.modified_at, stride)
    return replaced


def _part_slot(
    tables: StorageTables, bucket: str, key: str, upload_id: str, number: int, *, bounded: bool
) -> tuple[MultipartUpload, Part | None, int]:
    """Return the upload, an earlier part of that number, and the bytes of the others when they count."""
    found, existing = tables.slot(upload_id, number) or (None, None)
    upload = _opened(_known(found, bucket, key))
    taken = tables.parts_size(upload_id, but=number) if bounded else 0
    return upload, existing, taken


def _in_grid(part: Part | None, upload: MultipartUpload) -> bool:
    return part is not None and part.blob_id == upload.blob_id


def _whole(blob_id: str, size: int) -> tuple[Extent, ...]:
    return (Extent(blob_id, 0, size),) if size else ()


def _finish(
    tables: StorageTables,
    upload: MultipartUpload,
    digest: str,
    assembly: Assembly,
    blobs: set[str],
    now: float,
    *,
    overwrite: bool,
) -> MultipartUpload:
    used = {e.blob_id for e in assembly.extents}
    finished = StoredObject(
        upload.bucket, upload.key, assembly.size, assembly.etag, assembly.crc64, upload.headers, assembly.extents, now
    )
    _adopt_object(tables, finished, sorted(used), overwrite=overwrite)
    tables.set_blob_state(blobs - used, BlobState.DOOMED)
    return _completed(tables, upload, digest, assembly.etag, assembly.crc64, now)


def _completed(
    tables: StorageTables, upload: MultipartUpload, digest: str, etag: str, crc64: int, now: float
) -> MultipartUpload:
    done = replace(upload, state=UploadState.COMPLETED, touched_at=now, parts_digest=digest, etag=etag, crc64=crc64)
    tables.put_upload(done)
    return done


def _swap_extents(tables: StorageTables, before: StoredObject, after: StoredObject) -> None:
    current = tables.object(before.bucket, before.key)
    if current is None or tuple(current.extents) != tuple(before.extents):
        raise Conflict("storage.object_changed", "the object changed while it was joined; try again")
    tables.put_object(replace(current, extents=after.extents))
    tables.set_blob_state({e.blob_id for e in before.extents}, BlobState.DOOMED)
    tables.set_blob_state({e.blob_id for e in after.extents}, BlobState.LIVE)
