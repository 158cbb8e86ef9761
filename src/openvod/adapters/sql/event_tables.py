"""The events room's tables in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, insert_if_absent, values
from openvod.events.model import Attempt, Callback, Event, EventState, NewEvent


class SqlEventTables:
    """See :class:`openvod.events.ports.EventTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, event: NewEvent) -> int:
        """Insert; return the event's id."""
        row = values(event) | {"state": event.state.value, "attempts": 0, "next_attempt_at": event.created_at}
        result = self._connection.execute(insert(schema.events).values(**row).returning(schema.events.c.event_id))
        return int(result.scalar_one())

    def held(self, subject: str) -> Sequence[Event]:
        """Return the events of a subject that wait for their payload."""
        table = schema.events
        rows = fetch_all(self._connection, table, table.c.subject == subject, table.c.state == EventState.HELD.value)
        return [_event(row) for row in rows]

    def release(self, event_id: int, payload: str, now: float) -> None:
        """Complete a held event and make it deliverable."""
        table = schema.events
        self._connection.execute(
            update(table)
            .where(table.c.event_id == event_id, table.c.state == EventState.HELD.value)
            .values(payload=payload, state=EventState.PENDING.value, next_attempt_at=now)
        )

    def due(self, now: float, limit: int) -> Sequence[Event]:
        """Return pending events that are the oldest undelivered of their subject."""
        table, older = schema.events, schema.events.alias()
        undelivered_before = (
            select(older.c.event_id)
            .where(
                older.c.subject == table.c.subject,
                older.c.event_id < table.c.event_id,
                older.c.state != EventState.DELIVERED.value,
            )
            .exists()
        )
        addressed = and_(
            schema.applications.c.sub_app_id == table.c.sub_app_id, schema.applications.c.callback_url != ""
        )
        statement = (
            select(table)
            .join(schema.applications, addressed)
            .where(table.c.state == EventState.PENDING.value, table.c.next_attempt_at <= now, ~undelivered_before)
            .order_by(table.c.event_id)
            .limit(limit)
        )
        return [_event(row) for row in self._connection.execute(statement)]

    def callback(self, sub_app_id: int) -> Callback | None:
        """Return where an application wants its events."""
        table = schema.applications
        row = fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.callback_url != "")
        return Callback(row.callback_url, row.callback_sign_key) if row else None

    def events(self, after: int, limit: int, subject: str = "") -> Sequence[Event]:
        """Return events by id after ``after``."""
        table = schema.events
        where = [table.c.event_id > after] + ([table.c.subject == subject] if subject else [])
        statement = select(table).where(*where).order_by(table.c.event_id).limit(limit)
        return [_event(row) for row in self._connection.execute(statement)]

    def attempts(self, event_id: int) -> Sequence[Attempt]:
        """Return an event's attempts by number."""
        table = schema.delivery_attempts
        rows = fetch_all(self._connection, table, table.c.event_id == event_id, order=[table.c.number])
        return [Attempt(**row._mapping) for row in rows]

    def record(self, attempt: Attempt, *, retry_at: float | None) -> None:
        """Store an attempt and its consequence."""
        table = schema.events
        insert_if_absent(self._connection, schema.delivery_attempts, values(attempt))
        changes: dict[str, Any] = {"attempts": attempt.number}
        if retry_at is None:
            changes |= {"state": EventState.DELIVERED.value, "delivered_at": attempt.started_at + attempt.seconds}
        else:
            changes |= {"next_attempt_at": retry_at}
        self._connection.execute(update(table).where(table.c.event_id == attempt.event_id).values(**changes))


def _event(row: Any) -> Event:
    return Event(**(dict(row._mapping) | {"state": EventState(row.state)}))
