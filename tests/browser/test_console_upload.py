"""Uploading in the console: real files, pauses, covers, files that are none, very many at once."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.browser.console_page import ConsolePage, signed_in
from support.browser.player_page import make_film
from support.server import PlatformServer
from support.server.console import Person

_MANY = 10_000
_MIB = 1024 * 1024


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds."""
    return make_film(tmp_path_factory.mktemp("film") / "holiday.mp4", 2)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough bytes to press buttons while they travel on a slow line; what is in them does not matter."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    path.write_bytes(bytes(range(256)) * 4096 * 40)
    return path


@pytest.fixture
def console(browser: Browser, console_server: PlatformServer, admin: Person) -> Iterator[ConsolePage]:
    """The console of an admin, at its upload view."""
    with signed_in(browser, console_server, admin) as opened:
        opened.open("/upload")
        opened.heading("Upload")
        yield opened


def _choose(page: Page, *paths: Path) -> None:
    page.locator("input[type=file][multiple]").set_input_files(paths)


def _row(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Files").get_by_role("listitem").filter(has_text=name)


def _line(page: Page) -> Callable[[int], None]:
    """Return what sets the speed of the page's line in bytes per second; 0 cuts it."""
    session = page.context.new_cdp_session(page)

    def set_speed(speed: int) -> None:
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": speed == 0, "latency": 20, "downloadThroughput": -1, "uploadThroughput": speed},
        )

    return set_speed


def _picture(path: Path, size: int = 16) -> Path:
    """Write a small red PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + b"\xff\0\0" * size) * size
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    return path


def test_several_files_with_a_cover_and_a_procedure(
    console: ConsolePage, admin: Person, film: Path, tmp_path: Path
) -> None:
    """Chosen files go up with the cover and the procedure that were chosen for them, and lead to their pages."""
    other = tmp_path / "second.mp4"
    other.write_bytes(film.read_bytes())
    page = console.page
    _choose(page, film, other)
    with page.expect_file_chooser() as chooser:
        _row(page, "holiday.mp4").get_by_role("button", name="Choose a cover for holiday.mp4").click()
    chooser.value.set_files(_picture(tmp_path / "cover.png"))
    expect(_row(page, "holiday.mp4")).to_contain_text("Cover: cover.png")
    page.get_by_role("combobox", name="Procedure after the upload").click()
    page.get_by_role("option", name="LongVideoPreset").first.click()
    page.get_by_role("button", name="Upload 2").click()
    expect(page.get_by_text("2 of 2 uploaded, 0 failed")).to_be_visible(timeout=30_000)
    _row(page, "holiday.mp4").get_by_role("link", name="Open: holiday.mp4").click()
    console.heading("holiday")
    file_id = page.url.rpartition("/")[2]
    info = admin.action("DescribeMediaInfos", {"FileIds": [file_id]})["MediaInfoSet"][0]["BasicInfo"]
    assert info["CoverUrl"].endswith(".png")
    tasks = admin.ok("GET", f"tasks?fileId={file_id}")["items"]
    assert [task["procedure"] for task in tasks] == ["LongVideoPreset"]


def test_an_upload_is_paused_resumed_and_cancelled(console: ConsolePage, large: Path) -> None:
    """A paused upload sends nothing, goes on when told, goes on while another view is open, and ends when cancelled."""
    page = console.page
    _line(page)(3 * _MIB)
    _choose(page, large)
    page.get_by_role("button", name="Upload 1").click()
    row = _row(page, "large.mp4")
    row.get_by_role("button", name="Pause: large.mp4").click()
    expect(row).to_contain_text("Paused")
    bar = row.get_by_role("progressbar")
    before = bar.get_attribute("aria-valuenow")
    page.wait_for_timeout(1000)
    assert bar.get_attribute("aria-valuenow") == before
    row.get_by_role("button", name="Resume: large.mp4").click()
    expect(row).to_contain_text("left", timeout=15_000)
    page.get_by_role("link", name="Dashboard").click()
    console.heading("Dashboard")
    page.get_by_role("link", name="Upload", exact=True).first.click()
    console.heading("Upload")
    expect(row).to_contain_text("Uploading")
    row.get_by_role("button", name="Cancel: large.mp4").click()
    expect(row).to_contain_text("Cancelled")
    page.get_by_role("button", name="Clear finished").click()
    expect(row).to_have_count(0)


def test_a_cut_line_is_told_and_the_upload_goes_on(console: ConsolePage, large: Path) -> None:
    """Off-line, the row says so; back on-line, the upload ends well by itself."""
    page = console.page
    set_speed = _line(page)
    set_speed(12 * _MIB)
    _choose(page, large)
    page.get_by_role("button", name="Upload 1").click()
    row = _row(page, "large.mp4")
    expect(row).to_contain_text("Uploading", timeout=15_000)
    set_speed(0)
    expect(row).to_contain_text("Offline; resumes when the connection returns", timeout=15_000)
    set_speed(100 * _MIB)
    expect(row).to_contain_text("Uploaded", timeout=60_000)


def test_files_that_are_no_media_are_told(console: ConsolePage, tmp_path: Path) -> None:
    """A text is refused with what to choose instead; one that is only called a video is told as soon as it was read."""
    text, wrong = tmp_path / "notes.txt", tmp_path / "<b>wrong.mp4"
    text.write_text("notes")
    wrong.write_bytes(b"this is no video " * 1000)
    page = console.page
    _choose(page, text, wrong)
    page.get_by_role("button", name="Upload 2").click()
    expect(_row(page, "notes.txt")).to_contain_text("not a video, audio or image file. Choose a common type")
    expect(_row(page, "<b>wrong.mp4")).to_contain_text("contains no readable video, audio or image", timeout=15_000)
    expect(page.get_by_text("1 of 2 uploaded, 1 failed")).to_be_visible()


def test_ten_thousand_files_stay_usable(console: ConsolePage) -> None:
    """With 10,000 files chosen, the page holds few rows, scrolls to the last, and answers presses at once."""
    page = console.page
    page.evaluate(
        """(count) => {
          const files = new DataTransfer();
          for (let number = 0; number < count; number++) {
            files.items.add(new File([`file ${number}`], `clip-${number}.mp4`, { type: "video/mp4" }));
          }
          const input = document.querySelector("input[type=file][multiple]");
          input.files = files.files;
          input.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        _MANY,
    )
    expect(page.get_by_role("button", name="Upload 10,000")).to_be_visible(timeout=15_000)
    rows = page.get_by_role("list", name="Files").get_by_role("listitem")
    assert rows.count() < 60
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    expect(_row(page, "clip-9999.mp4")).to_be_visible()
    assert rows.count() < 60
    page.evaluate("window.scrollTo(0, 0)")
    _row(page, "clip-0.mp4").get_by_role("button", name="Remove").click()
    expect(_row(page, "clip-0.mp4")).to_have_count(0)
    page.get_by_role("button", name="Upload 9,999").click()
    expect(page.get_by_text("of 9,999 uploaded")).not_to_contain_text("0 of", timeout=20_000)
    start = time.monotonic()
    page.get_by_role("button", name="Pause all").click()
    expect(page.get_by_role("button", name="Resume all")).to_be_visible()
    assert time.monotonic() - start < 2
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel all").click()
    expect(page.get_by_role("button", name="Resume all")).to_have_count(0, timeout=15_000)
