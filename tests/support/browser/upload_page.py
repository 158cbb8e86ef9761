"""The upload SDK in an open page of an app's site: starts uploads, waits for outcomes, bounds the line."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import httpx
from playwright.sync_api import CDPSession, Page, Request

from support.server.wire import MIB

TIMEOUT_MS = 60_000
#: The line to the debugger of each page whose speed is bounded.
_LINES: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()


def random_file(path: Path, size: int, seed: int = 1) -> Path:
    """Write a file of that many bytes; one seed gives one content."""
    chance = random.Random(seed)
    with path.open("wb") as file:
        for offset in range(0, size, MIB):
            file.write(chance.randbytes(min(MIB, size - offset)))
    return path


def start(page: Page, media: Path, cover: Path | None = None, **options: object) -> None:
    """Choose the files and start an upload with the options of its ``upload()``."""
    page.set_input_files("#media", media)
    if cover:
        page.set_input_files("#cover", cover)
    page.evaluate("options => start(options)", options)


def _outcome(page: Page) -> dict[str, Any]:
    # Asked again and again from outside: a page with a strict policy may not wait by itself.
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while not (outcome := page.evaluate("window.outcome")):
        assert time.monotonic() < deadline, page.evaluate("[uploader.state, uploader.progress]")
        page.wait_for_timeout(50)
    assert isinstance(outcome, dict)
    return outcome


def result_of(page: Page) -> dict[str, Any]:
    """Wait for the upload and return what it resolved to."""
    outcome = _outcome(page)
    assert "result" in outcome, outcome
    result: dict[str, Any] = outcome["result"]
    return result


def error_of(page: Page) -> dict[str, Any]:
    """Wait for the upload and return its error: ``name``, ``kind``, ``code``, ``message``."""
    outcome = _outcome(page)
    assert "error" in outcome, outcome
    error: dict[str, Any] = outcome["error"]
    return error


def part_requests(page: Page) -> Counter[str]:
    """Count the requests for each part from now on."""
    counted: Counter[str] = Counter()

    def note(request: Request) -> None:
        if request.method == "PUT" and (found := re.search(r"partNumber=(\d+)", request.url)):
            counted[found[1]] += 1

    page.on("request", note)
    return counted


def throttle(page: Page, bytes_per_second: int, *, offline: bool = False) -> None:
    """Bound a page's upload speed, so that there is a middle to act in; -1 lifts the bound."""
    if page not in _LINES:
        _LINES[page] = page.context.new_cdp_session(page)
        _LINES[page].send("Network.enable")
    conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    _LINES[page].send("Network.emulateNetworkConditions", conditions)


def wait_for_middle(page: Page, percent: float = 0.3) -> None:
    """Wait until more than that share of the file is on its way."""
    page.wait_for_function(f"uploader.progress.percent > {percent}", timeout=TIMEOUT_MS)


def stored_bytes(url: str) -> bytes:
    """Return the bytes behind an address of the platform."""
    return httpx.get(url).content


def states_of(page: Page) -> list[str]:
    """Return the states that the upload went through."""
    states: list[str] = page.evaluate("seen.filter(([name]) => name === 'state').map(([, state]) => state)")
    return states
