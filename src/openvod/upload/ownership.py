"""The owner of an object: an open session, a file (uploads and outputs), or a watermark template."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openvod.kinds.names import TemplateKind
from openvod.processing.watermarks import FOLDER as WATERMARKS
from openvod.storage.model import StoredObject
from openvod.upload.model import SessionState
from openvod.upload.ports import UploadTx

#: ``<bucket's short name>/<8 hexadecimal digits><FileId>/…``, of uploads and outputs alike.
_FILE_FOLDER = re.compile(r"[0-9a-f]{8}(\d{19})")


def strays(tx: UploadTx, objects: Sequence[StoredObject]) -> list[StoredObject]:
    """Return the objects that have no owner."""
    folders = {folder: _has_owner(tx, *folder) for folder in {_folder_of(each) for each in objects}}
    pictures = {bucket: _pictures(tx, bucket) for bucket, _, name in folders if name == WATERMARKS}
    return [
        each
        for each in objects
        if not folders[_folder_of(each)] and each.key not in pictures.get(each.bucket, frozenset())
    ]


def _folder_of(stored: StoredObject) -> tuple[str, str, str]:
    """Return bucket, the bucket's short name, and the folder's name."""
    short, _, rest = stored.key.partition("/")
    return stored.bucket, short, rest.partition("/")[0]


def _has_owner(tx: UploadTx, bucket: str, short: str, name: str) -> bool:
    found = _FILE_FOLDER.fullmatch(name)
    if found is None:
        return False
    asset = tx.media.asset(found[1])
    if asset and (name == asset.directory or f"/{name}/" in asset.cover_key):
        return True
    prefix = f"{short}/{name}/"
    return any(
        session.state is SessionState.OPEN and (session.bucket, session.directory) == (bucket, prefix)
        for session in tx.uploads.sessions_of(found[1])
    )


def _pictures(tx: UploadTx, bucket: str) -> frozenset[str]:
    known = tx.storage.bucket(bucket)
    templates = tx.tasks.templates(known.sub_app_id, TemplateKind.WATERMARK) if known else ()
    images = [template.body.image_template for template in templates]
    return frozenset(image.image_key for image in images if image)
