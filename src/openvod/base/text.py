"""The only place that decodes untrusted bytes: paths, queries, headers, forms and JSON become text here.

Text is Unicode without lone surrogates, which no encoding carries, and without NUL, which PostgreSQL does not keep.
What is none is refused by the name of its field before anything else looks at it: what passes fits into both
databases, into answers, events and logs.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from openvod.base.errors import Invalid

#: Integers of both databases.
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_MAX_DEPTH = 64
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")

Pairs = list[tuple[str, str]]


def checked(text: str, field: str) -> str:
    """Return ``text``; raises ``Invalid("text.malformed")`` that names ``field``."""
    if text.isascii() and "\x00" not in text:
        return text
    if found := _NO_TEXT.search(text):
        what = "a NUL character" if found[0] == "\x00" else "a lone surrogate, or bytes that are no UTF-8"
        raise _refused(field, f"contains {what} at position {found.start()}")
    return text


def decoded(raw: bytes, field: str) -> str:
    """Decode UTF-8; raises ``Invalid("text.malformed")`` that names ``field``."""
    try:
        return checked(raw.decode(), field)
    except UnicodeDecodeError as error:
        raise _refused(field, f"contains bytes that are no UTF-8 at position {error.start}") from error


def percent_decoded(raw: bytes, field: str) -> str:
    """Undo percent-encoding once, and decode; nothing is normalised."""
    return decoded(unquote_to_bytes(raw) if b"%" in raw else raw, field)


def query_pairs(raw: bytes) -> Pairs:
    """Split a query or a form on ``&`` alone, decode once (``+`` is a space); fields are named by their names."""
    pairs = []
    for item in raw.split(b"&"):
        if item:
            name, _, value = item.replace(b"+", b" ").partition(b"=")
            text = percent_decoded(name, "a parameter's name")
            pairs.append((text, percent_decoded(value, f"parameter {_shown(text)}")))
    return pairs


def loose_pairs(raw: bytes) -> Pairs:
    """As :func:`query_pairs` with "\ufffd" for what is no text: to tell requests apart, never to act on."""
    pairs = []
    for item in raw.split(b"&"):
        if item:
            name, _, value = item.replace(b"+", b" ").partition(b"=")
            pairs.append((loosely_decoded(name), loosely_decoded(value)))
    return pairs


def loosely_decoded(raw: bytes) -> str:
    """As :func:`percent_decoded` with "\ufffd" for what is no text: to show, never to act on."""
    text = (unquote_to_bytes(raw) if b"%" in raw else raw).decode(errors="replace")
    return text.replace("\x00", "\ufffd")


def json_value(raw: bytes | str) -> Any:
    """Read JSON; ``ValueError`` for what is none.

    Raises ``Invalid("text.malformed")`` for texts in it that are none, and for numbers that neither a database nor
    another JSON reader keeps: infinite ones, integers beyond 64 bits. The field's path is named.
    """
    text = decoded(raw.removeprefix(_BYTE_ORDER_MARK), "the body") if isinstance(raw, bytes) else raw
    try:
        value = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    _check(value, "", 0)
    return value


def json_object(raw: bytes | str) -> dict[str, Any]:
    """Read a JSON object; as :func:`json_value`."""
    value = json_value(raw)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _check(value: Any, path: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"nested more than {_MAX_DEPTH} deep")
    if isinstance(value, str):
        checked(value, path or "the text")
    elif isinstance(value, dict):
        for name, each in value.items():
            checked(name, f"a member's name in {path}" if path else "a member's name")
            _check(each, f"{path}.{_shown(name)}" if path else _shown(name), depth + 1)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            _check(each, f"{path}.{number}", depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _refused(path, "is a number without end")
    elif isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        raise _refused(path, "is an integer of more than 64 bits")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _shown(name: str) -> str:
    return name[:80]


def _refused(field: str, why: str) -> Invalid:
    return Invalid("text.malformed", f"{field or 'the value'} {why}; send Unicode text", field=field)


def printable(text: str) -> str:
    r"""Return ``text`` with escapes (``\n``, ``\u001b``) for what moves a terminal's cursor, ends a line or turns it
    around; for logs and terminals. JSON stays the same JSON.
    """
    return _ESCAPED.sub(_escape, text) if _ESCAPED.search(text) else text


def _escape(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or f"\\u{ord(match[0]):04x}"


_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
