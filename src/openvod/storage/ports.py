"""What the storage room asks of a database; what it asks of a blob store is in :mod:`openvod.storage.blobs`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from openvod.storage.model import (
    Blob,
    BlobState,
    Bucket,
    Door,
    GridTotals,
    MultipartUpload,
    Part,
    SessionRef,
    StoredObject,
)


class StorageTables(Protocol):
    """Rows of the storage room inside one transaction."""

    def bucket(self, name: str) -> Bucket | None:
        """Return a bucket by its full name."""
        ...

    def bucket_for(self, sub_app_id: int, region: str, purpose: str = "upload") -> Bucket | None:
        """Return the bucket of an application in a region: the one for uploads, or the one for outputs."""
        ...

    def buckets(self, sub_app_id: int) -> Sequence[Bucket]:
        """Return an application's buckets."""
        ...

    def bucket_by_short_name(self, short_name: str) -> Bucket | None:
        """Return a bucket by the name that paths use."""
        ...

    def add_bucket(self, bucket: Bucket) -> Bucket:
        """Insert, unless another transaction was faster; return the bucket of that application, region and purpose."""
        ...

    def add_blob(self, blob: Blob) -> None:
        """Insert a ledger row."""
        ...

    def set_blob_state(self, blob_ids: Iterable[str], state: BlobState) -> None:
        """Change ledger rows."""
        ...

    def blob_state(self, blob_id: str) -> BlobState | None:
        """Return the state of one ledger row."""
        ...

    def blobs(self, state: BlobState | None = None) -> Sequence[Blob]:
        """Return ledger rows, optionally of one state."""
        ...

    def delete_blobs(self, blob_ids: Iterable[str]) -> None:
        """Delete ledger rows."""
        ...

    def object(self, bucket: str, key: str) -> StoredObject | None:
        """Return a finished object."""
        ...

    def objects_under(self, bucket: str, prefix: str) -> Sequence[StoredObject]:
        """Return the finished objects whose key starts with ``prefix``."""
        ...

    def objects_page(self, bucket: str, prefix: str, after: str, limit: int) -> Sequence[StoredObject]:
        """Return up to ``limit`` objects whose key starts with ``prefix``, by key, after the key ``after``."""
        ...

    def put_object(self, stored: StoredObject) -> None:
        """Insert or replace."""
        ...

    def publish_under(self, bucket: str, prefix: str, *, published: bool = True) -> None:
        """Make the objects below ``prefix`` visible to playback, or hide them."""
        ...

    def delete_object(self, bucket: str, key: str) -> None:
        """Delete."""
        ...

    def delete_objects(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete objects of a bucket; missing ones are not an error."""
        ...

    def objects_after(self, bucket: str, key: str, limit: int) -> Sequence[StoredObject]:
        """Return up to ``limit`` objects of all buckets, in order of bucket and key, after the one named."""
        ...

    def all_objects(self) -> Sequence[StoredObject]:
        """Return every object (for the checker)."""
        ...

    def upload(self, upload_id: str, *, lock: bool = False) -> MultipartUpload | None:
        """Return a multipart upload; ``lock`` keeps other writers out until the transaction ends."""
        ...

    def uploads_under(
        self, bucket: str, prefix: str, key_marker: str, id_marker: str, limit: int
    ) -> Sequence[MultipartUpload]:
        """Return open uploads by key, then id, after the markers."""
        ...

    def put_upload(self, upload: MultipartUpload) -> None:
        """Insert or replace."""
        ...

    def touch_upload(self, upload_id: str, moment: float, stride: int) -> None:
        """Note that an upload was worked on, and its grid."""
        ...

    def uploads_idle_since(self, moment: float, limit: int) -> Sequence[MultipartUpload]:
        """Return uploads of any state untouched since ``moment``."""
        ...

    def open_uploads(self) -> Sequence[MultipartUpload]:
        """Return every open upload."""
        ...

    def delete_upload(self, upload_id: str) -> None:
        """Delete an upload and its parts."""
        ...

    def part(self, upload_id: str, number: int) -> Part | None:
        """Return one acknowledged part."""
        ...

    def slot(self, upload_id: str, number: int, *, lock: bool = False) -> tuple[MultipartUpload, Part | None] | None:
        """Return an upload and, if it was acknowledged, the part of that number; ``lock`` holds the upload."""
        ...

    def parts(self, upload_id: str, after: int = 0, limit: int = 10_000) -> Sequence[Part]:
        """Return acknowledged parts by number."""
        ...

    def parts_count(self, upload_id: str) -> int:
        """Return how many acknowledged parts there are."""
        ...

    def parts_size(self, upload_id: str, *, but: int) -> int:
        """Return the bytes of all acknowledged parts except one number's."""
        ...

    def grid_totals(self, upload: MultipartUpload) -> GridTotals:
        """Sum an upload's parts up."""
        ...

    def add_part(self, part: Part, stride: int, touched_since: float) -> bool:
        """Insert a part whose number is new, of an open upload with that grid which was touched since that moment.

        False, with nothing changed, when any of this is not so. The upload is held as by :meth:`slot`.
        """
        ...

    def put_part(self, part: Part) -> None:
        """Insert or replace."""
        ...


class SessionDoors(Protocol):
    """What the storage room asks of upload sessions, which are another room's."""

    def door(self, session: SessionRef, *, lock: bool = False) -> Door | None:
        """Return what a session lets in; ``lock`` keeps it from being committed until the transaction ends."""
        ...


class StorageTx(Protocol):
    """A transaction that reaches the storage tables."""

    @property
    def uploads(self) -> SessionDoors:
        """Upload sessions, as far as writes depend on them."""
        ...

    @property
    def storage(self) -> StorageTables:
        """The storage room's tables."""
        ...
