"""base64url without padding (RFC 4648 5), as tokens in addresses are written."""

from __future__ import annotations

import base64
import binascii


def encode(raw: bytes) -> str:
    """Return the text."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes; raises ``ValueError`` for what is no such text."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
