"""What the media room asks of a database and of storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from openvod.events.ports import EventTables
from openvod.media.model import MediaAsset, MediaOutput


class MediaTables(Protocol):
    """Rows of the media room inside one transaction."""

    def asset(self, file_id: str, *, lock: bool = False) -> MediaAsset | None:
        """Return one asset."""
        ...

    def put_asset(self, asset: MediaAsset) -> None:
        """Insert or replace."""
        ...

    def put_output(self, output: MediaOutput) -> None:
        """Insert or replace a result."""
        ...

    def outputs(self, file_id: str) -> Sequence[MediaOutput]:
        """Return the results of a file, by kind and template."""
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


class Originals(Protocol):
    """Finds the bytes of an original."""

    async def contiguous_path(self, bucket: str, key: str) -> str:
        """Return the path of a file that holds exactly the object's bytes."""
        ...
