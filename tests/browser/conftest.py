"""One Chromium for all browser tests of the project's own pages; every test opens a fresh context."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from openvod.access.account_model import Role
from support.browser.chromium import chromium
from support.browser.console_data import ENVIRONMENT, Filled, fill
from support.browser.console_page import apart, person_of
from support.server import PlatformServer
from support.server.console import Person


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of the run."""
    with chromium("--autoplay-policy=no-user-gesture-required") as opened:
        yield opened


@pytest.fixture(scope="session")
def console_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformServer]:
    """The platform of all tests of the console."""
    with PlatformServer(tmp_path_factory.mktemp("console") / "data") as server:
        yield server


@pytest.fixture(scope="session")
def admin(console_server: PlatformServer) -> Person:
    """Somebody who may everything."""
    return person_of(console_server, Role.ADMIN)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A platform of its own, full of flows, events, reviews and settings."""
    folder = tmp_path_factory.mktemp("filled")
    with PlatformServer(folder / "data", ENVIRONMENT) as server:
        yield apart(lambda: fill(server, folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need the browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")
