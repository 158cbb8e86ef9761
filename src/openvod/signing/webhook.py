"""Signatures of Standard Webhooks: HMAC-SHA256 over ``id.timestamp.body``, one for each secret in force."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def webhook_signature(secrets: Sequence[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return ``webhook-signature``; ``timestamp`` in Unix seconds. A receiver accepts any one of them."""
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode() for secret in secrets
    )


def secret_text(secret: bytes) -> str:
    """Return a secret as receivers are given it."""
    return PREFIX + base64.b64encode(secret).decode()


def secret_bytes(text: str) -> bytes:
    """Read :func:`secret_text`; raises ``ValueError``."""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
