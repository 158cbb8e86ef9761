"""Byte ranges and preconditions of GET and HEAD (``cos-storage.md`` 4.5, RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from openvod.base.errors import Invalid

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class ByteRange:
    """The bytes to send; ``partial`` tells 206 from 200."""

    start: int
    length: int
    partial: bool


def select_range(header: str, size: int) -> ByteRange:
    """Return the bytes for a ``Range`` header; malformed and multiple ranges select the whole object.

    Raises ``Invalid("request.range")`` for an unsatisfiable range.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return ByteRange(0, size, partial=False)
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        start = size - length
    else:
        start = int(first)
        if last and int(last) < start:
            return ByteRange(0, size, partial=False)
        length = min(int(last) if last else size, size - 1) - start + 1
    if length <= 0 or start >= size:
        raise Invalid("request.range", f"Range {header!r} is outside the object's {size} bytes", size=size)
    return ByteRange(start, length, partial=True)


def http_date(moment: float) -> str:
    """Format Unix seconds as an HTTP date."""
    return _http_date(int(moment))


@lru_cache(maxsize=256)
def _http_date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)


def precondition_status(headers: Mapping[str, str], etag: str, modified: float) -> int | None:
    """Return 304 or 412 when a conditional header decides the answer, else ``None``; ETags precede dates."""
    if "if-match" in headers:
        if not _matches(headers["if-match"], etag):
            return 412
    elif "if-unmodified-since" in headers and _later(modified, headers["if-unmodified-since"]):
        return 412
    if "if-none-match" in headers:
        return 304 if _matches(headers["if-none-match"], etag) else None
    if "if-modified-since" in headers and not _later(modified, headers["if-modified-since"], unparsable=True):
        return 304
    return None


def _matches(header: str, etag: str) -> bool:
    wanted = {item.strip().removeprefix("W/").strip('"') for item in header.split(",")}
    return "*" in wanted or etag in wanted


def _later(modified: float, header: str, *, unparsable: bool = False) -> bool:
    try:
        given = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return unparsable
    return int(modified) > given.timestamp()
