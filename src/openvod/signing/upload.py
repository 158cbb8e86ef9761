"""The upload signature (``upload-protocol.md`` 1): an app server's permission for one client."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from openvod.base.errors import Denied, Invalid
from openvod.base.text import query_pairs
from openvod.signing.limits import NO_LIMITS, UploadLimits, read_limits

DIGEST_BYTES = 20
#: Both contexts at their longest, percent-encoded, in Base64, and room for more (about 15 KiB are needed).
MAX_TEXT = 32_768
MAX_VALIDITY_SECONDS = 7_776_000
_MAX_PARAMETERS = 200
FUTURE_TOLERANCE_SECONDS = 600
_NOTIFY_MODES = {mode.lower(): mode for mode in ("Finish", "Change", "None")}
_WHITE_SPACE = str.maketrans("", "", " \t\r\n\v\f")


@dataclass(frozen=True)
class UploadPermission:
    """What a verified signature permits. Times are Unix seconds; ``expires_at`` is the effective end (1.4)."""

    secret_id: str
    issued_at: int
    expires_at: int
    random: int
    class_id: int = 0
    procedure: str = ""
    task_priority: int = 0
    task_notify_mode: str = "Finish"
    source_context: str = ""
    session_context: str = ""
    one_time: bool = False
    sub_app_id: int = 0
    storage_region: str = ""
    limits: UploadLimits = NO_LIMITS


@dataclass(frozen=True)
class PresentedSignature:
    """A decoded, not yet verified signature. ``original`` are the signed bytes exactly as received."""

    digest: bytes
    original: bytes
    parameters: Mapping[str, str]

    @property
    def secret_id(self) -> str:
        """The key pair that claims to have signed."""
        return self.parameters["secretId"]

    @property
    def fingerprint(self) -> str:
        """Identifies the signature, as one-time use needs: the SHA-256 of ``original`` in hexadecimal."""
        return hashlib.sha256(self.original).hexdigest()


def decode(text: str) -> PresentedSignature:
    """Split a signature into digest and signed bytes (1.2).

    Raises ``Invalid("signature.malformed")`` for text that is no Base64, too short or long, no UTF-8, or names no
    ``secretId``.
    """
    if len(text) > MAX_TEXT:
        raise _malformed(f"signature has {len(text)} characters; at most {MAX_TEXT} are accepted")
    compact = text.translate(_WHITE_SPACE)
    try:
        raw = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed("signature is not Base64; send it exactly as the app server returned it") from error
    if len(raw) <= DIGEST_BYTES:
        raise _malformed("signature is too short; it must hold an HMAC-SHA1 and the signed parameters")
    digest, original = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
    parameters = _parse(original)
    if not parameters.get("secretId"):
        raise _malformed("signature names no secretId; sign secretId, currentTimeStamp, expireTime and random")
    return PresentedSignature(digest, original, parameters)


def verify(
    presented: PresentedSignature,
    secret_key: str,
    now: float,
    *,
    future_tolerance: int = FUTURE_TOLERANCE_SECONDS,
    enforce_expiry: bool = True,
) -> UploadPermission:
    """Check digest, then values, then times; return what is permitted.

    Raises ``Denied`` with ``signature.mismatch``, ``signature.expired`` or ``signature.not_yet_valid``, and
    ``Invalid("signature.malformed")`` naming a bad value. ``enforce_expiry`` is false for a Commit with the signature
    that opened its session (1.4).
    """
    if not hmac.compare_digest(_digest(secret_key, presented.original), presented.digest):
        raise Denied("signature.mismatch", "signature does not match; sign with the SecretKey of this secretId")
    permission = _permission(presented.parameters)
    if permission.issued_at > now + future_tolerance:
        raise Denied(
            "signature.not_yet_valid", "signature: currentTimeStamp lies in the future; set the app server's clock"
        )
    if enforce_expiry and now >= permission.expires_at:
        raise Denied("signature.expired", "signature expired (expireTime); get a new one from the app server")
    return permission


def mint(parameters: Mapping[str, str | int], secret_key: str) -> str:
    """Sign ``parameters``, wire names to values, in their order; values are percent-encoded (1.2)."""
    original = urlencode(parameters, quote_via=quote).encode()
    return base64.b64encode(_digest(secret_key, original) + original).decode()


def _digest(secret_key: str, original: bytes) -> bytes:
    return hmac.new(secret_key.encode(), original, hashlib.sha1).digest()


def _parse(original: bytes) -> dict[str, str]:
    """Read the signed bytes as a form; the first value of a key counts and empty ones mean absent."""
    if original.count(b"&") >= _MAX_PARAMETERS:
        raise _malformed(f"signature: more than {_MAX_PARAMETERS} parameters are signed")
    try:
        return dict(reversed(query_pairs(original)))
    except Invalid as error:
        raise _malformed(f"signature: {error.message}") from error


def _permission(parameters: Mapping[str, str]) -> UploadPermission:
    issued = _integer(parameters, "currentTimeStamp", required=True)
    expires = _integer(parameters, "expireTime", required=True)
    mode = parameters.get("taskNotifyMode") or "Finish"
    if mode.lower() not in _NOTIFY_MODES:
        raise _malformed("signature: taskNotifyMode must be Finish, Change or None")
    priority = _integer(parameters, "taskPriority")
    if not -10 <= priority <= 10:
        raise _malformed("signature: taskPriority must lie between -10 and 10")
    one_time = _integer(parameters, "oneTimeValid")
    if one_time not in (0, 1):
        raise _malformed("signature: oneTimeValid must be 0 or 1")
    return UploadPermission(
        secret_id=parameters["secretId"],
        issued_at=issued,
        expires_at=min(expires, issued + MAX_VALIDITY_SECONDS),
        random=_integer(parameters, "random", required=True),
        class_id=_integer(parameters, "classId"),
        procedure=parameters.get("procedure", ""),
        task_priority=priority,
        task_notify_mode=_NOTIFY_MODES[mode.lower()],
        source_context=_bounded(parameters, "sourceContext", 250),
        session_context=_bounded(parameters, "sessionContext", 1000),
        one_time=one_time == 1,
        sub_app_id=_integer(parameters, "vodSubAppId"),
        storage_region=parameters.get("storageRegion", ""),
        limits=read_limits(parameters),
    )


def _integer(parameters: Mapping[str, str], name: str, *, required: bool = False) -> int:
    text = parameters.get(name, "")
    if not text and not required:
        return 0
    if not text:
        raise _malformed(f"signature: {name} is missing; sign secretId, currentTimeStamp, expireTime and random")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise _malformed(f"signature: {name} must be a whole number of at most 18 digits; truncate it before signing")
    return int(text)


def _bounded(parameters: Mapping[str, str], name: str, longest: int) -> str:
    text = parameters.get(name, "")
    if len(text) > longest:
        raise _malformed(f"signature: {name} has {len(text)} characters; at most {longest} are accepted")
    return text


def _malformed(message: str) -> Invalid:
    return Invalid("signature.malformed", message)
