"""Identifiers and their alphabets (``procedures-and-api.md`` 9, ``cos-storage.md`` 4.3)."""

from __future__ import annotations

from openvod.base.ports import Entropy

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

#: FileIds are decimal, 19 digits, and stay inside a signed 64-bit integer.
_FILE_ID_BASE = 5_000_000_000_000_000_000
_FILE_ID_SPAN = 4_000_000_000_000_000_000


def new_file_id(entropy: Entropy) -> str:
    """Return a fresh 19-digit decimal ``FileId``."""
    return str(_FILE_ID_BASE + int.from_bytes(entropy.token(8), "big") % _FILE_ID_SPAN)


def cover_id_of(file_id: str) -> str:
    """Return the id of the cover that travels with ``file_id`` (the next number, as in the original's samples)."""
    return str(int(file_id) + 1)


def new_hex(entropy: Entropy, digits: int) -> str:
    """Return ``digits`` random lower-case hexadecimal digits."""
    return entropy.token((digits + 1) // 2).hex()[:digits]


def new_alphanumeric(entropy: Entropy, length: int) -> str:
    """Return ``length`` random characters of ``[A-Za-z0-9]``, without modulo bias."""
    out: list[str] = []
    while len(out) < length:
        out.extend(_ALPHANUMERIC[byte % 62] for byte in entropy.token(length) if byte < 248)
    return "".join(out[:length])


def new_upload_id(entropy: Entropy, now: float) -> str:
    """Return an ``UploadId``: ten digits of Unix seconds, then 64 hexadecimal digits, so that text order is age."""
    return f"{int(now):010d}{entropy.token(32).hex()}"
