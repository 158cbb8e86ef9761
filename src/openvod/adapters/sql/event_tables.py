"""The events room's logs in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from openvod.adapters.sql import event_schema as schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, insert_if_absent, remove, values
from openvod.events.model import DeliveryState, Event, EventState, NewEvent

_WAITED_FOR = (DeliveryState.WAITING.value, DeliveryState.BEHIND.value)
_UNFINISHED = (EventState.HELD.value, EventState.QUEUED.value)


class SqlEventTables:
    """See :class:`openvod.events.ports.EventTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, event: NewEvent) -> int:
        """Insert an event; return its id. A complete one is logged unless an earlier one of its subject is held."""
        row: dict[str, Any] = values(event) | {"state": event.state.value}
        if event.state is EventState.PENDING:
            row |= self._place(event.sub_app_id, event.subject)
        result = self._connection.execute(insert(schema.events).values(**row).returning(schema.events.c.event_id))
        return int(result.scalar_one())

    def held(self, subject: str) -> Sequence[Event]:
        """Return the held events of a subject."""
        table = schema.events
        rows = fetch_all(self._connection, table, table.c.subject == subject, table.c.state == EventState.HELD.value)
        return [event_of(row) for row in rows]

    def release(self, event_id: int, payload: str) -> None:
        """Complete a held event; it enters the log, followed by events that were queued behind it."""
        table = schema.events
        changed = self._connection.execute(
            update(table)
            .where(table.c.event_id == event_id, table.c.state == EventState.HELD.value)
            .values(payload=payload, state=EventState.QUEUED.value)
            .returning(table.c.sub_app_id, table.c.subject)
        ).first()
        if changed:
            self._lock_log(changed.sub_app_id)
            self._log_queued(changed.sub_app_id, changed.subject)

    def heads(self) -> Mapping[int, int]:
        """Return the last sequence of every application that has events."""
        return {row.sub_app_id: row.last_sequence for row in fetch_all(self._connection, schema.event_logs)}

    def log(self, sub_app_id: int, after: int, limit: int) -> Sequence[Event]:
        """Return an application's events with a greater sequence, in order."""
        table = schema.events
        where = (table.c.sub_app_id == sub_app_id, table.c.sequence > after)
        statement = select(table).where(*where).order_by(table.c.sequence).limit(limit)
        return [event_of(row) for row in self._connection.execute(statement)]

    def newest(self, sub_app_id: int, before: int, limit: int, *, type: str = "", subject: str = "") -> Sequence[Event]:
        """Return an application's newest events."""
        table = schema.events
        # ``+ 0`` keeps SQLite from scanning the application's log; the index of subjects is more selective.
        where = [
            (table.c.sub_app_id + 0 if subject else table.c.sub_app_id) == sub_app_id,
            table.c.sequence.is_not(None),
        ]
        where += [table.c.sequence < before] if before else []
        where += [table.c.type == type] if type else []
        where += [table.c.subject == subject] if subject else []
        statement = select(table).where(*where).order_by(table.c.sequence.desc()).limit(limit)
        return [event_of(row) for row in self._connection.execute(statement)]

    def events(self, after: int, limit: int, subject: str = "") -> Sequence[Event]:
        """Return events of all applications by id after ``after``, held ones included."""
        table = schema.events
        where = [table.c.event_id > after] + ([table.c.subject == subject] if subject else [])
        statement = select(table).where(*where).order_by(table.c.event_id).limit(limit)
        return [event_of(row) for row in self._connection.execute(statement)]

    def event(self, event_id: int) -> Event | None:
        """Return one event."""
        row = fetch_one(self._connection, schema.events, schema.events.c.event_id == event_id)
        return event_of(row) if row else None

    def forget(self, sub_app_id: int, up_to: int, before: float, limit: int) -> int:
        """Delete the oldest events that no endpoint needs, with their deliveries and attempts."""
        table, deliveries = schema.events, schema.event_deliveries
        where = (table.c.sub_app_id == sub_app_id, table.c.sequence <= up_to)
        oldest = select(table.c.event_id, table.c.created_at).where(*where).order_by(table.c.sequence).limit(limit)
        old = [row.event_id for row in self._connection.execute(oldest) if row.created_at < before]
        waited = select(deliveries.c.event_id).where(
            deliveries.c.endpoint_id.in_(self._endpoints_of(sub_app_id)), deliveries.c.state.in_(_WAITED_FOR)
        )
        gone = sorted({*old} - {row.event_id for row in self._connection.execute(waited)})
        if gone:
            delivered = deliveries.c.endpoint_id.in_(self._endpoints_of(sub_app_id))
            remove(self._connection, deliveries, delivered, deliveries.c.event_id.in_(gone))
            remove(self._connection, schema.delivery_attempts, schema.delivery_attempts.c.event_id.in_(gone))
            remove(self._connection, table, table.c.event_id.in_(gone))
        return len(gone)

    def _endpoints_of(self, sub_app_id: int) -> Select[tuple[int]]:
        return select(schema.event_endpoints.c.endpoint_id).where(schema.event_endpoints.c.sub_app_id == sub_app_id)

    def _place(self, sub_app_id: int, subject: str) -> dict[str, Any]:
        """Return the state and sequence of a new, complete event."""
        # Lock the log first, so that a concurrent release of the same subject has either committed or waits.
        self._lock_log(sub_app_id)
        table = schema.events
        older = select(table.c.event_id).where(table.c.subject == subject, table.c.state.in_(_UNFINISHED)).limit(1)
        if subject and self._connection.execute(older).first():
            return {"state": EventState.QUEUED.value}
        return {"sequence": self._next(sub_app_id)}

    def _log_queued(self, sub_app_id: int, subject: str) -> None:
        """Assign sequences to complete events of a subject, up to the first held one."""
        table = schema.events
        statement = select(table).where(table.c.subject == subject, table.c.state.in_(_UNFINISHED))
        for row in self._connection.execute(statement.order_by(table.c.event_id)).all():
            if row.state == EventState.HELD.value:
                return
            self._connection.execute(
                update(table)
                .where(table.c.event_id == row.event_id)
                .values(state=EventState.PENDING.value, sequence=self._next(sub_app_id))
            )

    def _lock_log(self, sub_app_id: int) -> None:
        """Lock an application's log until the transaction ends, so that sequences are in order of commit."""
        table = schema.event_logs
        if fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, lock=True) is None:
            insert_if_absent(self._connection, table, {"sub_app_id": sub_app_id, "last_sequence": 0})
            fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, lock=True)

    def _next(self, sub_app_id: int) -> int:
        table = schema.event_logs
        statement = (
            update(table)
            .where(table.c.sub_app_id == sub_app_id)
            .values(last_sequence=table.c.last_sequence + 1)
            .returning(table.c.last_sequence)
        )
        return int(self._connection.execute(statement).scalar_one())


def event_of(row: Any) -> Event:
    """Return a row of ``events`` as a value."""
    return Event(
        row.event_id, row.sub_app_id, row.sequence, row.type, row.subject, row.payload, EventState(row.state),
        row.created_at,
    )  # fmt: skip
