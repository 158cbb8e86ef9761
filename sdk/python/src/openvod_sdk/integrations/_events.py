"""Event receiver: verifies, deduplicates and stores events."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from openvod_sdk._errors import EventError
from openvod_sdk._events import Event, parse_event, verify_event
from openvod_sdk._webhook import check_webhook, webhook_keys
from openvod_sdk.integrations._refused import Refused


class EventStore(Protocol):
    """Stores events durably, without duplicates."""

    def add(self, event: Event) -> bool:
        """Store an event durably; false for a duplicate, which is not stored."""
        ...


class SqliteEventStore:
    """Stores events in a SQLite file, synced before ``add`` returns."""

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL,"
            " type TEXT NOT NULL, file_id TEXT NOT NULL, received_at REAL NOT NULL, body TEXT NOT NULL)"
        )

    def add(self, event: Event) -> bool:
        """See :class:`EventStore`."""
        row = (event.key, event.type, event.file_id, time.time(), json.dumps(event.body, ensure_ascii=False))
        with self._lock:
            cursor = self._connection.execute(
                "INSERT OR IGNORE INTO events (key, type, file_id, received_at, body) VALUES (?, ?, ?, ?, ?)", row
            )
            return cursor.rowcount > 0

    def find(self, file_id: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """Return stored events, newest first, optionally of one file."""
        where = "WHERE file_id = ?" if file_id else ""
        with self._lock:
            rows = self._connection.execute(
                f"SELECT number, received_at, body FROM events {where} ORDER BY number DESC LIMIT ?",  # noqa: S608
                (*([file_id] if file_id else []), limit),
            ).fetchall()
        return [{"number": n, "receivedAt": at, "event": json.loads(body)} for n, at, body in rows]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class EventReceiver:
    """Receives notifications and refuses forged ones.

    ``webhook_secret`` is the endpoint's secret, ``whsec_…`` (several while one is rotated): it signs the whole body.
    ``sign_key`` verifies the older ``Sign`` and ``T``, which do not cover the body; with both, both must be valid.
    ``allow_unsigned=True`` accepts notifications of any sender. Bodies above ``max_bytes`` are refused.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        webhook_secret: str | Sequence[str] = (),
        sign_key: str = "",
        allow_unsigned: bool = False,
        max_bytes: int = 4 << 20,
    ) -> None:
        self._store = store
        self._keys = webhook_keys(webhook_secret)
        self._sign_key = sign_key
        self.max_bytes = max_bytes
        if not (self._keys or sign_key or allow_unsigned):
            raise ValueError(
                "EventReceiver needs webhook_secret, the endpoint's secret: 'openvod events set-url' prints it once, "
                "'openvod events endpoints rotate default' makes a new one; allow_unsigned=True accepts any event"
            )

    def receive(self, body: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> Event:
        """Store one notification; ``headers`` have lower-case names.

        Raises ``Refused`` with 413 for a body that is too large, 403 for a forged and 400 for a malformed one.
        """
        if len(body) > self.max_bytes:
            raise Refused(413, 41300, f"the notification exceeds the limit of {self.max_bytes} bytes")
        try:
            if self._keys:
                check_webhook(headers, body, self._keys, time.time())
        except EventError as error:
            raise Refused(403, 40303, str(error)) from error
        try:
            event = parse_event(body)
        except EventError as error:
            raise Refused(400, 40001, str(error)) from error
        try:
            if self._sign_key:
                verify_event(event, self._sign_key)
        except EventError as error:
            raise Refused(403, 40303, str(error)) from error
        self._store.add(event)
        return event
