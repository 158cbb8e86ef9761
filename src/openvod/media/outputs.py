"""Where a file's bytes lie: uploads, and outputs in a bucket of their own (``procedures-and-api.md`` 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from openvod.access.model import STORAGE_APP_ID, StorageRegion
from openvod.base.identifiers import new_hex
from openvod.base.ports import Entropy
from openvod.media.model import FORBIDDEN, NORMAL, MediaAsset
from openvod.media.ports import StoredMediaTx
from openvod.storage.model import Bucket
from openvod.storage.ports import StorageTables

PURPOSE = "output"
#: Pictures and documents of reviews, inside the folder of outputs; never published.
EVIDENCE = "review"


class Folder(NamedTuple):
    """All keys of a bucket that begin with ``prefix``, which ends with a slash."""

    bucket: str
    prefix: str


def output_bucket(tables: StorageTables, entropy: Entropy, sub_app_id: int, region: str) -> Bucket:
    """Return the bucket of an application's outputs in a region, made when it is first needed."""
    found = tables.bucket_for(sub_app_id, region, PURPOSE)
    if found:
        return found
    tag = StorageRegion(region, True, False).short_name
    short = f"{new_hex(entropy, 8)}vodtrans{tag}{sub_app_id}"
    return tables.add_bucket(Bucket(f"{short}-{STORAGE_APP_ID}", short, sub_app_id, region, PURPOSE))


def output_folder(tables: StorageTables, asset: MediaAsset) -> Folder | None:
    """Return where a file's outputs lie, ``None`` before its application has any."""
    bucket = tables.bucket_for(asset.sub_app_id, asset.region, PURPOSE)
    return Folder(bucket.name, f"{bucket.short_name}/{asset.directory}/") if bucket else None


def original_folders(tables: StorageTables, asset: MediaAsset) -> list[Folder]:
    """Return where what was uploaded lies: the media, and a cover that came later has a folder of its own."""
    folders = [Folder(asset.bucket, _folder_of(asset.media_key))]
    cover = tables.bucket_by_short_name(asset.cover_key.partition("/")[0]) if asset.cover_key else None
    if cover and cover.purpose != PURPOSE:
        folders.append(Folder(cover.name, _folder_of(asset.cover_key)))
    return list(dict.fromkeys(folders))


def forbid(tx: StoredMediaTx, asset: MediaAsset, now: float) -> None:
    """Take a file out of playback: its original, its cover and everything made of it."""
    tx.media.put_asset(replace(asset, status=FORBIDDEN, updated_at=now))
    _publish(tx.storage, asset, published=False)


def recover(tx: StoredMediaTx, asset: MediaAsset, now: float) -> None:
    """Give a forbidden file back to playback; evidence of reviews stays behind its signed addresses."""
    tx.media.put_asset(replace(asset, status=NORMAL, updated_at=now))
    _publish(tx.storage, asset, published=True)


def _publish(tables: StorageTables, asset: MediaAsset, *, published: bool) -> None:
    outputs = output_folder(tables, asset)
    for folder in [*original_folders(tables, asset), *([outputs] if outputs else [])]:
        tables.publish_under(folder.bucket, folder.prefix, published=published)
    if outputs:
        tables.publish_under(outputs.bucket, f"{outputs.prefix}{EVIDENCE}/", published=False)


def _folder_of(key: str) -> str:
    return key.rpartition("/")[0] + "/"
