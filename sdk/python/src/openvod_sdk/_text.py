"""Checks of text: Python's ``str`` can contain half surrogate pairs, which cannot be encoded."""

from __future__ import annotations

import os


def is_text(value: str) -> bool:
    """Return whether a value is valid text: no half surrogate (JSON's ``\\ud800``), no NUL (databases refuse it)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def shown(path: str | os.PathLike[str]) -> str:
    """Return a file name that can be sent and printed: bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(path).decode(errors="replace")
