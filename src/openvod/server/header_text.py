"""Encoding of response header values, and of non-ASCII file names (RFC 6266, 8187)."""

from __future__ import annotations

import re
from urllib.parse import quote

from openvod.base.errors import Invalid

_FILE_NAME = re.compile(r"""filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))""", re.IGNORECASE)
_EXTENDED = re.compile(r"filename\*\s*=", re.IGNORECASE)


def header_bytes(value: str) -> bytes:
    """Encode a value as Latin-1, like stored headers, or as UTF-8 if necessary; no character is replaced."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def disposition(value: str, field: str) -> str:
    """Return an equivalent Content-Disposition in ASCII, with ``filename*`` for non-ASCII names.

    Raises ``Invalid("header.malformed")`` for non-ASCII characters outside the file's name.
    """
    if value.isascii():
        return value

    def both(found: re.Match[str]) -> str:
        name = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2].strip()
        plain = "".join(each if each.isascii() and each not in '"\\' else "_" for each in name)
        ascii_only = f'filename="{plain}"'
        return ascii_only if has_extended else f"{ascii_only}; filename*=UTF-8''{quote(name, safe='')}"

    has_extended = _EXTENDED.search(value) is not None
    written = _FILE_NAME.sub(both, value, count=1)
    if not written.isascii():
        raise Invalid("header.malformed", f"{field} has non-ASCII characters outside its filename; remove them")
    return written
