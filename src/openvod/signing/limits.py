"""Limits inside an upload signature: further signed keys of ours, which other verifiers ignore.

| Key | Value |
| --- | --- |
| ``maxVideoSize``, ``maxCoverSize`` | bytes |
| ``videoTypes``, ``coverTypes`` | extensions, separated by commas |
| ``maxUploads`` | uploads that this signature may open |
| ``userId`` | who uploads; a session is resumed and committed under the same one only |
| ``clientNetworks`` | addresses or networks (CIDR), separated by commas |
| ``pageOrigins`` | origins of pages, separated by commas |
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from openvod.base.errors import Denied, Invalid
from openvod.signing.addresses import is_inside

_MAX_ITEMS = 32
_MAX_USER_ID = 128


@dataclass(frozen=True)
class UploadLimits:
    """What a permission allows at most; 0 and empty mean no limit. Sizes in bytes."""

    max_video_size: int = 0
    max_cover_size: int = 0
    video_types: tuple[str, ...] = ()
    cover_types: tuple[str, ...] = ()
    max_uploads: int = 0
    user_id: str = ""
    client_networks: tuple[str, ...] = ()
    page_origins: tuple[str, ...] = ()

    @property
    def bounds_files(self) -> bool:
        """True when sizes or types are limited."""
        return any((self.max_video_size, self.max_cover_size, self.video_types, self.cover_types))


@dataclass(frozen=True)
class Caller:
    """Who asks: the client's address and, for a web page, its origin; empty when unknown."""

    address: str = ""
    origin: str = ""


ANYBODY = Caller()
NO_LIMITS = UploadLimits()


def read_limits(parameters: Mapping[str, str]) -> UploadLimits:
    """Read the limits of signed parameters; ``Invalid("signature.malformed")`` names a bad one."""
    user_id = parameters.get("userId", "")
    if len(user_id) > _MAX_USER_ID:
        raise _malformed("userId", f"has {len(user_id)} characters; at most {_MAX_USER_ID} are accepted")
    return UploadLimits(
        max_video_size=_count(parameters, "maxVideoSize"),
        max_cover_size=_count(parameters, "maxCoverSize"),
        video_types=tuple(item.lower().lstrip(".") for item in _items(parameters, "videoTypes")),
        cover_types=tuple(item.lower().lstrip(".") for item in _items(parameters, "coverTypes")),
        max_uploads=_count(parameters, "maxUploads"),
        user_id=user_id,
        client_networks=tuple(_network(item) for item in _items(parameters, "clientNetworks")),
        page_origins=tuple(_origin(item) for item in _items(parameters, "pageOrigins")),
    )


def check_caller(networks: tuple[str, ...], origins: tuple[str, ...], caller: Caller) -> None:
    """Refuse a client of another network, or a page of another origin.

    Raises ``Denied("permission.network")`` and ``Denied("permission.origin")``.
    """
    if networks and not is_inside(caller.address, networks):
        raise Denied(
            "permission.network",
            f"this permission was given to another network, not to {caller.address or 'an unknown address'}; "
            "get a new signature",
        )
    if origins and caller.origin.lower() not in origins:
        raise Denied(
            "permission.origin",
            f"this permission was given to another page, not to {caller.origin[:100] or 'a client without an Origin'}; "
            "get a new signature",
        )


def _count(parameters: Mapping[str, str], name: str) -> int:
    text = parameters.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) > 0):
        raise _malformed(name, "must be a whole number above 0")
    return int(text)


def _items(parameters: Mapping[str, str], name: str) -> list[str]:
    items = [item.strip() for item in parameters.get(name, "").split(",") if item.strip()]
    if len(items) > _MAX_ITEMS:
        raise _malformed(name, f"has {len(items)} entries; at most {_MAX_ITEMS} are accepted")
    if parameters.get(name, "") and not items:
        raise _malformed(name, "is empty; leave it out or name what is allowed")
    return items


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as error:
        raise _malformed("clientNetworks", f"{text[:50]!r} is no address or network such as 203.0.113.0/24") from error


def _origin(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    if scheme.lower() not in ("http", "https") or not mark or not rest or "/" in rest:
        raise _malformed("pageOrigins", f"{text[:80]!r} must look like https://app.example.com")
    return text.lower()


def _malformed(name: str, words: str) -> Invalid:
    return Invalid("signature.malformed", f"signature: {name} {words}")
