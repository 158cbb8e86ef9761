"""Parts of uploads behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvod.adapters.sql.database import Database
from openvod.storage.model import MultipartUpload, Part, UploadState
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
