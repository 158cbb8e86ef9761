"""Tokens that let somebody read one application's live events for a while."""

from __future__ import annotations

import hashlib
import hmac
import re

_DIGITS = 32
_SHAPE = re.compile(r"([0-9]{1,19})-([0-9]{1,12})-[0-9a-f]{32}")


def stream_token(root: bytes, sub_app_id: int, expires: int) -> str:
    """Return ``<application>-<expiry>-<mac>``; ``expires`` in Unix seconds."""
    mac = hmac.new(root, f"event-stream/{sub_app_id}/{expires}".encode(), hashlib.sha256).hexdigest()
    return f"{sub_app_id}-{expires}-{mac[:_DIGITS]}"


def read_stream_token(root: bytes, token: str, now: float) -> tuple[int, int] | None:
    """Return application and expiry of a token minted with ``root``; ``None`` when it is forged or expired."""
    match = _SHAPE.fullmatch(token)
    if match is None:
        return None
    sub_app_id, expires = int(match[1]), int(match[2])
    genuine = hmac.compare_digest(stream_token(root, sub_app_id, expires).encode(), token.encode())
    return (sub_app_id, expires) if genuine and expires > now else None
