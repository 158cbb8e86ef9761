"""Senders over real databases: order and identity with receivers that fail, and with two servers on one PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from openvod.adapters.sql.claims import AdvisoryClaims
from openvod.adapters.sql.database import Database, Limits, Transaction, open_database
from openvod.adapters.sql.sessions import LockSession
from openvod.adapters.system import SystemClock
from openvod.base.errors import Unavailable
from openvod.events.codec import event_body
from openvod.events.delivery import DeliveryService
from openvod.events.endpoints import EndpointOptions, EndpointService
from openvod.events.model import EventState, NewEvent
from openvod.events.types import EventType
from support.events import Entropy, NoGuard, PlainBox
from support.server import run_async

_FILES, _EACH = 12, 4


@dataclass
class FlakyPoster:
    """A receiver that fails by chance, notes what came, and minds what is on its way together."""

    faults: float
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    arrivals: list[tuple[str, int, str]] = field(default_factory=list)
    in_flight: set[str] = field(default_factory=set)
    together: int = 0
    accepted: int = 0

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> int:
        """See :class:`openvod.events.ports.Poster`."""
        said = json.loads(body)["FileUploadEvent"]
        file_id = said["FileId"]
        self.together += file_id in self.in_flight
        self.in_flight.add(file_id)
        self.arrivals.append((file_id, said["Number"], headers["webhook-id"]))
        await asyncio.sleep(self.chance.uniform(0, 0.004))
        self.in_flight.discard(file_id)
        if self.chance.random() < self.faults:
            raise Unavailable("delivery.failed", "by chance")
        self.accepted += 1
        return 200

    def check(self) -> None:
        """Every file's events arrived one at a time, in order, each under one id."""
        assert self.together == 0
        latest: dict[str, int] = {}
        ids: dict[tuple[str, int], str] = {}
        for file_id, number, event_id in self.arrivals:
            assert number in (latest.get(file_id, 0), latest.get(file_id, -1) + 1), (file_id, number)
            latest[file_id] = number
            assert ids.setdefault((file_id, number), event_id) == event_id
        assert len(set(ids.values())) == len(ids) == _FILES * _EACH


def _prepare(database: Database, retry_delays: tuple[float, ...]) -> None:
    service = EndpointService(database, NoGuard(), PlainBox(), SystemClock(), Entropy())
    run_async(service.add(1, "e", "http://h/", EndpointOptions(retry_delays=retry_delays)))


def _add(tx: Transaction) -> None:
    for number in range(_EACH):
        for name in range(_FILES):
            body = event_body(EventType.NEW_FILE_UPLOAD, {"FileId": f"f{name}", "Number": number})
            tx.events.add(NewEvent(1, "NewFileUpload", f"f{name}", body, EventState.PENDING, 1.0))


async def _deliver(services: list[DeliveryService], poster: FlakyPoster) -> None:
    async with asyncio.timeout(60):
        while poster.accepted < _FILES * _EACH:
            for service in services:
                await service.run_once()
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    for service in services:
        await service.close()


def test_a_flaky_receiver_gets_everything_in_order(database: Database) -> None:
    """Failures of any event, mixed with successes of others, never let a later one of its file pass."""
    _prepare(database, (0.0, *[0.01] * 30))
    run_async(database.write(_add))
    poster = FlakyPoster(0.3)
    run_async(_deliver([DeliveryService(database, poster, PlainBox(), SystemClock())], poster))
    poster.check()
    assert not run_async(database.read(lambda tx: tx.endpoints.with_work(SystemClock().now())))


def test_an_outage_is_over_at_once_when_the_receiver_answers(database: Database) -> None:
    """While nothing is taken, few events are tried; when the receiver answers, none waits for its long delay."""
    _prepare(database, (600.0,) * 30)
    run_async(database.write(_add))
    poster = FlakyPoster(1.0)
    service = DeliveryService(database, poster, PlainBox(), SystemClock())

    async def work() -> None:
        for _ in range(30):
            await service.run_once()
            await asyncio.sleep(0.02)
        # What left together at the beginning, and a try or two.
        assert len(poster.arrivals) <= _FILES + 2
        poster.faults = 0.0
        await _deliver([service], poster)

    run_async(work())
    poster.check()


def test_a_stopped_endpoint_goes_on_in_order(database: Database) -> None:
    """Stopped and started again while events are on their way, and more come in: none overtakes, none is lost."""
    _prepare(database, (0.0, *[0.01] * 30))
    poster = FlakyPoster(0.1)
    service = DeliveryService(database, poster, PlainBox(), SystemClock())
    endpoints = EndpointService(database, NoGuard(), PlainBox(), SystemClock(), Entropy())

    async def work() -> None:
        await database.write(_add)
        for turn in range(12):
            await service.run_once()
            await asyncio.sleep(0.01)
            await endpoints.set_enabled(1, "e", turn % 2 == 1)
        await _deliver([service], poster)

    run_async(work())
    poster.check()
    (endpoint,) = run_async(endpoints.endpoints(1))
    assert endpoint.cursor == _FILES * _EACH


@pytest.mark.postgresql
@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_servers_share_endpoints_without_breaking_order(database_url: str, database: Database) -> None:
    """Each endpoint is served by one of them at a time; the other takes over when it is free."""
    _prepare(database, (0.0, *[0.01] * 30))
    run_async(database.write(_add))
    other = open_database(database_url)
    poster = FlakyPoster(0.3)
    claims = [AdvisoryClaims(LockSession(database_url, Limits())) for _ in range(2)]
    try:
        services = [
            DeliveryService(each, poster, PlainBox(), SystemClock(), claim)
            for each, claim in zip((database, other), claims, strict=True)
        ]
        run_async(_deliver(services, poster))
    finally:
        for claim in claims:
            claim.close()
        other.close()
    poster.check()
