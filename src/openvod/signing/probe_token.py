"""Tokens with which ``openvod doctor`` proves to its own server that it belongs to the installation."""

from __future__ import annotations

import hashlib
import hmac

_DIGITS = 32


def probe_token(root: bytes, expires: int) -> str:
    """Return ``<expiry>-<mac>``; ``expires`` in Unix seconds."""
    mac = hmac.new(root, f"probe/{expires}".encode(), hashlib.sha256).hexdigest()
    return f"{expires}-{mac[:_DIGITS]}"


def is_probe_token(root: bytes, token: str, now: float) -> bool:
    """Return whether a token was minted with ``root`` and is still good."""
    text = token.partition("-")[0]
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or int(text) < now:
        return False
    return hmac.compare_digest(probe_token(root, int(text)).encode(), token.encode("utf-8", "surrogateescape"))
