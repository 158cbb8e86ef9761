"""Cursors of lists: a moment and an id in base64; opaque to clients, not secret."""

from __future__ import annotations

import base64
import binascii
import json
import math

from openvod.base.errors import Invalid
from openvod.base.text import json_value


def cursor_of(moment: float, name: str) -> str:
    """Return the cursor of a place in a list."""
    return base64.urlsafe_b64encode(json.dumps([moment, name]).encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[float, str] | None:
    """Return the place that a cursor stands for; ``None`` for the beginning."""
    if not cursor:
        return None
    try:
        moment, name = json_value(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        if isinstance(name, str) and isinstance(moment, int | float) and math.isfinite(moment):
            return float(moment), name
    except (binascii.Error, ValueError, TypeError, Invalid):
        pass
    raise Invalid("api.cursor", "cursor: send the nextCursor of the page before, as it is", field="cursor")
