"""Fixtures: an event store, and both services through each framework in turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from openvod_sdk.integrations import BackEnd, EventReceiver, SqliteEventStore
from support.back_end import FRAMEWORKS, Send, service


@pytest.fixture(params=sorted(FRAMEWORKS))
def framework(request: pytest.FixtureRequest) -> Callable[[BackEnd, str], Send]:
    """Each framework in turn."""
    return FRAMEWORKS[request.param]


@pytest.fixture
def store(tmp_path: Path) -> SqliteEventStore:
    """An event store of this test alone."""
    return SqliteEventStore(tmp_path / "events.sqlite3")


@pytest.fixture
def send(framework: Callable[[BackEnd, str], Send], store: SqliteEventStore) -> Send:
    """Both services, through one framework."""
    return framework(BackEnd(service(max_size=1000), EventReceiver(store, allow_unsigned=True)), "")
