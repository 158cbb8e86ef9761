"""Parts of uploads behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvod.adapters.sql.database import Database, Transaction
from openvod.storage.model import MultipartUpload, Part, StoredObject, UploadState
from support.server import run_async

_MIB = 1 << 20
_UPLOAD = MultipartUpload(
    upload_id="u", bucket="b", key="k", blob_id="f" * 32, headers={"Content-Type": "video/mp4"},
    storage_class="STANDARD", state=UploadState.OPEN, created_at=1_000.0, touched_at=1_000.0, stride=_MIB,
)  # fmt: skip
_PART = Part("u", 2, _MIB, "a" * 32, 2**64 - 1, "f" * 32, _MIB, 1_030.0)


def _added(database: Database, upload: MultipartUpload | None, part: Part, stride: int, touched_since: float) -> bool:
    if upload:
        run_async(database.write(lambda tx: tx.storage.put_upload(upload)))
    return run_async(database.write(lambda tx: tx.storage.add_part(part, stride, touched_since)))


def test_a_part_is_added_once(database: Database) -> None:
    """What is there stays; another number is another part."""
    assert _added(database, _UPLOAD, _PART, _MIB, 1_000.0)
    assert not _added(database, None, _PART._replace(etag="b" * 32), _MIB, 1_000.0)
    assert _added(database, None, _PART._replace(number=1, offset=0), _MIB, 1_000.0)
    parts = run_async(database.read(lambda tx: tx.storage.parts("u")))
    assert parts == [_PART._replace(number=1, offset=0), _PART]
    assert run_async(database.peek(lambda tx: tx.storage.slot("u", 2))) == (_UPLOAD, _PART)


@pytest.mark.parametrize(
    ("upload", "stride", "touched_since"),
    [
        (None, _MIB, 1_000.0),
        (replace(_UPLOAD, state=UploadState.COMPLETED), _MIB, 1_000.0),
        (replace(_UPLOAD, state=UploadState.REFUSED), _MIB, 1_000.0),
        (replace(_UPLOAD, upload_id="v"), _MIB, 1_000.0),
        (replace(_UPLOAD, stride=0), _MIB, 1_000.0),
        (_UPLOAD, 2 * _MIB, 1_000.0),
        (_UPLOAD, _MIB, 1_000.5),
    ],
)
def test_a_part_is_not_added(
    database: Database, upload: MultipartUpload | None, stride: int, touched_since: float
) -> None:
    """No such upload, one that has ended, another grid, or one whose age must be written too."""
    assert not _added(database, upload, _PART, stride, touched_since)
    assert run_async(database.read(lambda tx: tx.storage.parts("u"))) == []


def test_objects_come_in_pages(database: Database) -> None:
    """By the bytes of their keys, as COS and S3 list them, whatever a database's language; parts are counted."""
    keys = ["d/A", "d/B", "d/a b", "d/é", "d/中", "d/\U0001f600", "e/x"]

    def store(tx: Transaction) -> None:
        for key in reversed(keys):
            tx.storage.put_object(StoredObject("b", key, 1, "e", 0, {}, (), 1.0))
        tx.storage.put_object(StoredObject("c", "d/A", 1, "e", 0, {}, (), 1.0))

    def listed(after: str, limit: int) -> list[str]:
        page = run_async(database.read(lambda tx: tx.storage.objects_page("b", "d/", after, limit)))
        return [each.key for each in page]

    run_async(database.write(store))
    assert listed("", 10) == keys[:-1]
    assert listed("d/a b", 2) == keys[3:5]
    assert _added(database, _UPLOAD, _PART, _MIB, 1_000.0)
    assert run_async(database.read(lambda tx: (tx.storage.parts_count("u"), tx.storage.parts_count("v")))) == (1, 0)
