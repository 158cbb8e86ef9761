"""Bodies of events, format 3.0 (``events.md`` 3, 4.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openvod.signing.event import event_sign

NEW_FILE_UPLOAD = "NewFileUpload"
NEVER = "9999-12-31T23:59:59Z"
DEFAULT_CLASS_NAME = "其他"
_SIGNATURE_SECONDS = 600
#: Members that a receiver may look for; all but one are null (``events.md`` 2, 3).
_MEMBERS = ("FileUploadEvent", "ProcedureStateChangeEvent", "FileDeleteEvent", "PullCompleteEvent")


@dataclass(frozen=True)
class FileChecksum:
    """CRC-64/XZ of the bytes as stored; their MD5 (hexadecimal) when the upload was one request, else empty.

    ``verified``: the client computed the same from its own file before Commit.
    """

    crc64: int
    md5: str
    verified: bool


@dataclass(frozen=True)
class UploadedFile:
    """What ``NewFileUpload`` tells of a committed file."""

    file_id: str
    name: str
    type: str
    class_id: int
    class_name: str
    class_path: str
    cover_url: str
    media_url: str
    storage_region: str
    source_context: str
    category: str
    created_at: float
    expire_time: str
    procedure_task_id: str = ""
    review_task_id: str = ""
    checksum: FileChecksum | None = None


def new_file_upload(file: UploadedFile) -> str:
    """Render ``NewFileUpload`` without ``MetaData``, which the probe adds."""
    created = iso_time(file.created_at)
    basic: dict[str, Any] = {
        "Name": file.name,
        "Description": "",
        "CreateTime": created,
        "UpdateTime": created,
        "ExpireTime": file.expire_time or NEVER,
        "ClassId": file.class_id,
        "ClassName": file.class_name,
        "ClassPath": file.class_path,
        "CoverUrl": file.cover_url,
        "Type": file.type,
        "MediaUrl": file.media_url,
        "TagSet": [],
        "StorageRegion": file.storage_region,
        "StoragePath": "",
        "SourceInfo": {
            "SourceType": "Upload",
            "SourceContext": file.source_context,
            "LiveRecordInfo": None,
            "TrtcRecordInfo": None,
            "WebPageRecordInfo": None,
        },
        "Vid": "",
        "Category": file.category,
        "Status": "Normal",
        "StorageClass": "STANDARD",
    }
    member = {
        "FileId": file.file_id,
        "MediaBasicInfo": basic,
        "ProcedureTaskId": file.procedure_task_id,
        "ReviewAudioVideoTaskId": file.review_task_id,
        "MetaData": None,
        "Checksum": _checksum(file.checksum) if file.checksum else None,
    }
    return event_body(NEW_FILE_UPLOAD, "FileUploadEvent", member)


def _checksum(checksum: FileChecksum) -> dict[str, Any]:
    return {"Crc64": str(checksum.crc64), "Md5": checksum.md5, "Verified": checksum.verified}


def event_body(event_type: str, name: str, member: Mapping[str, Any]) -> str:
    """Render ``EventContent``: one member is set, the other usual ones are null (``events.md`` 2, 3)."""
    event: dict[str, Any] = {"EventType": event_type} | dict.fromkeys(_MEMBERS) | {name: member}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def push_body(payload: str, sign_key: str, now: float) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of one push; ``Sign`` and ``T`` stand in both when a key is set (``events.md`` 2.1)."""
    headers = {"Content-Type": "application/json"}
    if not sign_key:
        return payload.encode(), headers
    expires = int(now) + _SIGNATURE_SECONDS
    sign = event_sign(sign_key, expires)
    event = json.loads(payload) | {"Sign": sign, "T": expires}
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    return body, headers | {"Sign": sign, "T": str(expires)}


def iso_time(moment: float) -> str:
    """Format Unix seconds as the wire's ISO 8601."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
