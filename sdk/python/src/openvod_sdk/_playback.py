"""Signatures for playback: signed links, play tokens, player signatures (conformance/playback.json)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from openvod_sdk._errors import InvalidPermission

_USUAL_LENGTH = 10
_SHORTEST_PREVIEW = 30
_LENGTH_BYTES = 4
_VERSION = b"openvod-play-2"


def sign_link(
    url: str, key: str, *, expire: int = 3600, preview: int = 0, most_addresses: int = 0, now: float | None = None
) -> str:
    """Return a media URL signed with the domain's KEY; it admits to all files of its directory.

    ``expire`` in seconds from now (the platform adds 300). ``preview``: seconds that may be played, 0 for all, else 30
    or more and a multiple of 10. ``most_addresses``: most client addresses that may use it (1 to 9), 0 for no limit.
    Raises ``InvalidPermission`` naming the argument.
    """
    _check_key(key)
    if preview and (preview < _SHORTEST_PREVIEW or preview % 10):
        raise InvalidPermission(f"preview must be 0, or at least {_SHORTEST_PREVIEW} and a multiple of 10")
    if not 0 <= most_addresses <= 9:
        raise InvalidPermission("most_addresses must be 0 to 9")
    path = _path(url)
    values = {
        "t": f"{_moment(expire, now):08x}",
        "exper": str(preview or ""),
        "rlimit": str(most_addresses or ""),
        "us": secrets.token_hex(_USUAL_LENGTH // 2),
    }
    directory = path[: path.rfind("/") + 1]
    digest = hashlib.md5(f"{key}{directory}{''.join(values.values())}".encode(), usedforsecurity=False).hexdigest()
    return _with_query(url, {name: value for name, value in values.items() if value} | {"sign": digest})


def sign_play_token(
    url: str,
    key: str,
    *,
    expire: int = 3600,
    directory: bool = False,
    preview: int = 0,
    address: str = "",
    session: str = "",
    referer: str = "",
    now: float | None = None,
) -> str:
    """Return a media URL with a play token, signed with the domain's KEY.

    It admits to this file, or with ``directory`` to all files below its directory (needed for playlists).
    ``preview``: seconds that may be played. ``address`` (or network), ``session`` (the value of cookie
    ``openvod-session``) and ``referer`` (a host) bind it. Raises ``InvalidPermission`` naming the argument.
    """
    _check_key(key)
    if preview < 0:
        raise InvalidPermission("preview must not be negative")
    path = _path(url)
    fields = (
        path[: path.rfind("/") + 1] if directory else path,
        str(_moment(expire, now)),
        str(preview),
        address,
        session,
        referer,
    )
    body = b"".join(_with_length(each.encode()) for each in fields)
    mac = hmac.new(key.encode(), _with_length(_VERSION) + body, hashlib.sha256).digest()
    return _with_query(url, {"pt": f"{_text(body)}.{_text(mac)}"})


def sign_player(play_key: str, payload: Mapping[str, Any]) -> str:
    """Return a ``psign`` for the player page: a JWT of the payload under the application's play key.

    Required: ``appId``, ``fileId``, ``contentInfo``, ``currentTimeStamp``. Optional: ``expireTimeStamp``,
    ``urlAccessInfo``.
    """
    _check_key(play_key)
    for name in ("appId", "fileId", "contentInfo", "currentTimeStamp"):
        if name not in payload:
            raise InvalidPermission(f"payload must have {name}")
    parts = ({"alg": "HS256", "typ": "JWT"}, payload)
    signed = ".".join(_text(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode()) for part in parts)
    return f"{signed}.{_text(hmac.new(play_key.encode(), signed.encode(), hashlib.sha256).digest())}"


def _check_key(key: str) -> None:
    if not key:
        raise InvalidPermission(
            "the key must not be empty; DescribeVodDomains and DescribeDefaultDistributionConfig return it"
        )


def _moment(expire: int, now: float | None) -> int:
    if expire < 1:
        raise InvalidPermission("expire must be at least 1 second")
    return int(time.time() if now is None else now) + expire


def _path(url: str) -> str:
    path = urlsplit(url).path
    if not path.startswith("/"):
        raise InvalidPermission("url must be a complete media URL")
    return path


def _with_query(url: str, values: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(values)}"


def _with_length(field: bytes) -> bytes:
    return len(field).to_bytes(_LENGTH_BYTES, "big") + field


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
