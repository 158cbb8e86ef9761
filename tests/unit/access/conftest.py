"""The access room over a real database of its own, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from typing import Any

import pytest

from openvod.access.model import Application
from openvod.adapters.sql.database import Database, open_database, sqlite_url
from openvod.adapters.sql.migrations import upgrade
from openvod.base.errors import OpenVodError
from support.server import run_async

_IDS = count(1_500_000_100)


@pytest.fixture(scope="package")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One SQLite database for the folder: each test has applications and users of its own."""
    opened = open_database(sqlite_url(tmp_path_factory.mktemp("access") / "access.sqlite3"))
    upgrade(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def app(database: Database) -> int:
    """The id of a new application."""
    application = Application(next(_IDS), "test", 50.0)
    run_async(database.write(lambda tx: tx.access.put_application(application)))
    return application.sub_app_id


@pytest.fixture
def refused() -> Callable[[Coroutine[Any, Any, Any]], str]:
    """Run a call that must be refused and return the code."""

    def run(call: Coroutine[Any, Any, Any]) -> str:
        with pytest.raises(OpenVodError) as caught:
            run_async(call)
        return caught.value.code

    return run
