"""What is text: Python's ``str`` also holds halves of surrogate pairs, which no encoding carries."""

from __future__ import annotations

import os


def is_text(value: str) -> bool:
    """Tell whether a value can be encoded: no half surrogate (JSON's ``\\ud800``), no NUL, which databases refuse."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def shown(path: str | os.PathLike[str]) -> str:
    """Return a file name that can be sent and printed: bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(path).decode(errors="replace")
