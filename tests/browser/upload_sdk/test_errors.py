"""Refusals and faults as the web SDK names them, in real Chromium against a real platform."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from support.browser.upload_page import (
    error_of,
    part_requests,
    random_file,
    result_of,
    start,
    stored_bytes,
    throttle,
    wait_for_middle,
)
from support.browser.upload_site import UploadSite
from support.server import PlatformServer
from support.server.wire import MIB


def test_no_server(own: tuple[PlatformServer, UploadSite], context: BrowserContext, long: Path) -> None:
    """With the platform gone for good, the error is of the network and says what to do."""
    server, site = own
    page = context.new_page()
    page.goto(site.url)
    server.stop()
    start(page, long, chunkRetryTimes=1, retryDelay=50)
    error = error_of(page)
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
    start(page, long.parent / name)
    error = error_of(page)
    assert (error["name"], error["kind"], error["code"]) == ("LimitExceeded", kind, code)
    assert words in error["message"]
    assert not calls


def test_expired_permission(page: Page, site: UploadSite, long: Path) -> None:
    """An expired permission is named as such, with what to do."""
    site.changes = {"currentTimeStamp": 1_700_000_000, "expireTime": 1_700_000_600}
    start(page, long)
    error = error_of(page)
    assert (error["name"], error["kind"], error["code"]) == ("ApiError", "permission-expired", 10010)
    assert "reload the page" in error["message"]


def test_no_video(page: Page, tmp_path: Path) -> None:
    """A file that is no video is refused by its type, in words for its user."""
    odd = tmp_path / "program.exe"
    odd.write_bytes(b"MZ")
    start(page, odd)
    error = error_of(page)
    assert (error["name"], error["kind"]) == ("ApiError", "type")
    assert "choose a video" in error["message"]


def test_full_disk(tmp_path: Path, context: BrowserContext, long: Path) -> None:
    """A full disk is an error of its own, at once, not a network fault that is tried for minutes."""
    full = {"OPENVOD__STORAGE__RESERVE_BYTES": str(10**18), "OPENVOD__TASKS__WORKERS": "0"}
    with PlatformServer(tmp_path / "data", full) as server, UploadSite(server) as site:
        page = context.new_page()
        page.goto(site.url)
        start(page, long)
        error = error_of(page)
    assert (error["name"], error["kind"]) == ("StorageError", "disk-full")
    assert "disk is full" in error["message"]


def test_signature_that_fails(page: Page, long: Path) -> None:
    """An app server that gives no signature is named, not the platform."""
    page.set_input_files("#media", long)
    page.evaluate("start({ chunkRetryTimes: 0 }, { getSignature: () => Promise.reject(new Error('no session')) })")
    error = error_of(page)
    assert (error["name"], error["kind"]) == ("SignatureError", "signature")
    assert "no session" in error["message"]


def test_file_changed(page: Page, tmp_path: Path) -> None:
    """A file that changes under way is refused as such; no mixture of both is committed."""
    media = random_file(tmp_path / "holiday.mp4", 40 * MIB)
    throttle(page, 8 * MIB)
    start(page, media, retryDelay=50)
    wait_for_middle(page, 0.1)
    random_file(media, 41 * MIB, seed=2)
    error = error_of(page)
    assert (error["name"], error["kind"]) == ("SourceChanged", "source-changed")


def test_damaged_part_is_sent_again(page: Page, long: Path) -> None:
    """A part that arrived with another checksum is sent again; if it always does, the upload fails as damaged."""
    _tell_wrong_checksums(page, times=1)
    parts = part_requests(page)
    start(page, long, retryDelay=50)
    assert stored_bytes(result_of(page)["video"]["url"]) == long.read_bytes()
    assert sum(parts.values()) == 7
    _tell_wrong_checksums(page, times=10**6)
    start(page, long, retryDelay=50, chunkRetryTimes=1)
    error = error_of(page)
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
