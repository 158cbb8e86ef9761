"""Bodies of events, format 3.0 (``events.md`` 3, 4.1), and what is posted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openvod.base.errors import Invalid
from openvod.events.legacy import legacy_body
from openvod.events.model import Event, PayloadFormat
from openvod.events.types import EventType
from openvod.signing.event import event_sign
from openvod.signing.webhook import webhook_signature

NEVER = "9999-12-31T23:59:59Z"
DEFAULT_CLASS_NAME = "其他"
_SIGNATURE_SECONDS = 600
#: Members that every event has; all but that of its own type are null (``events.md`` 2, 3).
_MEMBERS = tuple(each.member for each in EventType if each.null_elsewhere)


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
    """The members of ``NewFileUpload`` for a committed file."""

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
    by_server: bool = False


def new_file_upload(file: UploadedFile) -> str:
    """Render ``NewFileUpload`` without ``MetaData``, which the probe adds."""
    member = {
        "FileId": file.file_id,
        "MediaBasicInfo": media_basic_info(file, updated_at=file.created_at),
        "ProcedureTaskId": file.procedure_task_id,
        "ReviewAudioVideoTaskId": file.review_task_id,
        "MetaData": None,
        "Checksum": _checksum(file.checksum) if file.checksum else None,
        # Our own choice: the formats name the source differently, and 3.0 has one name for both (4.1).
        "UploadedBy": "Server" if file.by_server else "Client",
    }
    return event_body(EventType.NEW_FILE_UPLOAD, member)


def media_basic_info(
    file: UploadedFile, *, updated_at: float, description: str = "", tags: Sequence[str] = (), status: str = "Normal"
) -> dict[str, Any]:
    """Return ``MediaBasicInfo`` (4.1), for events and for API 3.0 alike."""
    return {
        "Name": file.name,
        "Description": description,
        "CreateTime": iso_time(file.created_at),
        "UpdateTime": iso_time(updated_at),
        "ExpireTime": file.expire_time or NEVER,
        "ClassId": file.class_id,
        "ClassName": file.class_name,
        "ClassPath": file.class_path,
        "CoverUrl": file.cover_url,
        "Type": file.type,
        "MediaUrl": file.media_url,
        "TagSet": list(tags),
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
        "Status": status,
        "StorageClass": "STANDARD",
    }


def file_deleted(file_id: str, parts: Sequence[tuple[str, int]] = ()) -> str:
    """Render ``FileDeleted`` (4.5) of a whole file, or of ``parts``: type and definition of each, 0 for all.

    ``FileIdSet`` names files that are gone; of a file that only lost parts an old receiver must not think so.
    """
    deleted = [{"Type": kind, "Definition": definition} for kind, definition in parts]
    member = {
        "FileIdSet": [] if parts else [file_id],
        "FileDeleteResultInfo": [{"FileId": file_id, "DeleteParts": deleted}],
    }
    return event_body(EventType.FILE_DELETED, member)


def _checksum(checksum: FileChecksum) -> dict[str, Any]:
    return {"Crc64": str(checksum.crc64), "Md5": checksum.md5, "Verified": checksum.verified}


def event_body(event_type: EventType, member: Mapping[str, Any]) -> str:
    """Render ``EventContent``: one member is set, the other usual ones are null (``events.md`` 2, 3)."""
    event: dict[str, Any] = {"EventType": event_type.value} | dict.fromkeys(_MEMBERS)
    event[event_type.member] = member
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Signers:
    """What signs pushes to one endpoint: the original's key, and secrets of Standard Webhooks, newest first."""

    sign_key: str = ""
    secrets: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class PushRequest:
    """What is posted."""

    body: bytes
    headers: Mapping[str, str]


def push_request(event: Event, payload_format: PayloadFormat, signers: Signers, now: float) -> PushRequest:
    """Return body and headers of one push (``events.md`` 2, 8).

    ``Invalid("event.no_legacy_form")``: format 2.0 does not know the event's type.
    """
    text = event.payload if payload_format is PayloadFormat.CURRENT else legacy_body(event.payload)
    if text is None:
        raise Invalid("event.no_legacy_form", f"format 2.0 has no event {event.type}; send it in format 3.0")
    headers = {"Content-Type": "application/json"}
    if signers.sign_key and payload_format is PayloadFormat.CURRENT:
        text, headers = _with_sign(text, headers, signers.sign_key, now)
    body = text.encode()
    public_id, moment = event.public_id, int(now)
    headers |= {"webhook-id": public_id, "webhook-timestamp": str(moment)}
    if signers.secrets:
        headers["webhook-signature"] = webhook_signature(signers.secrets, public_id, moment, body)
    return PushRequest(body, headers)


def _with_sign(text: str, headers: Mapping[str, str], sign_key: str, now: float) -> tuple[str, dict[str, str]]:
    """Put ``Sign`` and ``T`` into body and headers, since receivers read either (``events.md`` 2.1)."""
    expires = int(now) + _SIGNATURE_SECONDS
    sign = event_sign(sign_key, expires)
    body = json.dumps(json.loads(text) | {"Sign": sign, "T": expires}, ensure_ascii=False, separators=(",", ":"))
    return body, {**headers, "Sign": sign, "T": str(expires)}


def pulled_event(event: Event, handle: str) -> dict[str, Any]:
    """Return one item of ``PullEvents.EventSet`` (``events.md`` 3)."""
    return {"EventHandle": handle, **json.loads(event.payload)}


def iso_time(moment: float) -> str:
    """Format Unix seconds as the wire's ISO 8601."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> float:
    """Return the Unix seconds of an ISO 8601 moment with any offset, without one of UTC; ``ValueError`` if it is none.

    A moment outside the years 1 to 9999 of UTC is none.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except OverflowError as error:
        raise ValueError(str(error)) from error
