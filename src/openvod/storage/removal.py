"""Deleting objects and ending uploads inside a transaction: rows go at once, their blobs are doomed."""

from __future__ import annotations

from collections.abc import Sequence

from openvod.storage.model import BlobState, MultipartUpload, StoredObject
from openvod.storage.ports import StorageTables

_UPLOADS_AT_ONCE = 1000


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
