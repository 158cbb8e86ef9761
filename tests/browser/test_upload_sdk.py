"""The web SDK in real Chromium against a real platform. The matrix of clients holds it beside the official SDK."""

from __future__ import annotations

import gzip
import math
import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import anycrc
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request, Route

from openvod.surfaces.assets import built
from support.browser.chromium import CHROMIUM
from support.browser.upload_site import UploadSite
from support.server import PlatformServer
from support.server.wire import MIB

_SECONDS = 60_000
_LIMIT = 15 * 1000


@pytest.fixture(scope="module")
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


def _file(path: Path, size: int, seed: int = 1) -> Path:
    chance = random.Random(seed)
    with path.open("wb") as file:
        for start in range(0, size, MIB):
            file.write(chance.randbytes(min(MIB, size - start)))
    return path


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 MiB and some: six parts, the last one short."""
    return _file(tmp_path_factory.mktemp("long") / "holiday.mp4", 40 * MIB + 777)


def _start(page: Page, media: Path, cover: Path | None = None, **options: object) -> None:
    page.set_input_files("#media", media)
    if cover:
        page.set_input_files("#cover", cover)
    page.evaluate("options => start(options)", options)


def _outcome(page: Page) -> dict[str, Any]:
    # Asked again and again from outside: a page with a strict policy may not wait by itself.
    deadline = time.monotonic() + _SECONDS / 1000
    while not (outcome := page.evaluate("window.outcome")):
        assert time.monotonic() < deadline, page.evaluate("[uploader.state, uploader.progress]")
        page.wait_for_timeout(50)
    assert isinstance(outcome, dict)
    return outcome


def _result(page: Page) -> dict[str, Any]:
    outcome = _outcome(page)
    assert "result" in outcome, outcome
    result: dict[str, Any] = outcome["result"]
    return result


def _error(page: Page) -> dict[str, Any]:
    outcome = _outcome(page)
    assert "error" in outcome, outcome
    error: dict[str, Any] = outcome["error"]
    return error


def _parts(page: Page) -> Counter[str]:
    """Count the requests for each part from now on."""
    counted: Counter[str] = Counter()

    def note(request: Request) -> None:
        if request.method == "PUT" and (found := re.search(r"partNumber=(\d+)", request.url)):
            counted[found[1]] += 1

    page.on("request", note)
    return counted


_LINES: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()


def _throttle(page: Page, bytes_per_second: int, *, offline: bool = False) -> None:
    """Bound a page's upload speed, so that there is a middle to act in; -1 lifts the bound."""
    if page not in _LINES:
        _LINES[page] = page.context.new_cdp_session(page)
        _LINES[page].send("Network.enable")
    conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    _LINES[page].send("Network.emulateNetworkConditions", conditions)


def _wait_for_middle(page: Page, percent: float = 0.3) -> None:
    page.wait_for_function(f"uploader.progress.percent > {percent}", timeout=_SECONDS)


def _stored(url: str) -> bytes:
    return httpx.get(url).content


def _states(page: Page) -> list[str]:
    states: list[str] = page.evaluate("seen.filter(([name]) => name === 'state').map(([, state]) => state)")
    return states


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
    _start(page, video, cover)
    done = _result(page)
    assert _stored(done["video"]["url"]) == video.read_bytes()
    assert _stored(done["cover"]["url"]) == cover.read_bytes()
    assert done["crc64"] == str(anycrc.Model("CRC64-XZ").calc(video.read_bytes()))
    events = dict(page.evaluate("seen"))
    assert events["media_progress"]["percent"] == 1
    assert events["media_progress"]["loaded"] == events["media_progress"]["total"] == video.stat().st_size
    assert events["cover_progress"]["percent"] == 1
    assert events["media_upload"]["Key"].endswith(".mp4")
    assert events["cover_upload"]["ETag"]
    assert _states(page)[-1] == "done"


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
    assert _stored(stored) == video.read_bytes()


def test_strict_page(context: BrowserContext, site: UploadSite, long: Path) -> None:
    """A page whose policy forbids workers and WebAssembly uploads all the same."""
    policy = "worker-src 'none'; script-src 'unsafe-inline' http://127.0.0.1:*"
    site.headers = {"Content-Security-Policy": policy}
    page = context.new_page()
    page.goto(site.url)
    _start(page, long)
    assert _stored(_result(page)["video"]["url"]) == long.read_bytes()


