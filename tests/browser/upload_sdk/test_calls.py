"""The web SDK in real Chromium against a real platform. The matrix of clients holds it beside the official SDK."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import anycrc
import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from openvod.surfaces.assets import built
from support.browser.upload_page import part_requests, random_file, result_of, start, states_of, stored_bytes, throttle
from support.browser.upload_site import UploadSite
from support.server import PlatformServer
from support.server.wire import MIB

_LIMIT = 15 * 1000


@pytest.mark.parametrize("name", ["openvod.esm.js", "openvod.umd.js"])
def test_size(name: str) -> None:
    """A page loads at most 15 KB, compressed, for the SDK without the component."""
    assert len(gzip.compress((built("sdk") / name).read_bytes(), 9)) <= _LIMIT


def test_types(platform: PlatformServer) -> None:
    """The types lie beside the module that the platform serves."""
    served = httpx.get(f"{platform.url}/sdk/types/index.d.ts")
    assert served.status_code == 200
    assert "./sdk" in served.text
    assert "class OpenVOD" in httpx.get(f"{platform.url}/sdk/types/client.d.ts").text


@pytest.mark.parametrize("call", ["{}", "{ coverFile: new File([], 'a.jpg') }", "{ mediaFile: 'holiday.mp4' }"])
def test_calls_without_sense(page: Page, call: str) -> None:
    """A call that makes no sense throws at once, with what is missing."""
    thrown = page.evaluate(f"(() => {{ try {{ start({call}) }} catch (error) {{ return plain(error) }} }})()")
    assert (thrown["name"], thrown["kind"]) == ("UsageError", "usage")


def test_calls_of_the_official_sdk(page: Page, video: Path, cover: Path) -> None:
    """Its constructor, upload(), events and done() mean what they mean there; both files arrive byte for byte."""
    start(page, video, cover)
    done = result_of(page)
    assert stored_bytes(done["video"]["url"]) == video.read_bytes()
    assert stored_bytes(done["cover"]["url"]) == cover.read_bytes()
    assert done["crc64"] == str(anycrc.Model("CRC64-XZ").calc(video.read_bytes()))
    events = dict(page.evaluate("seen"))
    assert events["media_progress"]["percent"] == 1
    assert events["media_progress"]["loaded"] == events["media_progress"]["total"] == video.stat().st_size
    assert events["cover_progress"]["percent"] == 1
    assert events["media_upload"]["Key"].endswith(".mp4")
    assert events["cover_upload"]["ETag"]
    assert states_of(page)[-1] == "done"


def test_module(context: BrowserContext, site: UploadSite, platform: PlatformServer, video: Path) -> None:
    """The module exports the class by name and as default, and finds the platform that served it."""
    site.scripts = ()
    page = context.new_page()
    page.goto(site.url)
    page.set_input_files("#media", video)
    stored = page.evaluate(
        """async (address) => {
            const { default: standard, OpenVOD } = await import(address);
            if (standard !== OpenVOD) throw new Error("two classes");
            const mediaFile = document.getElementById("media").files[0];
            return (await new OpenVOD({ getSignature }).upload({ mediaFile }).done()).video.url;
        }""",
        f"{platform.url}/sdk/openvod.esm.js",
    )
    assert stored_bytes(stored) == video.read_bytes()


def test_strict_page(context: BrowserContext, site: UploadSite, long: Path) -> None:
    """A page whose policy forbids workers and WebAssembly uploads all the same."""
    policy = "worker-src 'none'; script-src 'unsafe-inline' http://127.0.0.1:*"
    site.headers = {"Content-Security-Policy": policy}
    page = context.new_page()
    page.goto(site.url)
    start(page, long)
    assert stored_bytes(result_of(page)["video"]["url"]) == long.read_bytes()


def test_part_size_follows_the_line(page: Page, tmp_path: Path) -> None:
    """After a slow upload the next file goes in smaller parts, so that a lost one costs little."""
    throttle(page, MIB // 2)
    start(page, random_file(tmp_path / "first.mp4", 3 * MIB // 2))
    result_of(page)
    throttle(page, -1)
    parts = part_requests(page)
    start(page, random_file(tmp_path / "second.mp4", 9 * MIB))
    result_of(page)
    assert len(parts) >= 3


def test_heap_stays_flat(page: Page, tmp_path: Path) -> None:
    """Half a GiB goes through the page without its heap growing by more than 64 MB."""
    media = tmp_path / "large.mp4"
    with media.open("wb") as file:
        file.truncate(512 * MIB)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    before = _heap(session)
    start(page, media)
    most = 0.0
    while not page.evaluate("window.outcome"):
        most = max(most, _heap(session))
        page.wait_for_timeout(100)
    result_of(page)
    assert most - before <= 64_000_000


def _heap(session: Any) -> float:
    used = session.send("Runtime.getHeapUsage")
    return float(used["usedSize"] + used.get("backingStorageSize", 0))


def test_queue_of_ten_thousand(page: Page) -> None:
    """10,000 files wait in a queue without harm: two at a time, those refused stop no other, memory stays flat."""
    outcome = page.evaluate(
        """async () => {
            const signature = await getSignature();
            const vod = new TcVod.OpenVOD({ getSignature: () => signature });
            const queue = vod.queue();
            const real = (index) => index % 1000 === 0;
            const files = Array.from({ length: 10000 }, (_, index) =>
                real(index) ? new File([String(index)], `clip ${index}.mp4`) : new File(["x"], `note ${index}.mp4`));
            let most = 0;
            const running = () => queue.items.reduce((sum, item) => sum + (item.uploader ? 1 : 0), 0);
            queue.on("item", () => {
                most = Math.max(most, running());
            });
            const began = performance.now();
            const idle = new Promise((resolve) => queue.on("idle", resolve));
            queue.add(files);
            const added = performance.now() - began;
            for (const item of queue.items) if (!real(item.id)) queue.cancel(item);
            await idle;
            const count = (state) => queue.items.filter((item) => item.state === state).length;
            const ids = new Set(queue.items.map((item) => item.id)).size;
            return { added, most, done: count("done"), cancelled: count("cancelled"), ids };
        }"""
    )
    assert outcome["done"] == 10
    assert outcome["cancelled"] == 9990
    assert outcome["ids"] == 10_000
    assert outcome["most"] <= 2
    assert outcome["added"] < 1000
