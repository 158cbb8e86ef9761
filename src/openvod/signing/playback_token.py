"""Short tokens inside our own addresses: keys of encrypted streams, evidence of reviews (decision record 8)."""

from __future__ import annotations

import hashlib
import hmac

from openvod.base.errors import Denied

_KEY_BYTES = 16


def segment_key(root: bytes, file_id: str, definition: int) -> bytes:
    """Return the AES-128 key of an encrypted stream: derived, so that there is nothing to store or to lose."""
    return _mac(root, f"key/{file_id}/{definition}")[:_KEY_BYTES]


def segment_token(root: bytes, file_id: str, definition: int) -> str:
    """Return what an address of a key carries, so that keys cannot be fetched by counting FileIds."""
    return _mac(root, f"token/{file_id}/{definition}").hex()[:32]


def check_segment_token(root: bytes, file_id: str, definition: int, token: str) -> None:
    """Raise ``Denied("playback.key")`` for a token that we did not mint."""
    if not hmac.compare_digest(segment_token(root, file_id, definition).encode(), token.encode()):
        raise Denied("playback.key", "this address of a key was not issued here; take it from the playlist")


def evidence_token(root: bytes, key: str, expires: int) -> str:
    """Return ``<expiry>-<mac>`` for an object that is not published; ``expires`` in Unix seconds."""
    return f"{expires}-{_mac(root, f'evidence/{expires}/{key}').hex()[:32]}"


def allows_evidence(root: bytes, key: str, token: str, now: float) -> bool:
    """Tell whether a token opens this object now."""
    text = token.partition("-")[0]
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or int(text) < now:
        return False
    return hmac.compare_digest(evidence_token(root, key, int(text)).encode(), token.encode())


def _mac(root: bytes, text: str) -> bytes:
    return hmac.new(root, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()
