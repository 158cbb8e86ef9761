"""Where outputs go: a bucket of their own per application and region (``procedures-and-api.md`` 9)."""

from __future__ import annotations

from openvod.access.model import STORAGE_APP_ID, StorageRegion
from openvod.base.identifiers import new_hex
from openvod.base.ports import Entropy
from openvod.storage.model import Bucket
from openvod.storage.ports import StorageTables

PURPOSE = "output"


def output_bucket(tables: StorageTables, entropy: Entropy, sub_app_id: int, region: str) -> Bucket:
    """Return the bucket of an application's outputs in a region, made when it is first needed."""
    found = tables.bucket_for(sub_app_id, region, PURPOSE)
    if found:
        return found
    tag = StorageRegion(region, True, False).short_name
    short = f"{new_hex(entropy, 8)}vodtrans{tag}{sub_app_id}"
    return tables.add_bucket(Bucket(f"{short}-{STORAGE_APP_ID}", short, sub_app_id, region, PURPOSE))
