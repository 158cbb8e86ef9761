"""The events room's tables behave alike on SQLite and PostgreSQL: logs, endpoints, deliveries, pulling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import text

from openvod.adapters.sql import event_schema as schema
from openvod.adapters.sql.database import Database, Transaction, open_database
from openvod.adapters.sql.migrations import configuration, upgrade
from openvod.base.errors import Conflict, Invalid
from openvod.events.endpoints import EndpointOptions, EndpointService
from openvod.events.model import (
    DEFAULT_ENDPOINT,
    RETRY_DELAYS,
    Attempt,
    Delivery,
    DeliveryResults,
    DeliveryState,
    Endpoint,
    Event,
    EventConfig,
    EventState,
    Health,
    NewEvent,
    Outcome,
    Transport,
)
from openvod.events.pull import PullService
from openvod.events.retention import Retention
from openvod.events.watch import LogWatch
from support.events import Entropy, ManualClock, NoGuard, PlainBox
from support.server import run_async

R = TypeVar("R")


def _new(subject: str, payload: str = "{}", state: EventState = EventState.PENDING, app: int = 1) -> NewEvent:
    return NewEvent(app, "NewFileUpload", subject, payload, state, 1.0)


def _write(database: Database, work: Callable[[Transaction], R]) -> R:
    return run_async(database.write(work))


def _add(event: NewEvent, tx: Transaction) -> int:
    return tx.events.add(event)


def _log(database: Database, app: int = 1) -> list[tuple[int | None, str]]:
    return [(e.sequence, e.payload) for e in run_async(database.read(lambda tx: tx.events.log(app, 0, 100)))]


def _service(database: Database, clock: ManualClock) -> EndpointService:
    return EndpointService(database, NoGuard(), PlainBox(), clock, Entropy())


def test_a_log_is_gapless_and_held_events_hold_the_later_ones_of_their_file(database: Database) -> None:
    """The sequence is given when an event is complete and none before it is held; rolled back work leaves no gap."""

    def work(tx: Transaction) -> list[int]:
        ids = [tx.events.add(_new("file", p, EventState.HELD)) for p in ("one", "two")]
        ids.append(tx.events.add(_new("file", "three")))
        tx.events.add(_new("other", "x"))
        return ids

    first, second, _ = _write(database, work)
    assert _log(database) == [(1, "x")]

    def fails(tx: Transaction) -> None:
        tx.events.add(_new("gone"))
        raise Conflict("test", "no")

    with pytest.raises(Conflict):
        _write(database, fails)
    _write(database, lambda tx: tx.events.release(second, "two!"))
    assert _log(database) == [(1, "x")]
    _write(database, lambda tx: tx.events.release(first, "one!"))
    assert _log(database) == [(1, "x"), (2, "one!"), (3, "two!"), (4, "three")]
    _write(database, lambda tx: tx.events.add(_new("file", "five", app=2)))
    assert _log(database, 2) == [(1, "five")]
    assert run_async(database.read(lambda tx: dict(tx.events.heads()))) == {1: 4, 2: 1}


def test_a_reader_never_sees_a_later_sequence_before_an_earlier_one(database: Database) -> None:
    """While many transactions write at once, whatever a reader sees has no hole."""

    async def race() -> None:
        done = False

        async def read() -> None:
            while not done:
                seen = [e.sequence for e in await database.read(lambda tx: tx.events.log(1, 0, 1000))]
                assert seen == list(range(1, len(seen) + 1))
                await asyncio.sleep(0)

        reader = asyncio.create_task(read())
        await asyncio.gather(*(database.write(partial(_add, _new(f"f{n}"))) for n in range(60)))
        done = True
        await reader

    run_async(race())
    assert len(_log(database)) == 60


def _fresh(database: Database, endpoint: Endpoint, after: int = 0) -> tuple[int, list[tuple[Delivery, bool]]]:
    read_to, found = run_async(database.read(lambda tx: tx.deliveries.fresh(endpoint, after, 100)))
    return read_to, list(found)


def _record_results(database: Database, endpoint: Endpoint, results: DeliveryResults) -> None:
    _write(database, lambda tx: tx.deliveries.record_results(endpoint.endpoint_id, results))


def _outcome(endpoint: Endpoint, delivery: Delivery, state: DeliveryState, retry_at: float = 0.0) -> Outcome:
    status = 200 if state is DeliveryState.DONE else 500
    attempt = Attempt(
        endpoint.endpoint_id, delivery.event.event_id, delivery.attempts + 1, 2.0, 0.5, status, f"HTTP {status}"
    )
    return Outcome(delivery, attempt, state, retry_at)


def _default(database: Database) -> Endpoint:
    return run_async(_service(database, ManualClock()).set_url(1, "http://h/"))[0]


def test_a_failed_event_holds_the_later_ones_of_its_file(database: Database) -> None:
    """They wait behind it in rows of their own; others pass; when it leaves, the next one is due."""
    endpoint = _default(database)
    _write(database, lambda tx: [tx.events.add(_new(s, p)) for s, p in (("a", "a1"), ("b", "b1"), ("a", "a2"))])
    read_to, fresh = _fresh(database, endpoint)
    assert (read_to, [behind for _, behind in fresh]) == (3, [False] * 3)
    a1, b1, a2 = (delivery for delivery, _ in fresh)
    outcomes = [
        _outcome(endpoint, a1, DeliveryState.WAITING, retry_at=20.0),
        _outcome(endpoint, b1, DeliveryState.DONE),
    ]
    _record_results(database, endpoint, DeliveryResults(outcomes, [a2], 3, Health(1, 2.0, "HTTP 500"), False, 3.0))
    assert not run_async(database.read(lambda tx: tx.endpoints.with_work(19.0)))
    _write(database, lambda tx: tx.events.add(_new("a", "a3")))
    assert [(d.event.payload, behind) for d, behind in _fresh(database, endpoint, 3)[1]] == [("a3", True)]
    assert run_async(database.read(lambda tx: tx.deliveries.due(endpoint.endpoint_id, 19.0, 9))) == []
    (retried,) = run_async(database.read(lambda tx: tx.deliveries.due(endpoint.endpoint_id, 20.0, 9)))
    assert (retried.event.payload, retried.attempts, retried.fresh) == ("a1", 1, False)
    _record_results(
        database,
        endpoint,
        DeliveryResults([_outcome(endpoint, retried, DeliveryState.DONE)], [], 3, Health(), False, 21.0),
    )
    (following,) = run_async(database.read(lambda tx: tx.deliveries.due(endpoint.endpoint_id, 21.0, 9)))
    assert following.event.payload == "a2"
    made = run_async(database.read(lambda tx: tx.deliveries.attempts(a1.event.event_id)))
    assert [(a.number, a.status) for a in made] == [(1, 500), (2, 200)]
    statuses = run_async(database.read(lambda tx: tx.deliveries.statuses(a2.event)))
    assert [(s.endpoint, s.state) for s in statuses] == [(DEFAULT_ENDPOINT, "pending")]


def test_what_was_delivered_ahead_of_the_cursor_is_known_after_a_restart(database: Database) -> None:
    """An older event keeps the cursor back; newer ones that were delivered are not read again, and their rows go."""
    endpoint = _default(database)
    _write(database, lambda tx: [tx.events.add(_new(s)) for s in "abc"])
    a, b, c = (delivery for delivery, _ in _fresh(database, endpoint)[1])
    done = [_outcome(endpoint, each, DeliveryState.DONE) for each in (b, c)]
    _record_results(database, endpoint, DeliveryResults(done, [], 0, Health(), False, 3.0))
    assert [d.event.subject for d, _ in _fresh(database, endpoint)[1]] == ["a"]
    _record_results(
        database, endpoint, DeliveryResults([_outcome(endpoint, a, DeliveryState.DONE)], [], 3, Health(), False, 4.0)
    )
    with database.engine.connect() as connection:
        assert connection.execute(schema.event_deliveries.select()).all() == []
    assert not run_async(database.read(lambda tx: tx.endpoints.with_work(99.0)))


def test_old_events_are_forgotten_when_nobody_waits_for_them(database: Database) -> None:
    """With their attempts and dead letters; what waits for a retry, what is behind it, and what is young stays."""
    endpoint = _default(database)
    _write(database, lambda tx: [tx.events.add(_new(s, s * n)) for s, n in (("a", 1), ("a", 2), ("b", 1), ("c", 1))])
    a1, a2, b, c = (delivery for delivery, _ in _fresh(database, endpoint)[1])
    outcomes = [
        _outcome(endpoint, a1, DeliveryState.WAITING, 500.0), _outcome(endpoint, b, DeliveryState.DONE),
        _outcome(endpoint, c, DeliveryState.DEAD),
    ]  # fmt: skip
    _record_results(database, endpoint, DeliveryResults(outcomes, [a2], 4, Health(), False, 3.0))
    forgotten = [_write(database, partial(_forget, up_to, before)) for up_to, before in ((4, 0.5), (2, 9.0), (4, 9.0))]
    assert forgotten == [0, 0, 2]
    assert [payload for _, payload in _log(database)] == ["a", "aa"]
    with database.engine.connect() as connection:
        kept = [row.event_id for row in connection.execute(schema.delivery_attempts.select())]
    assert kept == [a1.event.event_id]
    assert not run_async(database.read(lambda tx: tx.deliveries.dead(endpoint.endpoint_id, 0, 9)))
    assert run_async(database.read(lambda tx: dict(tx.events.heads()))) == {1: 4}


def _forget(up_to: int, before: float, tx: Transaction) -> int:
    return tx.events.forget(1, up_to, before, 100)


def test_an_endpoint_that_is_behind_keeps_events(database: Database) -> None:
    """Whoever has an address gets everything first; an application without any keeps nothing for ever."""
    clock = ManualClock(1000.0)
    retention, service = Retention(database, clock, 100.0), _service(database, clock)
    _write(database, lambda tx: [tx.events.add(_new(s, app=app)) for s in "ab" for app in (1, 2)])
    run_async(service.add(1, "slow", "http://x/", EndpointOptions(), from_start=True))
    assert run_async(Retention(database, clock, 0.0).forget_old()) == 0
    assert run_async(Retention(database, clock, 2000.0).forget_old()) == 0
    assert run_async(retention.forget_old()) == 2
    assert (len(_log(database)), len(_log(database, 2))) == (2, 0)
    run_async(service.remove(1, "slow"))
    assert run_async(retention.forget_old()) == 2
    _write(database, lambda tx: tx.events.add(_new("c")))
    assert _log(database) == [(3, "{}")]


def test_dead_letters_are_resent_with_a_fresh_budget(database: Database) -> None:
    """A dead letter lets the next of its file pass, is listed, and can be sent again; so can a range of time."""
    clock = ManualClock(50.0)
    service, endpoint = _service(database, clock), _default(database)
    _write(database, lambda tx: [tx.events.add(_new("a", p)) for p in ("a1", "a2")])
    a1, a2 = (delivery for delivery, _ in _fresh(database, endpoint)[1])
    _record_results(
        database, endpoint, DeliveryResults([_outcome(endpoint, a1, DeliveryState.DEAD)], [], 1, Health(1), False, 3.0)
    )
    assert _fresh(database, endpoint, 1)[1][0][1] is False
    _record_results(
        database, endpoint, DeliveryResults([_outcome(endpoint, a2, DeliveryState.DONE)], [], 2, Health(), False, 3.0)
    )
    dead = run_async(database.read(lambda tx: tx.deliveries.dead(endpoint.endpoint_id, 0, 9)))
    assert [event.payload for event in dead] == ["a1"]
    assert run_async(service.replay_dead(1, DEFAULT_ENDPOINT)) == 1
    (again,) = run_async(database.read(lambda tx: tx.deliveries.due(endpoint.endpoint_id, 50.0, 9)))
    assert (again.attempts, again.budget) == (1, 1 + len(RETRY_DELAYS) + 1)
    # What waits already is left alone; the rest of the range waits behind it.
    assert run_async(service.replay(1, DEFAULT_ENDPOINT, 0.0, 9.0)) == 1
    assert len(run_async(database.read(lambda tx: tx.deliveries.due(endpoint.endpoint_id, 50.0, 9)))) == 1
    assert run_async(service.resend(a2.event.event_id)) == 0


def test_endpoints_are_kept_apart(database: Database) -> None:
    """A new endpoint gets what comes from now on, or everything; names are unique; removal takes its deliveries."""
    service = _service(database, ManualClock())
    _write(database, lambda tx: tx.events.add(_new("a")))
    added, secret = run_async(service.add(1, "audit", "http://x/", EndpointOptions(types=("FileDeleted",))))
    assert (added.cursor, added.types, secret[:6]) == (1, ("FileDeleted",), "whsec_")
    every, _ = run_async(service.add(1, "all", "http://x/", EndpointOptions(), from_start=True))
    assert every.cursor == 0
    with pytest.raises(Conflict, match="audit"):
        run_async(service.add(1, "audit", "http://x/", EndpointOptions()))
    assert [s.endpoint.name for s in run_async(database.read(lambda tx: tx.endpoints.with_work(1.0)))] == ["all"]
    run_async(service.set_enabled(1, "all", False))
    assert not run_async(database.read(lambda tx: tx.endpoints.with_work(1.0)))
    run_async(service.remove(1, "all"))
    assert [e.name for e in run_async(service.endpoints(1))] == ["audit"]


def _pull(database: Database, clock: ManualClock) -> PullService:
    return PullService(database, LogWatch(database), clock, Entropy())


def test_pulled_events_are_leased_and_confirmed(database: Database) -> None:
    """16 at most, handles of 19 digits, invisible for 30 s, then handed out anew; the old handle is void then."""
    clock = ManualClock(10.0)
    service, pull = _service(database, clock), _pull(database, clock)
    run_async(service.modify(1, config=lambda _: EventConfig(Transport.PULL)))
    _write(database, lambda tx: [tx.events.add(_new(f"f{n}", str(n))) for n in range(20)])
    first = run_async(pull.pull(1, seconds=0))
    assert [p.event.payload for p in first] == [str(n) for n in range(16)]
    assert all(len(p.handle) == 19 and p.handle.isdigit() for p in first)
    assert run_async(pull.waiting(1)) == 20
    assert len(run_async(pull.pull(1, seconds=0))) == 4
    assert run_async(pull.pull(1, seconds=0)) == ()
    with pytest.raises(Invalid, match="EventHandles"):
        run_async(pull.confirm(1, [first[0].handle, "5" * 19]))
    run_async(pull.confirm(1, [p.handle for p in first[:15]]))
    with pytest.raises(Invalid):
        run_async(pull.confirm(1, [first[0].handle]))
    clock.moment += 30.0
    with pytest.raises(Invalid):
        run_async(pull.confirm(1, [first[15].handle]))
    again = run_async(pull.pull(1, seconds=0))
    assert [p.event.payload for p in again] == ["15", "16", "17", "18", "19"]
    assert again[0].handle != first[15].handle
    run_async(pull.confirm(1, [p.handle for p in again]))
    assert run_async(pull.waiting(1)) == 0


def test_events_are_kept_for_pulling_for_four_days(database: Database) -> None:
    """Older ones are handed out no more, whether they were handed out before or never."""
    clock = ManualClock(10.0)
    service, pull = _service(database, clock), _pull(database, clock)
    run_async(service.modify(1, config=lambda _: EventConfig(Transport.PULL)))
    _write(database, lambda tx: [tx.events.add(_new(f"f{n}")) for n in range(18)])
    assert len(run_async(pull.pull(1, seconds=0))) == 16
    clock.moment += 4 * 86_400
    assert run_async(pull.pull(1, seconds=0)) == ()
    assert run_async(pull.waiting(1)) == 0


def test_many_pullers_share_a_queue(database: Database) -> None:
    """Pullers at once never get the same event while it is leased, and together get all."""
    clock = ManualClock(10.0)
    service, pull = _service(database, clock), _pull(database, clock)
    run_async(service.modify(1, config=lambda _: EventConfig(Transport.PULL)))
    _write(database, lambda tx: [tx.events.add(_new(f"f{n}")) for n in range(100)])

    async def work() -> list[Event]:
        mine: list[Event] = []
        while pulled := await pull.pull(1, seconds=0):
            await pull.confirm(1, [p.handle for p in pulled])
            mine += [p.event for p in pulled]
        return mine

    async def all_of_them() -> list[list[Event]]:
        return await asyncio.gather(*(work() for _ in range(6)))

    got = [event.sequence for mine in run_async(all_of_them()) for event in mine]
    assert sorted(s for s in got if s) == list(range(1, 101))


def test_the_mode_moves_what_is_not_delivered(database: Database) -> None:
    """From push to pull and back nothing is lost and nothing delivered comes again; switches leave types out."""
    clock = ManualClock(10.0)
    service, pull = _service(database, clock), _pull(database, clock)
    endpoint = _default(database)
    _write(database, lambda tx: [tx.events.add(_new("a", p)) for p in ("a1", "a2", "a3")])
    a1, a2, _ = (delivery for delivery, _ in _fresh(database, endpoint)[1])
    failed = _outcome(endpoint, a1, DeliveryState.WAITING, 99.0)
    _record_results(database, endpoint, DeliveryResults([failed], [a2], 2, Health(1), False, 3.0))
    run_async(service.modify(1, config=lambda _: EventConfig(Transport.PULL)))
    assert not run_async(database.read(lambda tx: tx.endpoints.with_work(999.0)))
    pulled = run_async(pull.pull(1, seconds=0))
    assert [p.event.payload for p in pulled] == ["a1", "a2", "a3"]
    statuses = run_async(database.read(lambda tx: tx.deliveries.statuses(a1.event)))
    assert [(s.endpoint, s.state) for s in statuses] == [("pull", "pending")]
    run_async(pull.confirm(1, [pulled[0].handle]))
    run_async(service.modify(1, config=lambda _: EventConfig(Transport.PUSH, upload_switch=False)))
    (subscription,) = run_async(database.read(lambda tx: tx.endpoints.with_work(999.0)))
    assert (subscription.endpoint.cursor, subscription.wants("NewFileUpload")) == (3, False)
    due = run_async(database.read(lambda tx: tx.deliveries.due(endpoint.endpoint_id, 999.0, 9)))
    assert [d.event.payload for d in due] == ["a2"]
    assert run_async(pull.pull(1, seconds=0)) == ()


def test_rows_of_the_release_before_get_their_place(database_url: str) -> None:
    """Delivered and pending events are numbered; pending ones wait at the default endpoint; held ones stay held."""
    from alembic import command

    opened = open_database(database_url)
    try:
        with opened.engine.connect() as connection:
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "0003")
            connection.execute(text("INSERT INTO applications VALUES (1, 'main', 0, 'http://h/x', 'Key1')"))
            rows = [
                ("a", "delivered", 1),
                ("b", "pending", 3),
                ("b", "pending", 0),
                ("c", "held", 0),
                ("c", "pending", 0),
            ]
            for subject, state, attempts in rows:
                statement = (
                    "INSERT INTO events (sub_app_id, type, subject, payload, state, attempts, created_at,"
                    " next_attempt_at) VALUES (1, 'T', :subject, '{}', :state, :attempts, 1.5, 7)"
                )
                connection.execute(text(statement), {"subject": subject, "state": state, "attempts": attempts})
            connection.execute(text("INSERT INTO delivery_attempts VALUES (1, 1, 2.0, 0.1, 200, '')"))
            connection.commit()
        upgrade(opened.engine)
        events = run_async(opened.read(lambda tx: tx.events.events(0, 10)))
        assert [(e.state.value, e.sequence) for e in events] == [
            ("pending", 1), ("pending", 2), ("pending", 3), ("held", None), ("queued", None),
        ]  # fmt: skip
        (endpoint,) = run_async(opened.read(lambda tx: tx.endpoints.endpoints(1)))
        assert (endpoint.name, endpoint.url, endpoint.sign_key, endpoint.cursor) == ("default", "http://h/x", "Key1", 3)
        assert endpoint.retry_delays == RETRY_DELAYS
        states = run_async(opened.read(lambda tx: [tx.deliveries.statuses(e)[0].state for e in events]))
        assert states == ["delivered", "pending", "pending", "pending", "pending"]
        (due,) = run_async(opened.read(lambda tx: tx.deliveries.due(endpoint.endpoint_id, 9.0, 9)))
        assert (due.sequence, due.attempts) == (2, 3)
        run_async(opened.write(lambda tx: tx.events.release(events[3].event_id, "{}")))
        assert run_async(opened.read(lambda tx: tx.events.heads())) == {1: 5}
        assert replace(events[0], payload="other").public_id == events[0].public_id
    finally:
        opened.close()
