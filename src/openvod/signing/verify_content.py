"""``verify_content`` of a Commit answer (``upload-protocol.md`` 2.4)."""

from __future__ import annotations

import base64
import hashlib
import hmac


def mint(verify_key: str, file_id: str, expires_at: int) -> str:
    """Return Base64 of the raw HMAC-SHA1 and the text that it signs; ``expires_at`` in Unix seconds."""
    text = f"ExpTime={expires_at}&FileId={file_id}".encode()
    return base64.b64encode(hmac.new(verify_key.encode(), text, hashlib.sha1).digest() + text).decode()
