"""What the storage room asks of a database and of a blob store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

from openvod.storage.model import (
    Blob,
    BlobState,
    Bucket,
    Door,
    Extent,
    GridTotals,
    MultipartUpload,
    Part,
    Quarantined,
    Received,
    SessionRef,
    StoredObject,
)


class DirectBody(Protocol):
    """A body that its reader takes from the connection itself. One reader, in one thread at a time."""

    @property
    def left(self) -> int:
        """Bytes that are still to come."""
        ...

    def read_into(self, buffer: memoryview) -> int:
        """Read what is there into ``buffer`` without waiting; 0 when nothing is. Raises ``ClientDisconnected``."""
        ...

    async def readable(self) -> None:
        """Wait for more bytes; raises ``Invalid`` when none come for too long."""
        ...


class Body(Protocol):
    """A request's body on its way in."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield its pieces."""
        ...

    def direct(self) -> DirectBody | None:
        """Return it for direct reading, ``None`` where that cannot be; call before any iteration."""
        ...


class BlobStore(Protocol):
    """Runs of bytes. What ``receive`` returned survives a crash."""

    async def receive(self, blob_id: str, offset: int, body: Body, *, length: int | None, limit: int) -> Received:
        """Write ``body`` at ``offset`` and make it durable.

        ``length`` is the announced size, ``None`` when unknown. Raises ``Invalid("storage.size_differs")`` when
        fewer or more bytes come and ``Exhausted("storage.too_large")`` past ``limit``; then nothing of it stays.
        """
        ...

    def read(self, extents: Sequence[Extent], start: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes from ``start`` of the run that ``extents`` form."""
        ...

    async def erase(self, blob_id: str, offset: int, length: int) -> None:
        """Give the space of a range back; what lies outside stays."""
        ...

    async def keep_only(self, blob_id: str, extents: Sequence[Extent]) -> int:
        """Erase everything of a blob outside ``extents``; return how many bytes that freed."""
        ...

    async def slack(self, blob_id: str, extents: Sequence[Extent]) -> int:
        """Return how many bytes :meth:`keep_only` would free; changes nothing."""
        ...

    async def delete(self, blob_id: str) -> None:
        """Delete a blob; nothing happens when it is absent."""
        ...

    async def set_aside(self, blob_id: str, now: float) -> None:
        """Put a blob into quarantine, out of :meth:`list`; nothing happens when it is absent."""
        ...

    async def take_back(self, blob_id: str) -> None:
        """Return a blob from quarantine."""
        ...

    async def quarantined(self) -> Sequence[Quarantined]:
        """Return what is in quarantine."""
        ...

    async def erase_quarantined(self, blob_id: str) -> None:
        """Delete a blob that is in quarantine."""
        ...

    async def join(self, blob_id: str, extents: Sequence[Extent]) -> None:
        """Copy ``extents`` one after another into the new blob ``blob_id``, durably."""
        ...

    async def list(self) -> Sequence[str]:
        """Return the ids of all blobs on disk."""
        ...


class LocalFiles(Protocol):
    """The ability of a blob store whose blobs are files of this machine; nothing else in the room knows of paths."""

    async def adopt(self, blob_id: str, path: str) -> Received:
        """Make the finished file at ``path`` a blob, durably and without copying it; the file stays where it is."""
        ...

    def locate(self, blob_id: str) -> str:
        """Return the path of a blob for programs that read files."""
        ...


class LocalBlobStore(BlobStore, LocalFiles, Protocol):
    """A blob store with local files."""


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
        """Delete many objects of a bucket; absent ones are no error."""
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