def test_pause(page: Page, long: Path) -> None:
    """Paused, not a byte leaves; resumed, progress goes on from where it was, and the file is whole."""
    _throttle(page, 16 * MIB)
    _start(page, long)
    _wait_for_middle(page)
    page.evaluate("uploader.pause()")
    page.wait_for_timeout(100)
    parts, before = _parts(page), page.evaluate("uploader.progress.loaded")
    page.wait_for_timeout(800)
    assert not parts
    assert page.evaluate("uploader.state") == "paused"
    assert page.evaluate("uploader.progress.loaded") == before
    page.evaluate("uploader.resume()")
    assert _stored(_result(page)["video"]["url"]) == long.read_bytes()
    shown = page.evaluate("seen.filter(([name]) => name === 'media_progress').map(([, p]) => p.loaded)")
    assert shown == sorted(shown)


def test_cancel(page: Page, long: Path) -> None:
    """Cancelled, done() rejects with UploadCancelled, nothing is committed, and a new upload works."""
    commits: list[str] = []
    page.on("request", lambda request: commits.append(request.url) if "CommitUploadUGC" in request.url else None)
    _throttle(page, 16 * MIB)
    _start(page, long)
    _wait_for_middle(page)
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.evaluate("uploader.cancel()")
    error = _error(page)
    assert (error["name"], error["kind"]) == ("UploadCancelled", "cancelled")
    assert not commits
    assert page.evaluate("localStorage.length") == 0
    _throttle(page, -1)
    _start(page, long)
    assert _result(page)["resumedBytes"] == 0


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
    _throttle(page, 16 * MIB)
    _start(page, long)
    _wait_for_middle(page, 0.6)
    first.close()
    second = opened()
    page = second.new_page()
    page.goto(site.url)
    parts = _parts(page)
    _start(page, elsewhere)
    done = _result(page)
    second.close()
    assert done["resumedBytes"] >= 8 * MIB
    assert len(parts) == 6 - math.ceil(done["resumedBytes"] / (8 * MIB))
    assert _stored(done["video"]["url"]) == long.read_bytes()


def test_same_edges_other_middle(page: Page, long: Path, tmp_path: Path) -> None:
    """A file that equals an unfinished one in name, size and most bytes is not mistaken for it."""
    other = tmp_path / long.name
    content = bytearray(long.read_bytes())
    content[1 * MIB + 500_000] ^= 1
    other.write_bytes(content)
    _throttle(page, 16 * MIB)
    _start(page, long)
    _wait_for_middle(page, 0.6)
    page.reload()
    _throttle(page, -1)
    _start(page, other)
    done = _result(page)
    assert done["resumedBytes"] >= 8 * MIB, "it is here to show that parts are compared"
    assert _stored(done["video"]["url"]) == bytes(content)


def test_offline(page: Page, long: Path) -> None:
    """Off-line is told as such, uses up no attempts, and ends by itself when the network is back."""
    _throttle(page, 16 * MIB)
    _start(page, long, chunkRetryTimes=1, retryDelay=100)
    _wait_for_middle(page)
    _throttle(page, -1, offline=True)
    page.wait_for_function("uploader.state === 'offline'", timeout=_SECONDS)
    page.wait_for_timeout(2500)
    assert page.evaluate("uploader.state") == "offline"
    _throttle(page, -1)
    assert _stored(_result(page)["video"]["url"]) == long.read_bytes()


def test_server_restart(own: tuple[PlatformServer, UploadSite], context: BrowserContext, long: Path) -> None:
    """Killed and started in mid-upload, the platform gets the rest without the user's help."""
    server, site = own
    page = context.new_page()
    page.goto(site.url)
    _throttle(page, 16 * MIB)
    _start(page, long)
    _wait_for_middle(page)
    server.kill()
    page.wait_for_function("uploader.state === 'retrying'", timeout=_SECONDS)
    server.start()
    assert _stored(_result(page)["video"]["url"]) == long.read_bytes()


def test_no_server(own: tuple[PlatformServer, UploadSite], context: BrowserContext, long: Path) -> None:
    """With the platform gone for good, the error is of the network and says what to do."""
    server, site = own
    page = context.new_page()
    page.goto(site.url)
    server.stop()
    _start(page, long, chunkRetryTimes=1, retryDelay=50)
    error = _error(page)
    assert (error["name"], error["kind"]) == ("TransportError", "network")
    assert "check the connection" in error["message"]


@pytest.mark.parametrize(
    ("changes", "name", "kind", "code", "words"),
    [
        ({"maxVideoSize": 1000}, "holiday.mp4", "limit", 10042, "allows at most 1000"),
        ({"videoTypes": "mov,mkv"}, "holiday.mp4", "type", 10040, "choose mov, mkv"),
    ],
)
def test_limits_of_the_permission(
    page: Page, site: UploadSite, long: Path, changes: dict[str, object], name: str, kind: str, code: int, words: str
) -> None:
    """A file beyond the permission is refused before the platform hears of it."""
    site.changes = changes
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if "/v3/" in request.url else None)
    _start(page, long.parent / name)
    error = _error(page)
    assert (error["name"], error["kind"], error["code"]) == ("LimitExceeded", kind, code)
    assert words in error["message"]
    assert not calls


