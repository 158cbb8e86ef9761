"""Calls of clients as a fault proxy tells them apart, and what can be done to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit


class Call(StrEnum):
    """What a request is to the protocol."""

    PREPARE = "Prepare"
    APPLY = "Apply"
    COMMIT = "Commit"
    LIST_UPLOADS = "ListUploads"
    LIST_PARTS = "ListParts"
    INITIATE = "Initiate"
    PART = "part"
    PUT = "Put"
    COMPLETE = "Complete"
    OTHER = "other"


class Harm(StrEnum):
    """What happens to a call."""

    LOSE_ANSWER = "the server does it, the client never hears"
    RESET = "connection reset in the middle of the body"
    TRUNCATE = "connection closed in the middle of the body"
    TWICE = "sent twice at the same moment"
    HOLD = "this call and later ones of its kind wait for the test"


@dataclass(frozen=True)
class Fault:
    """Harm for the ``nth`` call of a kind."""

    harm: Harm
    call: Call
    nth: int = 1


@dataclass
class Seen:
    """One call as it went by; ``status`` 0 until the server has answered, ``delivered`` when the client has it.

    ``etag`` is the answer's, without quotes.
    """

    call: Call
    method: str
    target: str
    host: str
    status: int = 0
    delivered: bool = False
    secure: bool = False
    etag: str = ""

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    @property
    def arguments(self) -> dict[str, str]:
        """The decoded query."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


def classify(method: str, target: str, headers: dict[str, str]) -> Call:
    """Return what a request is, by its method, target and headers."""
    if method == "OPTIONS":
        return Call.OTHER
    parts = urlsplit(target)
    names = dict(parse_qsl(parts.query, keep_blank_values=True))
    action = names.get("Action") or headers.get("x-tc-action", "")
    for call in (Call.PREPARE, Call.APPLY, Call.COMMIT):
        if action.startswith(f"{call}Upload"):
            return call
    if "uploads" in names:
        return Call.INITIATE if method == "POST" else Call.LIST_UPLOADS
    if "uploadId" in names:
        return {"PUT": Call.PART, "POST": Call.COMPLETE, "GET": Call.LIST_PARTS}.get(method, Call.OTHER)
    return Call.PUT if method == "PUT" else Call.OTHER
