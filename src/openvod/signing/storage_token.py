"""Temporary storage credentials as stateless tokens (``cos-storage.md`` 3.3).

The token carries what it grants under a MAC; the secret key is derived from the token and never stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from openvod.base.errors import Denied, Invalid
from openvod.base.text import json_object
from openvod.signing import base64url

_VERSION = "v1"


@dataclass(frozen=True)
class StorageGrant:
    """What a credential may touch: ``resources`` are exact keys or prefixes with a trailing ``*`` in one bucket.

    ``max_bytes`` bounds objects by key; ``networks`` and ``origins`` are those of the permission. Times are Unix
    seconds.
    """

    sub_app_id: int
    session: str
    bucket: str
    resources: tuple[str, ...]
    actions: tuple[str, ...]
    max_bytes: Mapping[str, int]
    issued_at: int
    expires_at: int
    file_id: str
    networks: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def allows_key(self, key: str) -> bool:
        """Return whether ``key`` is granted."""
        return any(key.startswith(r[:-1]) if r.endswith("*") else key == r for r in self.resources)

    def allows_prefix(self, prefix: str) -> bool:
        """Return whether everything below ``prefix`` is granted."""
        return self.allows_key(prefix)


@dataclass(frozen=True)
class TemporaryCredential:
    """The STS-like triple that Apply hands out."""

    secret_id: str
    secret_key: str
    token: str
    issued_at: int
    expires_at: int


def mint(grant: StorageGrant, root_key: bytes, secret_id_suffix: str, key_id: str = "1") -> TemporaryCredential:
    """Make a credential; ``secret_id_suffix`` are 32 random alphanumerics, ``key_id`` names ``root_key``."""
    secret_id = f"AKID{secret_id_suffix}"
    content = {"kid": key_id, "sid": secret_id} | asdict(grant)
    payload = base64url.encode(json.dumps(content, separators=(",", ":"), sort_keys=True).encode())
    token = f"{_VERSION}.{payload}.{base64url.encode(_mac(root_key, 'mac', payload))}"
    return TemporaryCredential(secret_id, _secret_key(root_key, token), token, grant.issued_at, grant.expires_at)


def open_token(token: str, access_key: str, root_keys: Mapping[str, bytes], now: float) -> tuple[StorageGrant, str]:
    """Return the grant and the secret key of a token.

    Raises ``Denied("storage_token.invalid")`` for a forged token or one of another ``access_key``, and
    ``Denied("storage_token.expired")``.
    """
    grant, secret_key, holder = _opened(token, tuple(root_keys.items()))
    if holder != access_key:
        raise _invalid()
    if now >= grant.expires_at:
        raise Denied("storage_token.expired", "the temporary credential expired; apply again with vodSessionKey")
    return grant, secret_key


@lru_cache(maxsize=4096)
def _opened(token: str, root_keys: tuple[tuple[str, bytes], ...]) -> tuple[StorageGrant, str, str]:
    """Return grant, secret key and holder of a genuine token; remembered, since every part of an upload shows it."""
    version, payload, mac = _split(token)
    content = _content(payload)
    root_key = dict(root_keys).get(str(content.pop("kid", "")))
    if version != _VERSION or root_key is None or not hmac.compare_digest(_mac(root_key, "mac", payload), mac):
        raise _invalid()
    holder = str(content.pop("sid"))
    content |= {name: tuple(content.get(name, ())) for name in ("resources", "actions", "networks", "origins")}
    # A token of the release before has null here.
    content["max_bytes"] = content["max_bytes"] or {}
    return StorageGrant(**content), _secret_key(root_key, token), holder


def peek_bucket(token: str) -> str:
    """Return the bucket that a token names, unverified: for addressing only, the caller opens the token next."""
    if not token:
        return ""
    return str(_content(_split(token)[1]).get("bucket", ""))


def _split(token: str) -> tuple[str, str, bytes]:
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 4096:
        raise _invalid()
    return parts[0], parts[1], _bytes(parts[2])


def _content(payload: str) -> dict[str, Any]:
    try:
        return json_object(_bytes(payload))
    except (ValueError, Invalid) as error:
        raise _invalid() from error


def _mac(root_key: bytes, purpose: str, text: str) -> bytes:
    subkey = hmac.new(root_key, purpose.encode(), hashlib.sha256).digest()
    return hmac.new(subkey, text.encode(), hashlib.sha256).digest()


def _secret_key(root_key: bytes, token: str) -> str:
    return base64url.encode(_mac(root_key, "secret-key", token))[:40]


def _bytes(text: str) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise _invalid() from error


def _invalid() -> Denied:
    return Denied("storage_token.invalid", "x-cos-security-token or q-ak is not one that Apply handed out; apply again")
