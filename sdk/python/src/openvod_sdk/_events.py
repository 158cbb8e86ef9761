"""Parses and verifies notifications (events.md 2.1, 3, 8)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openvod_sdk._errors import EventError


@dataclass(frozen=True)
class Event:
    """A notification of either format. ``body`` is the whole notification; other fields are "" when absent."""

    type: str
    file_id: str
    task_id: str
    source_context: str
    media_url: str
    cover_url: str
    status: str
    body: Mapping[str, Any]

    @property
    def key(self) -> str:
        """A key that is equal for repetitions of a notification, for deduplication."""
        content = {k: v for k, v in self.body.items() if k not in ("Sign", "T")}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{self.type}:{self.file_id or self.task_id}:{digest}"


def parse_event(body: bytes) -> Event:
    """Parse a notification of format 3.0 or 2.0; raises ``EventError``, which names the field."""
    try:
        parsed = json.loads(body)
        # JSON can contain half surrogate pairs, which are invalid Unicode and which databases refuse.
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise EventError("the notification is not JSON in valid Unicode") from error
    if not isinstance(parsed, dict):
        raise EventError("the notification is not a JSON object")
    if isinstance(parsed.get("EventType"), str):
        return _current(parsed)
    if isinstance(parsed.get("eventType"), str) and isinstance(parsed.get("data"), dict):
        return _legacy(parsed)
    raise EventError("the notification has neither EventType nor eventType with data")


def verify_event(event: Event, sign_key: str, *, now: float | None = None) -> None:
    """Verify ``Sign`` and ``T`` of a notification; raises ``EventError`` when forged or expired.

    This older signature does not cover the body; :func:`openvod_sdk.verify_webhook` does.
    """
    sign, expires = event.body.get("Sign"), event.body.get("T")
    if not isinstance(sign, str) or not isinstance(expires, int):
        raise EventError(
            "the notification has no Sign and T, although a sign key is set here: set the same key on the platform "
            "('openvod events set-url URL --sign-key KEY'), or verify webhook-signature instead"
        )
    expected = hashlib.md5(f"{sign_key}{expires}".encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected.encode(), sign.lower().encode()):
        raise EventError("Sign of the notification is wrong; set the same sign key on both sides")
    if (time.time() if now is None else now) > expires:
        raise EventError("the notification expired (T)")


def _current(body: dict[str, Any]) -> Event:
    members = [name for name, value in body.items() if name.endswith("Event") and value is not None]
    member = _object(body, members[0]) if members else {}
    basic = _object(member, "MediaBasicInfo")
    return Event(
        type=body["EventType"],
        file_id=_text(member, "FileId"),
        task_id=_text(member, "TaskId") or _text(member, "ProcedureTaskId"),
        source_context=_text(_object(basic, "SourceInfo"), "SourceContext"),
        media_url=_text(basic, "MediaUrl") or _text(member, "FileUrl"),
        cover_url=_text(basic, "CoverUrl"),
        status=_text(member, "Status"),
        body=body,
    )


def _legacy(body: dict[str, Any]) -> Event:
    data = body["data"]
    return Event(
        type=body["eventType"],
        file_id=_text(data, "fileId"),
        task_id=_text(data, "vodTaskId") or _text(data, "procedureTaskId"),
        source_context=_text(data, "sourceContext"),
        media_url=_text(data, "fileUrl"),
        cover_url=_text(data, "coverUrl"),
        status=_text(data, "status"),
        body=body,
    )


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object; an empty one for absent and null."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise EventError(f"{name} of the notification is not a JSON object")
    return value


def _text(parent: Mapping[str, Any], name: str) -> str:
    """Return a member as text; "" for absent and null. Numbers become text, because ids of old events are numbers."""
    value = parent.get(name)
    if isinstance(value, dict | list):
        raise EventError(f"{name} of the notification is not a text")
    return "" if value is None else str(value)
