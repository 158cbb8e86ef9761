"""Deleting files and parts of them, within a caller's transaction (``procedures-and-api.md`` 6.3, DeleteMedia).

Rows go at once and blobs are doomed; the storage room's collector frees their bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from openvod.events.codec import file_deleted
from openvod.events.model import EventState, NewEvent
from openvod.events.types import EventType
from openvod.kinds.names import PartType
from openvod.kinds.registry import MEDIA_KINDS, SubTaskKind
from openvod.media.layout import names_of
from openvod.media.model import MediaAsset
from openvod.media.outputs import Folder, original_folders, output_folder
from openvod.media.ports import LibraryTx
from openvod.storage.ports import StorageTables
from openvod.storage.removal import remove_objects


@dataclass(frozen=True)
class Part:
    """A part; ``definition`` is the template's id, 0 for all of the type."""

    type: PartType
    definition: int = 0


def delete_file(tx: LibraryTx, asset: MediaAsset, now: float) -> None:
    """Delete a file with its outputs, and add a FileDeleted event."""
    outputs = output_folder(tx.storage, asset)
    for folder in [*original_folders(tx.storage, asset), *([outputs] if outputs else [])]:
        _remove_under(tx.storage, folder)
    tx.media.delete_asset(asset.file_id)
    tx.tasks.release_quarantined(asset.file_id)
    # Until the probe ends NewFileUpload is held. Without a file nothing would release it and the events behind it.
    for held in tx.events.held(asset.file_id):
        tx.events.release(held.event_id, held.payload)
    _tell(tx, asset, (), now)


def delete_parts(tx: LibraryTx, asset: MediaAsset, parts: Sequence[Part], now: float) -> None:
    """Delete parts of a file, and add a FileDeleted event; missing parts are not an error."""
    for part in parts:
        asset = _without(tx, asset, part)
    tx.media.put_asset(replace(asset, updated_at=now))
    _tell(tx, asset, parts, now)


def _without(tx: LibraryTx, asset: MediaAsset, part: Part) -> MediaAsset:
    if part.type is PartType.ORIGINAL:
        return _without_original(tx, asset)
    for kind, declared in MEDIA_KINDS.items():
        if declared.deleted_with is not part.type:
            continue
        if not declared.sets_cover:
            _remove_outputs(tx, asset, kind, part.definition)
        elif not part.definition:
            # A made cover belongs to no single template of the part, so it goes with all of them.
            asset = _without_made_cover(tx, asset, kind)
    return asset


def _without_original(tx: LibraryTx, asset: MediaAsset) -> MediaAsset:
    """Delete what was uploaded, the cover too; one that processing made lies elsewhere and stays."""
    folders = original_folders(tx.storage, asset)
    for folder in folders:
        _remove_under(tx.storage, folder)
    uploaded = any(asset.cover_key.startswith(folder.prefix) for folder in folders)
    return replace(asset, has_original=False, cover_key="" if uploaded else asset.cover_key)


def _without_made_cover(tx: LibraryTx, asset: MediaAsset, kind: SubTaskKind) -> MediaAsset:
    _remove_outputs(tx, asset, kind, 0)
    folder = output_folder(tx.storage, asset)
    return replace(asset, cover_key="") if folder and asset.cover_key.startswith(folder.prefix) else asset


def _remove_outputs(tx: LibraryTx, asset: MediaAsset, kind: SubTaskKind, definition: int) -> None:
    tx.media.delete_outputs(asset.file_id, kind.value, definition)
    folder, names = output_folder(tx.storage, asset), names_of(kind, definition)
    if folder:
        found = tx.storage.objects_under(folder.bucket, folder.prefix)
        belonging = [each for each in found if names.fullmatch(each.key.removeprefix(folder.prefix))]
        remove_objects(tx.storage, folder.bucket, belonging)


def _remove_under(tables: StorageTables, folder: Folder) -> None:
    remove_objects(tables, folder.bucket, tables.objects_under(folder.bucket, folder.prefix))


def _tell(tx: LibraryTx, asset: MediaAsset, parts: Sequence[Part], now: float) -> None:
    payload = file_deleted(asset.file_id, [(part.type.value, part.definition) for part in parts])
    tx.events.add(NewEvent(asset.sub_app_id, EventType.FILE_DELETED, asset.file_id, payload, EventState.PENDING, now))
