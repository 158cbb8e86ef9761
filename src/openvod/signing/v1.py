"""Signatures of the older API form: parameters in the query or a form (``procedures-and-api.md`` 2.5)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

Pairs = Sequence[tuple[str, str]]
_METHODS = {"HmacSHA1": hashlib.sha1, "HmacSHA256": hashlib.sha256}


def is_known_method(name: str) -> bool:
    """Return whether ``SignatureMethod`` is one that exists; empty means HmacSHA1."""
    return (name or "HmacSHA1") in _METHODS


def sign(secret_key: str, *, method: str, host: str, pairs: Pairs, algorithm: str = "HmacSHA1") -> str:
    """Return the Base64 signature of ``pairs`` (without ``Signature``), values as they are before encoding."""
    listed = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    text = f"{method}{host}/?{listed}"
    # What was no UTF-8 on the wire is signed as the bytes that it was.
    signed = text.encode("utf-8", "surrogateescape")
    return base64.b64encode(hmac.new(secret_key.encode(), signed, _METHODS[algorithm]).digest()).decode()


def verify(secret_key: str, *, method: str, host: str, pairs: Pairs) -> bool:
    """Return whether ``Signature`` among ``pairs`` is right, in any form that clients sign."""
    given = dict(pairs)
    signature = given.get("Signature", "")
    algorithm = given.get("SignatureMethod") or "HmacSHA1"
    signed = [(name, value) for name, value in pairs if name != "Signature"]
    # Python writes "." for "_" in names when it signs; others sign the host without its port.
    forms = (signed, [(name.replace("_", "."), value) for name, value in signed])
    return any(
        hmac.compare_digest(
            sign(secret_key, method=method, host=each, pairs=form, algorithm=algorithm).encode(),
            signature.encode("utf-8", "surrogateescape"),
        )
        for form in forms
        for each in (host, re.sub(r":\d+$", "", host))
    )
