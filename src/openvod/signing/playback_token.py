"""Short tokens inside our own addresses: keys of encrypted streams, evidence of reviews (decision record 8)."""

from __future__ import annotations

import hashlib
import hmac

from openvod.base.errors import Denied

_KEY_BYTES = 16


def segment_key(root: bytes, file_id: str, definition: int) -> bytes:
    """Return the AES-128 key of an encrypted stream: derived, so that there is nothing to store or to lose."""
    return _mac(root, f"key/{file_id}/{definition}")[:_KEY_BYTES]


def segment_token(root: bytes, file_id: str, definition: int, expires: int) -> str:
    """Return ``<expiry>-<mac>``, which an address of a key carries; ``expires`` in Unix seconds."""
    return f"{expires}-{_mac(root, f'token/{file_id}/{definition}/{expires}').hex()[:32]}"


def check_segment_token(root: bytes, file_id: str, definition: int, token: str, now: float) -> None:
    """Raise ``Denied("playback.key")`` for a token that we did not mint, or that expired."""
    expires = _expiry(token)
    if expires is None or not _equal(segment_token(root, file_id, definition, expires), token):
        raise Denied("playback.key", "this address of a key was not issued here; take it from the playlist")
    if expires < now:
        raise Denied("playback.key", "this address of a key expired; load the playlist again")


def evidence_token(root: bytes, key: str, expires: int) -> str:
    """Return ``<expiry>-<mac>`` for an object that is not published; ``expires`` in Unix seconds."""
    return f"{expires}-{_mac(root, f'evidence/{expires}/{key}').hex()[:32]}"


def allows_evidence(root: bytes, key: str, token: str, now: float) -> bool:
    """Return whether a token opens this object now."""
    expires = _expiry(token)
    return expires is not None and expires >= now and _equal(evidence_token(root, key, expires), token)


def _expiry(token: str) -> int | None:
    text = token.partition("-")[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _equal(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def _mac(root: bytes, text: str) -> bytes:
    return hmac.new(root, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()
