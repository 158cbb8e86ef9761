"""Unmodified web SDKs with ``/compat/web.js``: one own domain, no DNS entry, no certificate."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.drivers.base import Driver, Job
from clients.drivers.browser import CosJsOneDomain, PageRun, VodJsOneDomain
from clients.play import play
from clients.scenarios import MIB, Content, File, Scenario
from clients.stage import Stage
from support.faults.calls import Call, Fault, Harm

pytestmark = [pytest.mark.clients, pytest.mark.browser, pytest.mark.xdist_group("browser")]
_COVER = File("cover.jpg", content=Content.PICTURE)


def test_video_and_cover_go_through(stage: Stage, driver: Callable[[type[Driver]], Driver], tmp_path: Path) -> None:
    """From a page at a bare loopback address, in a browser that resolves no name, both files arrive as they are."""
    scenario = Scenario(
        "one domain", File("假期 holiday.mp4", 90 * MIB), _COVER, faults=(Fault(Harm.HOLD, Call.PART, 3),)
    )
    stage.begin(scenario)
    web = driver(VodJsOneDomain)
    web.begin(stage)
    assert scenario.media
    job = Job(stage.file(scenario.media), stage.file(_COVER), tmp_path)
    run = web.start(stage, job)
    assert isinstance(run, PageRun)
    stage.proxy.wait_held(30)
    run.page.wait_for_function("document.getElementById('bar').value > 0.1")
    assert run.page.evaluate("document.getElementById('bar').value") < 1, "this is no middle"
    _screenshot(run, "compat-middle.png")
    stage.proxy.release()
    run.page.wait_for_function("window.outcome")
    _screenshot(run, "compat-after.png")
    outcome = run.wait(30)
    web.end()
    assert job.media
    assert job.cover
    assert stage.same(outcome.media_url, job.media), outcome
    assert stage.same(outcome.cover_url, job.cover), outcome
    assert not any(seen.secure for seen in stage.proxy.seen)


def test_a_host_that_is_signed_stays_signed(
    stage: Stage, driver: Callable[[type[Driver]], Driver], tmp_path: Path
) -> None:
    """cos-js-sdk-v5 signs the storage host: it travels along, and the platform checks the signature against it."""
    play(stage, driver(CosJsOneDomain), Scenario("one domain", File(size=3 * MIB)), tmp_path)


def _screenshot(run: PageRun, name: str) -> None:
    if folder := os.environ.get("OPENVOD_SCREENSHOTS"):
        run.page.screenshot(path=Path(folder) / name)
