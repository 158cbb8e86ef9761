"""Notifications: reading and checking them (events.md 2.1, 3, 8)."""

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
    """A notification of either format. ``body`` is everything that arrived; other fields are "" when absent."""

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
        """Equal for repetitions of the same notification, so that it can be stored once."""
        content = {k: v for k, v in self.body.items() if k not in ("Sign", "T")}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{self.type}:{self.file_id or self.task_id}:{digest}"


def parse_event(body: bytes) -> Event:
    """Read a notification of format 3.0 or 2.0; raises ``EventError``."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventError("the notification is not JSON") from error
    if not isinstance(parsed, dict):
        raise EventError("the notification is not a JSON object")
    if isinstance(parsed.get("EventType"), str):
        return _current(parsed)
    if isinstance(parsed.get("eventType"), str) and isinstance(parsed.get("data"), dict):
        return _legacy(parsed)
    raise EventError("the notification has neither EventType nor eventType with data")


def verify_event(event: Event, sign_key: str, *, now: float | None = None) -> None:
    """Check ``Sign`` and ``T`` of a notification; raises ``EventError`` when forged or expired."""
    sign, expires = event.body.get("Sign"), event.body.get("T")
    if not isinstance(sign, str) or not isinstance(expires, int):
        raise EventError("the notification carries no Sign and T; set the same sign key on both sides")
    expected = hashlib.md5(f"{sign_key}{expires}".encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected.encode(), sign.lower().encode()):
        raise EventError("Sign of the notification is wrong; set the same sign key on both sides")
    if (time.time() if now is None else now) > expires:
        raise EventError("the notification expired (T)")


def _current(body: dict[str, Any]) -> Event:
    members = [value for name, value in body.items() if name.endswith("Event") and isinstance(value, dict)]
    member = members[0] if members else {}
    basic = member.get("MediaBasicInfo") or {}
    return Event(
        type=body["EventType"],
        file_id=str(member.get("FileId") or ""),
        task_id=str(member.get("TaskId") or member.get("ProcedureTaskId") or ""),
        source_context=str((basic.get("SourceInfo") or {}).get("SourceContext") or ""),
        media_url=str(basic.get("MediaUrl") or member.get("FileUrl") or ""),
        cover_url=str(basic.get("CoverUrl") or ""),
        status=str(member.get("Status") or ""),
        body=body,
    )


def _legacy(body: dict[str, Any]) -> Event:
    data = body["data"]
    return Event(
        type=body["eventType"],
        file_id=str(data.get("fileId") or ""),
        task_id=str(data.get("vodTaskId") or data.get("procedureTaskId") or ""),
        source_context=str(data.get("sourceContext") or ""),
        media_url=str(data.get("fileUrl") or ""),
        cover_url=str(data.get("coverUrl") or ""),
        status=str(data.get("status") or ""),
        body=body,
    )
