"""Uploads that are paused, cancelled, cut off or taken up again, in real Chromium against a real platform."""

from __future__ import annotations

import math
import os
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from support.browser.chromium import CHROMIUM
from support.browser.upload_page import (
    TIMEOUT_MS,
    error_of,
    part_requests,
    result_of,
    start,
    stored_bytes,
    throttle,
    wait_for_middle,
)
from support.browser.upload_site import UploadSite
from support.server import PlatformServer
from support.server.wire import MIB


def test_pause(page: Page, long: Path) -> None:
    """Paused, not a byte leaves; resumed, progress goes on from where it was, and the file is whole."""
    throttle(page, 16 * MIB)
    start(page, long)
    wait_for_middle(page)
    page.evaluate("uploader.pause()")
    page.wait_for_timeout(100)
    parts, before = part_requests(page), page.evaluate("uploader.progress.loaded")
    page.wait_for_timeout(800)
    assert not parts
    assert page.evaluate("uploader.state") == "paused"
    assert page.evaluate("uploader.progress.loaded") == before
    page.evaluate("uploader.resume()")
    assert stored_bytes(result_of(page)["video"]["url"]) == long.read_bytes()
    shown = page.evaluate("seen.filter(([name]) => name === 'media_progress').map(([, p]) => p.loaded)")
    assert shown == sorted(shown)


def test_cancel(page: Page, long: Path) -> None:
    """Cancelled, done() rejects with UploadCancelled, nothing is committed, and a new upload works."""
    commits: list[str] = []
    page.on("request", lambda request: commits.append(request.url) if "CommitUploadUGC" in request.url else None)
    throttle(page, 16 * MIB)
    start(page, long)
    wait_for_middle(page)
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.evaluate("uploader.cancel()")
    error = error_of(page)
    assert (error["name"], error["kind"]) == ("UploadCancelled", "cancelled")
    assert not commits
    assert page.evaluate("localStorage.length") == 0
    throttle(page, -1)
    start(page, long)
    assert result_of(page)["resumedBytes"] == 0


def test_resume_after_closing_the_browser(browser: Browser, site: UploadSite, long: Path, tmp_path: Path) -> None:
    """The next day's browser goes on; the same content counts, under another date and in another folder."""
    profile, elsewhere = tmp_path / "profile", tmp_path / "copy" / long.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(long.read_bytes())
    os.utime(elsewhere, (1_000_000_000, 1_000_000_000))

    def opened() -> BrowserContext:
        flags = ["--no-sandbox", "--disable-gpu"]
        return browser.browser_type.launch_persistent_context(profile, executable_path=CHROMIUM, args=flags)

    first = opened()
    page = first.new_page()
    page.goto(site.url)
    throttle(page, 16 * MIB)
    start(page, long)
    wait_for_middle(page, 0.6)
    first.close()
    second = opened()
    page = second.new_page()
    page.goto(site.url)
    parts = part_requests(page)
    start(page, elsewhere)
    done = result_of(page)
    second.close()
    assert done["resumedBytes"] >= 8 * MIB
    assert len(parts) == 6 - math.ceil(done["resumedBytes"] / (8 * MIB))
    assert stored_bytes(done["video"]["url"]) == long.read_bytes()


def test_same_edges_other_middle(page: Page, long: Path, tmp_path: Path) -> None:
    """A file that equals an unfinished one in name, size and most bytes is not mistaken for it."""
    other = tmp_path / long.name
    content = bytearray(long.read_bytes())
    content[1 * MIB + 500_000] ^= 1
    other.write_bytes(content)
    throttle(page, 16 * MIB)
    start(page, long)
    wait_for_middle(page, 0.6)
    page.reload()
    throttle(page, -1)
    start(page, other)
    done = result_of(page)
    assert done["resumedBytes"] >= 8 * MIB, "it is here to show that parts are compared"
    assert stored_bytes(done["video"]["url"]) == bytes(content)


def test_offline(page: Page, long: Path) -> None:
    """Off-line is told as such, uses up no attempts, and ends by itself when the network is back."""
    throttle(page, 16 * MIB)
    start(page, long, chunkRetryTimes=1, retryDelay=100)
    wait_for_middle(page)
    throttle(page, -1, offline=True)
    page.wait_for_function("uploader.state === 'offline'", timeout=TIMEOUT_MS)
    page.wait_for_timeout(2500)
    assert page.evaluate("uploader.state") == "offline"
    throttle(page, -1)
    assert stored_bytes(result_of(page)["video"]["url"]) == long.read_bytes()


def test_server_restart(own: tuple[PlatformServer, UploadSite], context: BrowserContext, long: Path) -> None:
    """Killed and started in mid-upload, the platform gets the rest without the user's help."""
    server, site = own
    page = context.new_page()
    page.goto(site.url)
    throttle(page, 16 * MIB)
    start(page, long)
    wait_for_middle(page)
    server.kill()
    page.wait_for_function("uploader.state === 'retrying'", timeout=TIMEOUT_MS)
    server.start()
    assert stored_bytes(result_of(page)["video"]["url"]) == long.read_bytes()
