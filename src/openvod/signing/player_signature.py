"""Player signatures, ``psign`` (``procedures-and-api.md`` 10.3): a JWT under the application's play key."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openvod.base.errors import Denied, Invalid
from openvod.base.text import json_object
from openvod.signing import base64url

_LONGEST = 8192


@dataclass(frozen=True)
class UrlAccess:
    """How the media addresses that a signature leads to are to be signed; empty texts are left out of them.

    ``t``: expiry as eight hexadecimal digits. ``preview`` in seconds, 0 for all. ``most_addresses`` 0: any number.
    """

    t: str = ""
    preview: int = 0
    most_addresses: int = 0
    us: str = ""


@dataclass(frozen=True)
class PlayerSignature:
    """What a checked signature says. ``content``: the member ``contentInfo`` as sent."""

    sub_app_id: int
    file_id: str
    content: Mapping[str, Any]
    access: UrlAccess


def player_signature(play_key: str, payload: Mapping[str, Any]) -> str:
    """Return the JWT of a payload, members in the order given."""
    signed = ".".join(base64url.encode(_compact(part)) for part in ({"alg": "HS256", "typ": "JWT"}, payload))
    return f"{signed}.{base64url.encode(_mac(play_key, signed))}"


def check_player_signature(play_key: str, text: str, now: float) -> PlayerSignature:
    """Check a ``psign``.

    Raises ``Denied`` with ``psign.malformed``, ``psign.signature``, ``psign.expired`` or ``psign.member``.
    """
    signed, _, mac = text.rpartition(".")
    if len(text) > _LONGEST or signed.count(".") != 1:
        raise Denied("psign.malformed", "psign is no JSON web token of three parts")
    head, payload = (_json(part) for part in signed.split("."))
    if head.get("alg") != "HS256":
        raise Denied("psign.signature", "psign must be signed with HS256")
    if not hmac.compare_digest(base64url.encode(_mac(play_key, signed)).encode(), mac.encode()):
        raise Denied("psign.signature", "psign was not signed with this application's play key")
    expires = payload.get("expireTimeStamp")
    if expires is not None and _number(payload, "expireTimeStamp", 1 << 40) < now:
        raise Denied("psign.expired", "psign has expired; ask the app for a new one")
    file_id = payload.get("fileId")
    if not isinstance(file_id, str):
        raise _bad_member("fileId", "a text")
    content = payload.get("contentInfo")
    if not isinstance(content, dict):
        raise _bad_member("contentInfo", "an object")
    return PlayerSignature(_number(payload, "appId", 1 << 62), file_id, content, _access(payload.get("urlAccessInfo")))


def _access(member: object) -> UrlAccess:
    if member is None:
        return UrlAccess()
    if not isinstance(member, dict):
        raise _bad_member("urlAccessInfo", "an object")
    t, us = member.get("t") or "", member.get("us") or ""
    if not isinstance(t, str) or not isinstance(us, str):
        raise _bad_member("urlAccessInfo", "an object whose t and us are texts")
    preview = _number(member, "exper", 10**7) if "exper" in member else 0
    return UrlAccess(t, preview, _number(member, "rlimit", 9) if "rlimit" in member else 0, us)


def _number(member: Mapping[str, Any], name: str, most: int) -> int:
    value = member.get(name)
    # Some signers write numbers as texts.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _bad_member(name, f"a number of 0 to {most}")
    return value


def _bad_member(name: str, form: str) -> Denied:
    return Denied("psign.member", f"psign's member {name} must be {form}", field=name)


def _json(part: str) -> dict[str, Any]:
    try:
        return json_object(base64url.decode(part))
    except (ValueError, Invalid) as error:
        raise Denied("psign.malformed", "psign is no JSON web token: a part of it is no JSON object") from error


def _compact(part: Mapping[str, Any]) -> bytes:
    return json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode()


def _mac(key: str, signed: str) -> bytes:
    return hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
