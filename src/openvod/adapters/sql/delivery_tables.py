"""The events room's deliveries and attempts in SQL. Writes are batched: one statement for many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, bindparam, func, select, update

from openvod.adapters.sql import event_schema as schema
from openvod.adapters.sql.endpoint_tables import SqlEndpointTables
from openvod.adapters.sql.event_tables import event_of
from openvod.adapters.sql.rows import fetch_all, fetch_one, insert_absent, remove, upsert, values
from openvod.events.model import (
    DEFAULT_ENDPOINT,
    PULL_QUEUE,
    Attempt,
    Delivery,
    DeliveryResults,
    DeliveryState,
    Endpoint,
    Event,
    Outcome,
    Transport,
)
from openvod.events.standing import DeliveryStanding, DeliveryStatus

_OPEN = (DeliveryState.WAITING.value, DeliveryState.BEHIND.value)
_LEFT = (DeliveryState.DONE, DeliveryState.DEAD)
_rows, _events = schema.event_deliveries, schema.events


class SqlDeliveryTables:
    """See :class:`openvod.events.ports.DeliveryTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(
        self, endpoint_id: int, now: float, limit: int, state: DeliveryState = DeliveryState.WAITING
    ) -> Sequence[Delivery]:
        """Return stored deliveries of a state that are due, in order."""
        moment = _rows.c.next_attempt_at <= now
        return self._stored(endpoint_id, state, limit, moment, order=_rows.c.sequence)

    def probe(self, endpoint_id: int) -> Sequence[Delivery]:
        """Return the waiting delivery with the fewest attempts, due or not, to probe whether the endpoint answers."""
        return self._stored(endpoint_id, DeliveryState.WAITING, 1, order=_rows.c.attempts)

    def fresh(self, endpoint: Endpoint, after: int, limit: int) -> tuple[int, Sequence[tuple[Delivery, bool]]]:
        """Return the last sequence read, and new deliveries, each with whether an earlier one of its file is open."""
        budget = len(endpoint.retry_delays) + 1
        rows = self._connection.execute(
            _FRESH,
            {"endpoint": endpoint.endpoint_id, "application": endpoint.sub_app_id, "after": after, "most": limit},
        ).all()
        found = [(Delivery(event_of(row), 0, budget, True), bool(row.comes_behind)) for row in rows if not row.known]
        return (rows[-1].sequence if rows else after), found

    def record_results(self, endpoint_id: int, results: DeliveryResults) -> None:
        """Store the outcomes of attempts."""
        table = schema.event_endpoints
        # The lock on the endpoint's row serialises all changes of its deliveries.
        locked = fetch_one(self._connection, table, table.c.endpoint_id == endpoint_id, lock=True)
        if locked is None:
            return
        self._keep_behind(endpoint_id, results.behind)
        self._record_attempts(results.outcomes)
        self._record_states(endpoint_id, results)
        self._promote(endpoint_id, results)
        if results.hasten:
            waiting = and_(_rows.c.endpoint_id == endpoint_id, _rows.c.state == DeliveryState.WAITING.value)
            later = and_(waiting, _rows.c.next_attempt_at > results.now)
            self._connection.execute(update(_rows).where(later).values(next_attempt_at=results.now))
        # Never decrease the cursor: a change of transport may have advanced it.
        cursor = max(locked.cursor, results.cursor)
        changes = values(results.health) | {"cursor": cursor}
        self._connection.execute(update(table).where(table.c.endpoint_id == endpoint_id).values(**changes))
        passed = and_(_rows.c.state == DeliveryState.DONE.value, _rows.c.sequence <= cursor)
        remove(self._connection, _rows, _rows.c.endpoint_id == endpoint_id, passed)

    def resend(self, endpoint: Endpoint, events: Sequence[Event], now: float) -> int:
        """Make events due again that are before the endpoint's cursor; return their number."""
        fetch_one(
            self._connection, schema.event_endpoints,
            schema.event_endpoints.c.endpoint_id == endpoint.endpoint_id, lock=True,
        )  # fmt: skip
        return sum(self._resend(endpoint, event, now) for event in events)

    def dead(self, endpoint_id: int, after: int, limit: int) -> Sequence[Event]:
        """Return an endpoint's dead letters by sequence."""
        statement = (
            select(_events)
            .join(_rows, _rows.c.event_id == _events.c.event_id)
            .where(
                _rows.c.endpoint_id == endpoint_id,
                _rows.c.state == DeliveryState.DEAD.value,
                _rows.c.sequence > after,
            )
            .order_by(_rows.c.sequence)
            .limit(limit)
        )
        return [event_of(row) for row in self._connection.execute(statement)]

    def counts(self, endpoint_id: int) -> Mapping[DeliveryState, int]:
        """Return the number of deliveries by state."""
        statement = select(_rows.c.state, func.count()).where(_rows.c.endpoint_id == endpoint_id)
        found = self._connection.execute(statement.group_by(_rows.c.state))
        return {DeliveryState(state): int(count) for state, count in found}

    def attempts(self, event_id: int) -> Sequence[Attempt]:
        """Return an event's attempts at all endpoints, by endpoint and number."""
        table = schema.delivery_attempts
        order = [table.c.endpoint_id, table.c.number]
        rows = fetch_all(self._connection, table, table.c.event_id == event_id, order=order)
        return [Attempt(**row._mapping) for row in rows]

    def statuses(self, event: Event) -> Sequence[DeliveryStatus]:
        """Return an event's delivery status at every endpoint in use of its application."""
        tables = SqlEndpointTables(self._connection)
        mode = tables.config(event.sub_app_id).transport
        # The original has two transports, and one is in use; leave out the other.
        unused = DEFAULT_ENDPOINT if mode is Transport.PULL else PULL_QUEUE
        endpoints = [each for each in tables.endpoints(event.sub_app_id) if each.name != unused]
        made: dict[int, list[Attempt]] = {}
        for attempt in self.attempts(event.event_id):
            made.setdefault(attempt.endpoint_id, []).append(attempt)
        return [self._status(each, event, made.get(each.endpoint_id, [])) for each in endpoints]

    def lease(self, endpoint_id: int, event: Event, handle: str, until: float) -> None:
        """Lease an event to a puller."""
        row = _new_row(endpoint_id, event, DeliveryState.LEASED, until)
        upsert(self._connection, _rows, row | {"handle": handle})

    def confirm(self, endpoint_id: int, handles: Sequence[str], now: float) -> int:
        """Delete leases that have not expired; return their number."""
        return remove(
            self._connection, _rows, _rows.c.endpoint_id == endpoint_id, _rows.c.handle.in_(handles),
            _rows.c.state == DeliveryState.LEASED.value, _rows.c.next_attempt_at > now,
        )  # fmt: skip

    def drop(self, endpoint_id: int, sequences: Iterable[int]) -> None:
        """Delete deliveries."""
        remove(self._connection, _rows, _rows.c.endpoint_id == endpoint_id, _rows.c.sequence.in_(list(sequences)))

    def move(self, source: Endpoint, target: Endpoint, now: float) -> None:
        """Move all undelivered events from one of the original's transports to the other."""
        kept = and_(_rows.c.endpoint_id == source.endpoint_id, _rows.c.state != DeliveryState.DEAD.value)
        found = self._connection.execute(select(_rows).where(kept).order_by(_rows.c.sequence)).all()
        remove(self._connection, _rows, kept)
        budget = len(target.retry_delays) + 1
        seen: set[str] = set()
        for row in found:
            changed = dict(row._mapping) | {"endpoint_id": target.endpoint_id, "handle": None}
            if row.state != DeliveryState.DONE.value:
                changed |= {"next_attempt_at": now, "attempts": 0, "budget": budget}
                changed["state"] = _moved_state(row, target.transport, seen).value
            upsert(self._connection, _rows, changed)

    def _stored(
        self, endpoint_id: int, state: DeliveryState, limit: int, *where: ColumnElement[bool], order: Column[int]
    ) -> Sequence[Delivery]:
        columns = (_rows.c.attempts, _rows.c.budget, _rows.c.next_attempt_at)
        statement = (
            select(_events, *columns)
            .join(_rows, _rows.c.event_id == _events.c.event_id)
            .where(_rows.c.endpoint_id == endpoint_id, _rows.c.state == state.value, *where)
            .order_by(order, _rows.c.sequence)
            .limit(limit)
        )
        rows = self._connection.execute(statement)
        return [Delivery(event_of(row), row.attempts, row.budget, False, row.next_attempt_at) for row in rows]

    def _keep_behind(self, endpoint_id: int, deliveries: Sequence[Delivery]) -> None:
        rows = [_new_row(endpoint_id, each.event, DeliveryState.BEHIND, 0.0, budget=each.budget) for each in deliveries]
        insert_absent(self._connection, _rows, rows)

    def _record_attempts(self, outcomes: Sequence[Outcome]) -> None:
        insert_absent(self._connection, schema.delivery_attempts, [values(each.attempt) for each in outcomes])

    def _record_states(self, endpoint_id: int, results: DeliveryResults) -> None:
        """Store deliveries that need a row: all except those that succeeded at once and are before the new cursor."""
        new, changed = [], []
        for outcome in results.outcomes:
            delivery, fresh = outcome.delivery, outcome.delivery.fresh
            row = _new_row(
                endpoint_id, delivery.event, outcome.state, outcome.retry_at, outcome.attempt.number, delivery.budget
            )
            if not fresh:
                changed.append({f"new_{name}": value for name, value in row.items()})
            elif outcome.state is not DeliveryState.DONE or delivery.sequence > results.cursor:
                new.append(row)
        insert_absent(self._connection, _rows, new)
        if changed:
            self._connection.execute(_CHANGE, changed)

    def _promote(self, endpoint_id: int, results: DeliveryResults) -> None:
        """For each file whose first delivery ended, make the next one due."""
        left = {
            each.delivery.event.subject
            for each in results.outcomes
            if not each.delivery.fresh and each.state in _LEFT and each.delivery.event.subject
        }
        for subject in left:
            next_one = (
                select(func.min(_rows.c.sequence))
                .where(
                    _rows.c.endpoint_id == endpoint_id,
                    _rows.c.subject == subject,
                    _rows.c.state == DeliveryState.BEHIND.value,
                )
                .scalar_subquery()
            )
            # A resent event of the file may also be waiting: then the last one to end makes the next one due.
            others = _rows.alias()
            first_left = ~(
                select(others.c.sequence)
                .where(
                    others.c.endpoint_id == endpoint_id,
                    others.c.subject == subject,
                    others.c.state == DeliveryState.WAITING.value,
                )
                .exists()
            )
            self._connection.execute(
                update(_rows)
                .where(_rows.c.endpoint_id == endpoint_id, _rows.c.sequence == next_one, first_left)
                .values(state=DeliveryState.WAITING.value, next_attempt_at=results.now)
            )

    def _resend(self, endpoint: Endpoint, event: Event, now: float) -> bool:
        if event.sequence is None or event.sequence > endpoint.cursor:
            return False
        key = and_(_rows.c.endpoint_id == endpoint.endpoint_id, _rows.c.sequence == event.sequence)
        existing = self._connection.execute(select(_rows).where(key)).first()
        if existing and existing.state in _OPEN:
            return False
        table = schema.delivery_attempts
        made = self._connection.execute(
            select(func.coalesce(func.max(table.c.number), 0)).where(
                table.c.event_id == event.event_id, table.c.endpoint_id == endpoint.endpoint_id
            )
        ).scalar_one()
        blocked = select(_rows.c.sequence).where(
            _rows.c.endpoint_id == endpoint.endpoint_id,
            _rows.c.subject == event.subject,
            _rows.c.state == DeliveryState.WAITING.value,
        )
        behind = event.subject and self._connection.execute(blocked.limit(1)).first()
        state = DeliveryState.BEHIND if behind else DeliveryState.WAITING
        budget = made + len(endpoint.retry_delays) + 1
        upsert(
            self._connection, _rows, _new_row(endpoint.endpoint_id, event, state, now, made, budget) | {"handle": None}
        )
        return True

    def _status(self, endpoint: Endpoint, event: Event, attempts: Sequence[Attempt]) -> DeliveryStatus:
        sequence = event.sequence
        row = (
            fetch_one(
                self._connection, _rows, _rows.c.endpoint_id == endpoint.endpoint_id, _rows.c.sequence == sequence
            )
            if sequence is not None
            else None
        )
        if row is not None and row.state != DeliveryState.DONE.value:
            dead = row.state == DeliveryState.DEAD.value
            state = DeliveryStanding.DEAD if dead else _waiting_at(endpoint)
        elif any(attempt.succeeded for attempt in attempts):
            state = DeliveryStanding.DELIVERED
        elif sequence is None or sequence > endpoint.cursor:
            state = _waiting_at(endpoint)
        else:
            pushed = endpoint.transport is Transport.PUSH
            state = DeliveryStanding.SKIPPED if pushed else DeliveryStanding.DELIVERED
        return DeliveryStatus(endpoint.name, state, len(attempts))


def _new_row(
    endpoint_id: int, event: Event, state: DeliveryState, moment: float, attempts: int = 0, budget: int = 0
) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint_id,
        "sequence": event.sequence,
        "event_id": event.event_id,
        "subject": event.subject,
        "state": state.value,
        "attempts": attempts,
        "budget": budget,
        "next_attempt_at": moment,
    }


def _moved_state(row: Any, transport: Transport, seen: set[str]) -> DeliveryState:
    """Return an undelivered row's state in its new transport; call in order of sequence."""
    if transport is Transport.PULL:
        return DeliveryState.LEASED
    if row.subject and row.subject in seen:
        return DeliveryState.BEHIND
    seen.add(row.subject)
    return DeliveryState.WAITING


def _fresh_statement() -> Select[Any]:
    mine, same = _rows.alias(), _rows.alias()
    comes_behind = (
        select(same.c.sequence)
        .where(
            same.c.endpoint_id == bindparam("endpoint"),
            same.c.subject == _events.c.subject,
            same.c.subject != "",
            same.c.state.in_(_OPEN),
        )
        .exists()
    )
    return (
        select(_events, mine.c.sequence.is_not(None).label("known"), comes_behind.label("comes_behind"))
        .outerjoin(mine, and_(mine.c.endpoint_id == bindparam("endpoint"), mine.c.sequence == _events.c.sequence))
        .where(_events.c.sub_app_id == bindparam("application"), _events.c.sequence > bindparam("after"))
        .order_by(_events.c.sequence)
        .limit(bindparam("most"))
    )


_FRESH = _fresh_statement()
_CHANGE = (
    update(_rows)
    .where(_rows.c.endpoint_id == bindparam("new_endpoint_id"), _rows.c.sequence == bindparam("new_sequence"))
    .values(
        state=bindparam("new_state"),
        budget=bindparam("new_budget"),
        attempts=bindparam("new_attempts"),
        next_attempt_at=bindparam("new_next_attempt_at"),
    )
)


def _waiting_at(endpoint: Endpoint) -> DeliveryStanding:
    """Return the status of an event that the endpoint has not received yet."""
    if endpoint.transport is Transport.PUSH and not endpoint.url:
        return DeliveryStanding.NO_ADDRESS
    return DeliveryStanding.PENDING if endpoint.enabled else DeliveryStanding.DISABLED
