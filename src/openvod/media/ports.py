"""What the media room asks of a database and of storage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from openvod.access.ports import AccessTables
from openvod.events.ports import EventTables
from openvod.media.model import MediaAsset, MediaOutput
from openvod.media.query import Found, MediaQuery
from openvod.storage.ports import StorageTables
from openvod.tasks.ports import TaskTables


class MediaTables(Protocol):
    """Rows of the media room inside one transaction."""

    def asset(self, file_id: str, *, lock: bool = False) -> MediaAsset | None:
        """Return one asset."""
        ...

    def put_asset(self, asset: MediaAsset) -> None:
        """Insert or replace."""
        ...

    def assets(self, sub_app_id: int, file_ids: Collection[str], now: float) -> Sequence[MediaAsset]:
        """Return an application's assets of these ids that have not expired, in any order."""
        ...

    def expired(self, now: float, limit: int) -> Sequence[MediaAsset]:
        """Return assets whose time has come, the earliest first."""
        ...

    def search(self, query: MediaQuery) -> Found:
        """Return how many assets match (at most :data:`openvod.media.query.REACHABLE`) and a page of them."""
        ...

    def delete_asset(self, file_id: str) -> None:
        """Delete an asset with its results; nothing happens when it is absent."""
        ...

    def put_output(self, output: MediaOutput) -> None:
        """Insert or replace a result."""
        ...

    def outputs(self, file_id: str) -> Sequence[MediaOutput]:
        """Return the results of a file, by kind and template."""
        ...

    def outputs_of(self, file_ids: Collection[str]) -> Sequence[MediaOutput]:
        """Return the results of several files, by file, kind and template."""
        ...

    def delete_outputs(self, file_id: str, kind: str, definition: int = 0) -> None:
        """Delete a file's results of a kind: of one template, or with 0 of all."""
        ...

    def unprobed(self, limit: int) -> Sequence[MediaAsset]:
        """Return assets that wait for a probe, oldest first."""
        ...


class MediaTx(Protocol):
    """A transaction over media assets and the outbox."""

    @property
    def media(self) -> MediaTables:
        """Media assets."""
        ...

    @property
    def events(self) -> EventTables:
        """The outbox."""
        ...


class StoredMediaTx(Protocol):
    """A transaction over media assets and where their bytes lie."""

    @property
    def media(self) -> MediaTables:
        """Media assets."""
        ...

    @property
    def storage(self) -> StorageTables:
        """Buckets and objects."""
        ...


class LibraryTx(MediaTx, StoredMediaTx, Protocol):
    """A transaction over everything that is known of files."""

    @property
    def access(self) -> AccessTables:
        """Categories."""
        ...

    @property
    def tasks(self) -> TaskTables:
        """Quarantined files."""
        ...


class Originals(Protocol):
    """Finds the bytes of an original."""

    def local_file(self, bucket: str, key: str) -> AbstractAsyncContextManager[str]:
        """Return the path of a file that holds exactly the object's bytes, valid until the block ends."""
        ...


class PictureReader(Protocol):
    """Reads untrusted pictures safely."""

    async def reencode(self, data: bytes) -> tuple[str, bytes]:
        """Re-encode a GIF, JPEG or PNG without its metadata; return its extension and the bytes.

        Raises ``Invalid("picture.unreadable")``; ``Unavailable("picture.failed")`` when the reader did not finish.
        """
        ...
