"""The signature inside an event notification (``events.md`` 2.1)."""

from __future__ import annotations

import hashlib


def event_sign(sign_key: str, expires_at: int) -> str:
    """Return ``Sign``: the MD5 of key and expiry (Unix seconds) in hexadecimal, as the original defines it."""
    return hashlib.md5(f"{sign_key}{expires_at}".encode(), usedforsecurity=False).hexdigest()
