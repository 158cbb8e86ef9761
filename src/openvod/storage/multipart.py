"""Use cases of multipart uploads: initiate, upload a part, complete, abort, list.

A store that writes at offsets keeps all parts of an upload in one blob, as a grid; other stores keep one blob per part.
Either way Complete moves no byte. Parts do not ask for their session: whatever closes a session also ends its open
multipart uploads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from openvod.base.errors import Exhausted, Invalid, NotFound, OpenVodError
from openvod.base.identifiers import new_upload_id
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.storage.adoption import adopt_object, check_overwrite
from openvod.storage.blobs import Blobs, WritesAtOffset
from openvod.storage.model import (
    MAX_PART_NUMBER,
    Assembly,
    Blob,
    BlobState,
    CompletedPart,
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
    may_be_repeated,
)
from openvod.storage.placement import Placement
from openvod.storage.ports import StorageTables, StorageTx
from openvod.storage.removal import doom_upload
from openvod.storage.writing import BlobWriter, Incoming

#: Seconds between updates of an upload's last-use time; its age counts in days, so not every part writes the row.
_TOUCH_SECONDS = 60.0


class MultipartService:
    """Multipart uploads over a blob store and its ledger."""

    def __init__(
        self, uow: UnitOfWork[StorageTx], blobs: Blobs, writer: BlobWriter, clock: Clock, entropy: Entropy
    ) -> None:
        self._uow = uow
        self._blobs = blobs
        self._writer = writer
        self._clock = clock
        self._entropy = entropy

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
            blob_id=self._writer.new_id(),
            headers=headers,
            storage_class=storage_class,
            state=UploadState.OPEN,
            created_at=now,
            touched_at=now,
        )

        def work(tx: StorageTx) -> None:
            door, existing = tx.uploads.door(session, lock=True), tx.storage.object(bucket, key)
            check_overwrite(existing, overwrite=overwrite)
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
        with self._writer.slots.claim(upload_id, number) as claimed:
            bounded = incoming.largest is not None
            upload, existing, taken = await self._uow.peek(
                lambda tx: _part_slot(tx.storage, bucket, key, upload_id, number, bounded=bounded)
            )
            incoming = incoming.within(taken)
            stride = self._writer.slots.stride(upload, number, incoming.length)
            in_grid = claimed and not _in_grid(existing, upload) and fits_grid(stride, number, incoming.length or 0)
            if in_grid and self._blobs.offsets:
                place = Placement(upload.blob_id, (number - 1) * stride, stride)
                part, replaced = await self._store_in_grid(self._blobs.offsets, upload_id, number, incoming, place)
            else:
                part, replaced = await self._store_apart(upload_id, number, incoming)
            if replaced and replaced.blob_id == upload.blob_id:
                await self._writer.erase(replaced.blob_id, replaced.offset, replaced.size)
        return part

    async def _store_in_grid(
        self, offsets: WritesAtOffset, upload_id: str, number: int, incoming: Incoming, place: Placement
    ) -> tuple[Part, Part | None]:
        """Write a part into its range of the upload's blob; return it and the part it replaced."""
        received = await self._writer.receive_at(offsets, place.blob_id, place.offset, incoming)
        part = self._part(upload_id, number, received, place)
        try:
            return part, await self._uow.write(lambda tx: _adopt_part(tx.storage, part, place, incoming.largest))
        except OpenVodError:
            await self._writer.erase(place.blob_id, place.offset, received.size)
            raise

    async def _store_apart(self, upload_id: str, number: int, incoming: Incoming) -> tuple[Part, Part | None]:
        """Write a part into a blob of its own; return it and the part it replaced."""
        async with self._writer.pending() as blob_id:
            received = await self._writer.receive(blob_id, incoming)
            place = Placement(blob_id)
            part = self._part(upload_id, number, received, place)
            return part, await self._uow.write(lambda tx: _adopt_part(tx.storage, part, place, incoming.largest))

    def _part(self, upload_id: str, number: int, received: Received, place: Placement) -> Part:
        return Part(
            upload_id, number, received.size, received.md5, received.crc64,
            place.blob_id, place.offset, self._clock.now(),
        )  # fmt: skip

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
                check_overwrite(existing, overwrite=overwrite)
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


def _refuse(tables: StorageTables, upload_id: str) -> None:
    """Doom the bytes of an upload that grew too large; its row makes further requests fail with the same error."""
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
    # A copy of the bytes in the upload's own blob is better than the one in a blob apart: the object becomes one run.
    moves_home = replaced is not None and part.blob_id == upload.blob_id != replaced.blob_id
    if replaced and (replaced.size, replaced.etag) == (part.size, part.etag) and not moves_home:
        # The client repeats a part after a lost answer: keep the bytes that are there, so the object stays one run.
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
    adopt_object(tables, finished, sorted(used), overwrite=overwrite)
    tables.set_blob_state(blobs - used, BlobState.DOOMED)
    return _completed(tables, upload, digest, assembly.etag, assembly.crc64, now)


def _completed(
    tables: StorageTables, upload: MultipartUpload, digest: str, etag: str, crc64: int, now: float
) -> MultipartUpload:
    done = replace(upload, state=UploadState.COMPLETED, touched_at=now, parts_digest=digest, etag=etag, crc64=crc64)
    tables.put_upload(done)
    return done
