"""The upload signature: an app server's permission for one client (``upload-protocol.md`` 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack
from urllib.parse import quote, urlencode

from openvod_sdk._errors import SignatureError

MAX_VALIDITY_SECONDS = 7_776_000
MAX_RANDOM = 2**32 - 1
MAX_SOURCE_CONTEXT = 250
MAX_SESSION_CONTEXT = 1000
_REGION = re.compile(r"[a-z\d-]+")

TaskNotifyMode = Literal["Finish", "Change", "None"]


@dataclass(frozen=True, kw_only=True)
class UploadPermission:
    """What a signature permits (``upload-protocol.md`` 1.1). Every value is checked on construction.

    ``valid_seconds`` counts from the moment of signing, at most 90 days. ``task_priority`` (-10 to 10),
    ``task_notify_mode`` and ``session_context`` (up to 1000 characters) go with ``procedure``. ``source_context``, up
    to 250 characters, comes back in ``NewFileUpload``. ``one_time`` allows a single upload. ``sub_app_id`` 0 is the
    account's main application. Raises :class:`SignatureError` naming the field.
    """

    valid_seconds: int = 86_400
    class_id: int = 0
    procedure: str = ""
    task_priority: int = 0
    task_notify_mode: TaskNotifyMode = "Finish"
    source_context: str = ""
    session_context: str = ""
    one_time: bool = False
    sub_app_id: int = 0
    storage_region: str = ""

    def __post_init__(self) -> None:
        _in_range("valid_seconds", self.valid_seconds, 1, MAX_VALIDITY_SECONDS)
        _in_range("class_id", self.class_id, -1, 2**63 - 1)
        _in_range("task_priority", self.task_priority, -10, 10)
        _in_range("sub_app_id", self.sub_app_id, 0, 2**63 - 1)
        _at_most("source_context", self.source_context, MAX_SOURCE_CONTEXT)
        _at_most("session_context", self.session_context, MAX_SESSION_CONTEXT)
        self._check_choices()
        self._check_procedure()

    def _check_choices(self) -> None:
        if self.task_notify_mode not in ("Finish", "Change", "None"):
            raise SignatureError(f"task_notify_mode is {self.task_notify_mode!r}; use 'Finish', 'Change' or 'None'")
        if not isinstance(self.one_time, bool):
            raise SignatureError(f"one_time is {self.one_time!r}; use True or False")
        if self.storage_region and not _REGION.fullmatch(self.storage_region):
            raise SignatureError(
                f"storage_region {self.storage_region!r} is no region name; use lower case, such as 'ap-chongqing'"
            )

    def _check_procedure(self) -> None:
        if self.procedure:
            return
        needless = {
            "task_priority": self.task_priority != 0,
            "task_notify_mode": self.task_notify_mode != "Finish",
            "session_context": bool(self.session_context),
        }
        if found := [name for name, given in needless.items() if given]:
            raise SignatureError(f"{', '.join(found)} has no effect without a procedure; name one or leave it out")


class PermissionFields(TypedDict, total=False):
    """The keywords of :class:`UploadPermission`."""

    valid_seconds: int
    class_id: int
    procedure: str
    task_priority: int
    task_notify_mode: TaskNotifyMode
    source_context: str
    session_context: str
    one_time: bool
    sub_app_id: int
    storage_region: str


def sign(
    permission: UploadPermission | None = None,
    /,
    *,
    secret_id: str,
    secret_key: str,
    now: float | None = None,
    random: int | None = None,
    **fields: Unpack[PermissionFields],
) -> str:
    """Mint an upload signature, on the app server only: ``secret_key`` must never reach a client.

    Give an :class:`UploadPermission` or its fields as keywords. ``now`` (Unix seconds, default the clock) is the time
    of issue; ``random`` (0 to 2^32-1) makes the signature distinct and is drawn when left out. Values are
    percent-encoded as UTF-8 (``upload-protocol.md`` 1.2). Raises :class:`SignatureError` naming the field.
    """
    if permission is not None and fields:
        raise SignatureError(f"give a permission or keywords, not both; {', '.join(fields)} came beside a permission")
    if not secret_id or not secret_key:
        raise SignatureError("secret_id and secret_key must not be empty; create a pair with 'openvod keys create'")
    permission = permission or UploadPermission(**fields)
    nonce = secrets.randbelow(MAX_RANDOM + 1) if random is None else random
    _in_range("random", nonce, 0, MAX_RANDOM)
    issued = int(time.time() if now is None else now)
    return _minted(_parameters(permission, secret_id, issued, nonce), secret_key)


def _minted(parameters: Mapping[str, str | int], secret_key: str) -> str:
    original = urlencode(parameters, quote_via=quote).encode()
    digest = hmac.new(secret_key.encode(), original, hashlib.sha1).digest()
    return base64.b64encode(digest + original).decode()


def _parameters(permission: UploadPermission, secret_id: str, issued: int, nonce: int) -> dict[str, str | int]:
    """Name the values as the wire does; defaults are left out."""
    optional: dict[str, str | int] = {
        "classId": permission.class_id,
        "procedure": permission.procedure,
        "taskPriority": permission.task_priority,
        "taskNotifyMode": "" if permission.task_notify_mode == "Finish" else permission.task_notify_mode,
        "oneTimeValid": int(permission.one_time),
        "vodSubAppId": permission.sub_app_id,
        "storageRegion": permission.storage_region,
        "sourceContext": permission.source_context,
        "sessionContext": permission.session_context,
    }
    return {
        "secretId": secret_id,
        "currentTimeStamp": issued,
        "expireTime": issued + permission.valid_seconds,
        "random": nonce,
    } | {name: value for name, value in optional.items() if value}


def _in_range(name: str, value: int, lowest: int, highest: int) -> None:
    # bool is an int to Python, and a float would travel as "1.0", which the verifier refuses (1.1).
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise SignatureError(f"{name} is {value!r}; use a whole number from {lowest} to {highest}")


def _at_most(name: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise SignatureError(f"{name} has {len(text)} characters; at most {longest} are allowed")
