"""One Chromium for all browser tests of the project's own pages; every test opens a fresh context."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from support.chromium import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of the run."""
    with chromium("--autoplay-policy=no-user-gesture-required") as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need the browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")
