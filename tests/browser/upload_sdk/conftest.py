"""A platform for the web SDK's tests, an app's site that uses it, and a file of several parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from support.browser.upload_page import random_file
from support.browser.upload_site import UploadSite
from support.server import PlatformServer
from support.server.wire import MIB


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformServer]:
    """The platform that most tests here talk to."""
    with PlatformServer(tmp_path_factory.mktemp("sdk") / "data", {"OPENVOD__TASKS__WORKERS": "0"}) as running:
        yield running


@pytest.fixture
def site(platform: PlatformServer) -> Iterator[UploadSite]:
    """The app's site, with a key of its own."""
    with UploadSite(platform) as serving:
        yield serving


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[PlatformServer, UploadSite]]:
    """A platform that the test may kill, and a site for it."""
    with (
        PlatformServer(tmp_path / "data", {"OPENVOD__TASKS__WORKERS": "0"}) as running,
        UploadSite(running) as serving,
    ):
        yield running, serving


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile of the test's own."""
    fresh = browser.new_context(viewport={"width": 900, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext, site: UploadSite) -> Page:
    """The site's page, opened."""
    opened = context.new_page()
    opened.goto(site.url)
    return opened


@pytest.fixture(scope="package")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 MiB and some: six parts, the last one short."""
    return random_file(tmp_path_factory.mktemp("long") / "holiday.mp4", 40 * MIB + 777)
