"""Upload signatures: an app server's permission for one client (upload-protocol.md 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from openvod_sdk._errors import InvalidPermission
from openvod_sdk._text import is_text

MAX_VALIDITY_SECONDS = 7_776_000
_NOTIFY_MODES = ("Finish", "Change", "None")
#: Lowest and highest value of each number.
_RANGES = {
    "expire": (1, MAX_VALIDITY_SECONDS),
    "random": (0, 2**32 - 1),
    "task_priority": (-10, 10),
    "max_video_size": (1, 10**17),
    "max_cover_size": (1, 10**17),
    "max_uploads": (1, 10**9),
}
#: Most characters of each text.
_LENGTHS = {"user_id": 128, "source_context": 250, "session_context": 1000}


def sign(
    secret_id: str,
    secret_key: str,
    *,
    expire: int = 86_400,
    class_id: int | None = None,
    procedure: str | None = None,
    task_priority: int | None = None,
    task_notify_mode: str | None = None,
    source_context: str | None = None,
    session_context: str | None = None,
    one_time: bool = False,
    sub_app_id: int | None = None,
    storage_region: str | None = None,
    max_video_size: int | None = None,
    max_cover_size: int | None = None,
    video_types: Sequence[str] = (),
    cover_types: Sequence[str] = (),
    max_uploads: int | None = None,
    user_id: str | None = None,
    client_networks: Sequence[str] = (),
    page_origins: Sequence[str] = (),
    now: float | None = None,
    random: int | None = None,
) -> str:
    """Return an upload signature, the text that clients send.

    ``expire`` is the validity in seconds (at most 90 days). ``source_context`` (at most 250 characters) is returned in
    ``NewFileUpload``; ``session_context`` (at most 1000), ``task_priority`` (-10 to 10) and ``task_notify_mode`` go
    with ``procedure``. ``one_time`` permits a single upload.

    Limits that OpenVOD enforces and other platforms ignore: ``max_video_size`` and ``max_cover_size`` in bytes,
    ``video_types`` and ``cover_types`` as extensions, ``max_uploads`` for this signature, ``user_id`` (only this user
    can resume the session), ``client_networks`` (addresses or CIDR), ``page_origins`` (``https://app.example.com``).

    Raises ``InvalidPermission`` naming the field.
    """
    _check_ranges(
        expire=expire, random=random, task_priority=task_priority, max_video_size=max_video_size,
        max_cover_size=max_cover_size, max_uploads=max_uploads,
    )  # fmt: skip
    _check_lengths(user_id=user_id, source_context=source_context, session_context=session_context)
    if task_notify_mode not in (None, *_NOTIFY_MODES):
        raise InvalidPermission(f"task_notify_mode must be one of {', '.join(_NOTIFY_MODES)}")
    issued = int(time.time() if now is None else now)
    permission: dict[str, object | None] = {
        "secretId": secret_id, "currentTimeStamp": issued, "expireTime": issued + expire,
        "random": secrets.randbits(32) if random is None else random,
        "classId": class_id, "procedure": procedure, "taskPriority": task_priority, "taskNotifyMode": task_notify_mode,
        "sourceContext": source_context, "sessionContext": session_context, "oneTimeValid": 1 if one_time else None,
        "vodSubAppId": sub_app_id, "storageRegion": storage_region,
        "maxVideoSize": max_video_size, "maxCoverSize": max_cover_size,
        "videoTypes": _joined("video_types", video_types), "coverTypes": _joined("cover_types", cover_types),
        "maxUploads": max_uploads, "userId": user_id,
        "clientNetworks": _joined("client_networks", client_networks),
        "pageOrigins": _joined("page_origins", page_origins),
    }  # fmt: skip
    return _signed(permission, secret_id, secret_key)


def _signed(permission: Mapping[str, object | None], secret_id: str, secret_key: str) -> str:
    if not secret_id or not secret_key:
        raise InvalidPermission("secret_id and secret_key must not be empty; create a key with 'openvod keys create'")
    _check_texts({"secret_key": secret_key, **permission})
    original = urlencode({k: v for k, v in permission.items() if v is not None}, quote_via=quote).encode()
    digest = hmac.new(secret_key.encode(), original, hashlib.sha1).digest()
    return base64.b64encode(digest + original).decode()


def _joined(field: str, values: Sequence[str]) -> str | None:
    if isinstance(values, str):
        raise InvalidPermission(f"{field} is a string; pass a list of strings")
    if any("," in value or not value.strip() for value in values):
        raise InvalidPermission(f"{field} has an empty entry or one with a comma")
    return ",".join(values) or None


def _check_ranges(**numbers: int | None) -> None:
    for field, value in numbers.items():
        low, high = _RANGES[field]
        if value is not None and not (isinstance(value, int) and low <= value <= high):
            raise InvalidPermission(f"{field} is {value}; it must be an integer between {low} and {high}")


def _check_lengths(**texts: str | None) -> None:
    for field, value in texts.items():
        if value is not None and len(value) > _LENGTHS[field]:
            raise InvalidPermission(f"{field} has {len(value)} characters; at most {_LENGTHS[field]} are allowed")


def _check_texts(parameters: Mapping[str, object | None]) -> None:
    for field, value in parameters.items():
        if isinstance(value, str) and not is_text(value):
            raise InvalidPermission(f"{field} has a NUL or half a surrogate pair; pass valid Unicode text")
