"""The moment after which a file is deleted, as every wire gives it (``ExpireTime``)."""

from __future__ import annotations

from openvod.base.errors import Invalid
from openvod.events.codec import NEVER, iso_time, read_time


def expiry(text: str, now: float, *, malformed: str = "media.expire_time", past: str = "media.expire_time") -> str:
    """Return an ISO 8601 moment in UTC, empty for never; an empty ``text`` is never.

    Raises ``Invalid`` with the code ``malformed`` for what is no moment, ``past`` for one that has passed.
    """
    if not text:
        return ""
    try:
        moment = read_time(text)
    except ValueError as error:
        raise Invalid(
            malformed, f"ExpireTime {text[:40]!r} is no ISO 8601 moment; write it like 2030-05-01T08:00:00Z"
        ) from error
    if moment <= now:
        raise Invalid(past, f"ExpireTime {text[:40]!r} has passed; choose a later one")
    text = iso_time(moment)
    return "" if text == NEVER else text
