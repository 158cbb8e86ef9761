"""Making received bytes the object of a key, inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from openvod.base.errors import Conflict
from openvod.storage.model import BlobState, Extent, StoredObject
from openvod.storage.ports import StorageTables


def check_overwrite(existing: StoredObject | None, *, overwrite: bool) -> None:
    """Raise ``Conflict("storage.object_exists")`` when the request forbids to replace what is there."""
    if existing and not overwrite:
        raise Conflict(
            "storage.object_exists", f"the key {existing.key!r} exists already and the request forbids to overwrite it"
        )


def adopt_object(tables: StorageTables, stored: StoredObject, blob_ids: Sequence[str], *, overwrite: bool) -> None:
    """Make ``stored`` the object of its key; the blobs it replaces are doomed."""
    existing = tables.object(stored.bucket, stored.key)
    check_overwrite(existing, overwrite=overwrite)
    if existing:
        tables.set_blob_state({e.blob_id for e in existing.extents}, BlobState.DOOMED)
        stored = replace(stored, published=existing.published)
    tables.put_object(stored)
    tables.set_blob_state(blob_ids, BlobState.LIVE if stored.size else BlobState.DOOMED)


def whole(blob_id: str, size: int) -> tuple[Extent, ...]:
    """Return the extents of a blob that holds one object from its beginning; none for an empty object."""
    return (Extent(blob_id, 0, size),) if size else ()
