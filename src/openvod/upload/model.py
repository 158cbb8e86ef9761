"""Upload sessions as values, and the rules of what may be uploaded (``upload-protocol.md`` 2.2, 2.5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from openvod.base.errors import Invalid
from openvod.base.sizes import TIB
from openvod.media.accepted import AUDIO_TYPES, COVER_TYPES, VIDEO_TYPES, endings_of
from openvod.signing.limits import NO_LIMITS, UploadLimits
from openvod.storage.model import Door, SessionRef

SESSION_SECONDS = 86_400
#: Mobiles do not refresh credentials by themselves, so one lasts as long as the session (``upload-protocol.md`` 2.3).
CREDENTIAL_SECONDS = 86_400
#: A repeated Apply with the same one-time signature is a lost answer for this long (``upload-protocol.md`` 1.4).
APPLY_REPEAT_SECONDS = 30
MAX_VIDEO_BYTES = 48 * TIB
MAX_NAME_CHARACTERS = 255
#: Characters of a session's key in its credentials: enough to identify it, too few to commit it.
_REF_CHARACTERS = 16

#: Android sends MIME subtypes for content:// sources.
_SUBTYPES = {
    "quicktime": "mov",
    "x-matroska": "mkv",
    "3gpp": "3gp",
    "3gpp2": "3gp",
    "x-msvideo": "avi",
    "x-ms-wmv": "wmv",
    "x-ms-asf": "asf",
    "x-flv": "flv",
    "mp2t": "ts",
    "mp2ts": "ts",
    "x-m4v": "m4v",
    "vnd.apple.mpegurl": "m3u8",
    "x-mpegurl": "m3u8",
    "mp4a-latm": "m4a",
    "x-ms-wma": "wma",
    "x-aiff": "aiff",
    "x-caf": "caf",
    "x-dv": "dv",
    "x-wav": "wav",
    "svg+xml": "",
    "pjpeg": "jpg",
}


class SessionState(StrEnum):
    """Life of an upload session."""

    OPEN = "open"
    COMMITTED = "committed"


class Source(StrEnum):
    """Who uploads: a client with a signature, or a server through API 3.0."""

    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True)
class FileRequest:
    """One announced file: display ``name``, ``type`` (extension, lower-case), ``size`` in bytes or ``None``."""

    name: str
    type: str
    size: int | None


@dataclass(frozen=True)
class ApplyRequest:
    """What an Apply asks for: a new upload (``video``, ``cover``), a resumed one, or a cover for ``file_id``."""

    video: FileRequest | None = None
    cover: FileRequest | None = None
    session_key: str = ""
    file_id: str = ""
    storage_region: str = ""
    expire_time: str = ""

    @property
    def digest(self) -> str:
        """Identifies the request, to recognise a retry after a lost answer."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ClientChecksums:
    """CRC-64/XZ that the client computed over its own files; ``None`` where it did not (decision record 12)."""

    video: int | None = None
    cover: int | None = None


NO_CHECKSUMS = ClientChecksums()


@dataclass(frozen=True)
class Permission:
    """The part of a verified permission that outlives Apply; ``flow`` is what ``procedure`` named at that moment."""

    class_id: int = 0
    source_context: str = ""
    session_context: str = ""
    procedure: str = ""
    task_priority: int = 0
    task_notify_mode: str = "Finish"
    name: str = ""
    flow: Mapping[str, Any] | None = None
    limits: UploadLimits = NO_LIMITS


@dataclass(frozen=True)
class UploadSession:
    """One permitted upload. ``video_key`` or ``cover_key`` is empty when that file is not part of it."""

    session_key: str
    sub_app_id: int
    file_id: str
    state: SessionState
    bucket: str
    region: str
    video_key: str
    cover_key: str
    source: Source
    request: ApplyRequest
    permission: Permission
    signature_fingerprint: str
    created_at: float
    expires_at: float
    committed_at: float | None = None

    @property
    def directory(self) -> str:
        """The key prefix that belongs to this session, with a trailing slash."""
        return (self.video_key or self.cover_key).rpartition("/")[0] + "/"

    @property
    def ref(self) -> SessionRef:
        """The reference to this session in credentials and writes."""
        return SessionRef(self.file_id, self.session_key[:_REF_CHARACTERS])

    def door(self, *, file_exists: bool) -> Door:
        """Return which writes storage accepts; ``file_exists``: whether the file of a lone cover exists."""
        is_open = self.state is SessionState.OPEN and (bool(self.video_key) or file_exists)
        return Door(self.bucket, self.directory, is_open, self.expires_at)


