"""Used signatures are remembered alike on SQLite and PostgreSQL, by every process (decision 17)."""

from __future__ import annotations

import random

from openvod.adapters.sql.database import Database
from openvod.surfaces.api.replays import UsedSignatures
from support.events import ManualClock
from support.server import run_async


def test_the_age_is_that_of_the_first_use(database: Database) -> None:
    """Key by key, whichever process asks, until no clock could let the signature pass."""
    clock, chance = ManualClock(), random.Random(7)
    first: dict[tuple[str, str], float] = {}
    for _ in range(60):
        clock.moment += chance.uniform(0, 100)
        place = chance.choice("ab"), chance.choice("xyz")
        known = first.get(place)
        if known is not None and known <= clock.moment - 600:
            known = None
        # A new process each time: nothing is remembered outside the database.
        age = run_async(UsedSignatures(database, clock).age(*place))
        assert age == (None if known is None else clock.moment - known)
        if known is None:
            first[place] = clock.moment


def test_reads_count_as_uses(database: Database) -> None:
    """A read's signature is used for every later change: at once in its process, after a flush in all."""
    clock = ManualClock()
    used = UsedSignatures(database, clock)
    for signature in ("here", "elsewhere"):
        used.note_read("a", signature)
    clock.moment += 10
    assert run_async(used.age("a", "here")) == 10
    assert run_async(used.flush()) == 2
    assert run_async(used.flush()) == 0
    assert run_async(UsedSignatures(database, clock).age("a", "elsewhere")) == 10
    assert run_async(UsedSignatures(database, clock).age("b", "elsewhere")) is None


def test_old_signatures_are_forgotten(database: Database) -> None:
    """What no clock lets pass any more takes no room."""
    clock = ManualClock()
    used = UsedSignatures(database, clock)
    run_async(used.age("a", "x"))
    clock.moment += 300
    run_async(used.age("a", "y"))
    clock.moment += 301
    assert run_async(used.forget_old()) == 1
    assert run_async(used.age("a", "y")) == 301
