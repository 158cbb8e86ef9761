"""Header values out: HTTP/1.1 knows bytes, browsers know one way to name a file in other letters (RFC 6266, 8187)."""

from __future__ import annotations

import re
from urllib.parse import quote

from openvod.base.errors import Invalid

_FILE_NAME = re.compile(r"""filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))""", re.IGNORECASE)
_EXTENDED = re.compile(r"filename\*\s*=", re.IGNORECASE)


def header_bytes(value: str) -> bytes:
    """Encode a value: Latin-1, as stored headers came, or UTF-8 for what has more letters; nothing becomes "?"."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def disposition(value: str, field: str) -> str:
    """Return a Content-Disposition in ASCII that names the same file: ``filename*`` carries other letters.

    Raises ``Invalid("header.malformed")`` where such letters stand outside a file's name.
    """
    if value.isascii():
        return value

    def both(found: re.Match[str]) -> str:
        name = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2].strip()
        plain = "".join(each if each.isascii() and each not in '"\\' else "_" for each in name)
        told = f'filename="{plain}"'
        return told if has_extended else f"{told}; filename*=UTF-8''{quote(name, safe='')}"

    has_extended = _EXTENDED.search(value) is not None
    written = _FILE_NAME.sub(both, value, count=1)
    if not written.isascii():
        raise Invalid("header.malformed", f"{field} has other letters than ASCII outside its filename; move them there")
    return written