@dataclass(frozen=True)
class SpentSignature:
    """A used one-time signature and the session that it opened."""

    fingerprint: str
    session_key: str
    request_digest: str
    spent_at: float
    expires_at: float


def check_video(request: FileRequest) -> FileRequest:
    """Return the request with its type normalised, or raise ``Invalid`` naming the field."""
    kind = normal_type(request.type)
    if kind not in VIDEO_TYPES | AUDIO_TYPES | COVER_TYPES:
        raise Invalid(
            "upload.video_type",
            f"videoType {request.type[:40]!r} is not accepted; send one of {endings_of('Video', 'Audio', 'Image')}",
        )
    _check_name("videoName", request.name)
    _check_size("videoSize", request.size)
    return FileRequest(request.name, kind, request.size)


def check_cover(request: FileRequest) -> FileRequest:
    """Return the request with its type normalised, or raise ``Invalid`` naming the field."""
    kind = normal_type(request.type)
    if kind not in COVER_TYPES:
        raise Invalid(
            "upload.cover_type",
            f"coverType {request.type[:40]!r} is not accepted; send one of {endings_of('Image')}",
        )
    _check_name("coverName", request.name)
    _check_size("coverSize", request.size)
    return FileRequest(request.name, kind, request.size)


def normal_type(text: str) -> str:
    """Lower-case an extension and map the MIME subtypes that Android sends."""
    lowered = text.strip().lower().removeprefix(".")
    return _SUBTYPES.get(lowered, lowered)


def _check_name(field: str, name: str) -> None:
    if len(name) > MAX_NAME_CHARACTERS:
        raise Invalid("upload.name", f"{field} has {len(name)} characters; at most {MAX_NAME_CHARACTERS} are accepted")
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise Invalid("upload.name", f"{field} contains control characters; remove them")
    if "/" in name or "\\" in name:
        raise Invalid("upload.name", f"{field} contains a path; send the file's bare name")


def _check_size(field: str, size: int | None) -> None:
    if size is not None and not 0 <= size <= MAX_VIDEO_BYTES:
        raise Invalid("upload.size", f"{field} {size} must lie between 0 and {MAX_VIDEO_BYTES} bytes")


def check_limits(request: ApplyRequest, limits: UploadLimits) -> None:
    """Refuse announced files beyond the permission before a byte is sent; the message names the file and the limit.

    Sizes that were not announced are checked while the bytes arrive.
    """
    files = (
        ("video", request.video, limits.max_video_size, limits.video_types),
        ("cover", request.cover, limits.max_cover_size, limits.cover_types),
    )
    for what, file, largest, types in files:
        if file is None:
            continue
        if types and file.type not in types:
            raise Invalid(
                f"upload.{what}_type", f"{what}Type {file.type!r} is not permitted; choose {', '.join(types)}"
            )
        if largest and file.size is not None and file.size > largest:
            raise Invalid("upload.size", f"the {what} has {file.size} bytes; this permission allows at most {largest}")


def _permission_from(plain: Mapping[str, Any]) -> Permission:
    fields = dict(plain)
    limits: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in (fields.get("limits") or {}).items()
    }
    return Permission(**(fields | {"limits": UploadLimits(**limits)}))


def session_from_row(row: Mapping[str, Any]) -> UploadSession:
    """Rebuild a session from plain column values."""
    plain = dict(row)
    request = dict(plain["request"])
    for field in ("video", "cover"):
        request[field] = FileRequest(**request[field]) if request[field] else None
    plain["request"] = ApplyRequest(**request)
    plain["permission"] = _permission_from(plain["permission"])
    plain["state"] = SessionState(str(plain["state"]))
    plain["source"] = Source(str(plain["source"]))
    return UploadSession(**plain)