def test_expired_permission(page: Page, site: UploadSite, long: Path) -> None:
    """An expired permission is named as such, with what to do."""
    site.changes = {"currentTimeStamp": 1_700_000_000, "expireTime": 1_700_000_600}
    _start(page, long)
    error = _error(page)
    assert (error["name"], error["kind"], error["code"]) == ("ApiError", "permission-expired", 10010)
    assert "reload the page" in error["message"]


def test_no_video(page: Page, tmp_path: Path) -> None:
    """A file that is no video is refused by its type, in words for its user."""
    odd = tmp_path / "program.exe"
    odd.write_bytes(b"MZ")
    _start(page, odd)
    error = _error(page)
    assert (error["name"], error["kind"]) == ("ApiError", "type")
    assert "choose a video" in error["message"]


def test_full_disk(tmp_path: Path, context: BrowserContext, long: Path) -> None:
    """A full disk is an error of its own, at once, not a network fault that is tried for minutes."""
    full = {"OPENVOD__STORAGE__RESERVE_BYTES": str(10**18), "OPENVOD__TASKS__WORKERS": "0"}
    with PlatformServer(tmp_path / "data", full) as server, UploadSite(server) as site:
        page = context.new_page()
        page.goto(site.url)
        _start(page, long)
        error = _error(page)
    assert (error["name"], error["kind"]) == ("StorageError", "disk-full")
    assert "disk is full" in error["message"]


def test_signature_that_fails(page: Page, long: Path) -> None:
    """An app server that gives no signature is named, not the platform."""
    page.set_input_files("#media", long)
    page.evaluate("start({ chunkRetryTimes: 0 }, { getSignature: () => Promise.reject(new Error('no session')) })")
    error = _error(page)
    assert (error["name"], error["kind"]) == ("SignatureError", "signature")
    assert "no session" in error["message"]


def test_file_changed(page: Page, tmp_path: Path) -> None:
    """A file that changes under way is refused as such; no mixture of both is committed."""
    media = _file(tmp_path / "holiday.mp4", 40 * MIB)
    _throttle(page, 8 * MIB)
    _start(page, media, retryDelay=50)
    _wait_for_middle(page, 0.1)
    _file(media, 41 * MIB, seed=2)
    error = _error(page)
    assert (error["name"], error["kind"]) == ("SourceChanged", "source-changed")


def test_damaged_part_is_sent_again(page: Page, long: Path) -> None:
    """A part that arrived with another checksum is sent again; if it always does, the upload fails as damaged."""
    _tell_wrong_checksums(page, times=1)
    parts = _parts(page)
    _start(page, long, retryDelay=50)
    assert _stored(_result(page)["video"]["url"]) == long.read_bytes()
    assert sum(parts.values()) == 7
    _tell_wrong_checksums(page, times=10**6)
    _start(page, long, retryDelay=50, chunkRetryTimes=1)
    error = _error(page)
    assert (error["name"], error["kind"]) == ("ChecksumMismatch", "checksum")


def _tell_wrong_checksums(page: Page, times: int) -> None:
    left = [times]

    def answer(route: Route) -> None:
        headers = {"ETag": '"0"', "x-cos-hash-crc64ecma": "1", "Access-Control-Allow-Origin": "*"}
        exposed = {"Access-Control-Expose-Headers": "ETag, x-cos-hash-crc64ecma"}
        if route.request.method != "PUT" or not left[0]:
            route.continue_()
            return
        left[0] -= 1
        route.fulfill(status=200, headers=headers | exposed)

    page.unroute_all()
    page.route("**/*partNumber=2&*", answer)


def test_part_size_follows_the_line(page: Page, tmp_path: Path) -> None:
    """After a slow upload the next file goes in smaller parts, so that a lost one costs little."""
    _throttle(page, MIB // 2)
    _start(page, _file(tmp_path / "first.mp4", 3 * MIB // 2))
    _result(page)
    _throttle(page, -1)
    parts = _parts(page)
    _start(page, _file(tmp_path / "second.mp4", 9 * MIB))
    _result(page)
    assert len(parts) >= 3


def test_heap_stays_flat(page: Page, tmp_path: Path) -> None:
    """Half a GiB goes through the page without its heap growing by more than 64 MB."""
    media = tmp_path / "large.mp4"
    with media.open("wb") as file:
        file.truncate(512 * MIB)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    before = _heap(session)
    _start(page, media)
    most = 0.0
    while not page.evaluate("window.outcome"):
        most = max(most, _heap(session))
        page.wait_for_timeout(100)
    _result(page)
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
