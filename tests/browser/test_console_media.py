"""The console's library and media pages over real uploads."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from openvod.access.account_model import Role
from support.browser.console_page import ConsolePage, apart, person_of, signed_in
from support.browser.player_page import make_film, uploaded
from support.server import PlatformServer
from support.server.console import Person

_MARKUP = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
_LADDER_SECONDS = 90


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds."""
    return make_film(tmp_path_factory.mktemp("film") / "holiday.mp4", 3)


@pytest.fixture
def file_id(console_server: PlatformServer, film: Path) -> str:
    """A fresh upload."""
    return upload(console_server, film)


@pytest.fixture
def console(browser: Browser, console_server: PlatformServer, admin: Person) -> Iterator[ConsolePage]:
    """The console of an admin."""
    with signed_in(browser, console_server, admin) as opened:
        yield opened


def upload(server: PlatformServer, path: Path, procedure: str = "") -> str:
    """Upload as an app does."""
    key = apart(server.create_key)
    return uploaded(server, key, path, procedure)


def _rename(admin: Person, file_id: str, **members: object) -> None:
    admin.action("ModifyMediaInfo", {"FileId": file_id, **members})


def _button(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_the_library_finds_files(
    console: ConsolePage, admin: Person, console_server: PlatformServer, film: Path
) -> None:
    """Text, category, status and their clearing narrow the list and stand in the address."""
    one, other = upload(console_server, film), upload(console_server, film)
    made = admin.action("CreateClass", {"ParentId": -1, "ClassName": f"class {one}"})
    _rename(admin, one, Name=f"red {one}", ClassId=int(made["ClassId"]))
    _rename(admin, other, Name=f"blue {one}")
    admin.action("ForbidMediaDistribution", {"FileIds": [other], "Operation": "forbid"})
    page = console.open("/media")
    page.get_by_label("Search").fill(one)
    rows = page.get_by_role("table", name="Media files").locator("tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_role("combobox", name="Category").click()
    page.get_by_role("option", name=f"class {one}").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(f"red {one}")
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Blocked", exact=True).click()
    expect(page.get_by_text("No file matches these filters")).to_be_visible()
    assert "status=Forbidden" in page.url
    page.reload()
    expect(page.get_by_text("No file matches these filters")).to_be_visible()
    page.get_by_role("button", name="Clear filters").last.click()
    expect(page.get_by_role("link", name=f"blue {one}")).to_be_visible()
    page.get_by_label("Search").fill("no such text anywhere")
    expect(page.get_by_text("No file matches these filters")).to_be_visible()


def test_rows_are_walked_with_the_keyboard(
    console: ConsolePage, admin: Person, console_server: PlatformServer, film: Path
) -> None:
    """Arrow keys lead from file to file, Enter opens one."""
    one, other = upload(console_server, film), upload(console_server, film)
    for number, file_id in enumerate((one, other)):
        _rename(admin, file_id, Name=f"walk {one} {number}")
    page = console.open(f"/media?text=walk%20{one}")
    first = page.get_by_role("link", name=f"walk {one} 1")
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name=f"walk {one} 0")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    console.heading(f"walk {one} 1")


def test_an_upload_appears_by_itself(console: ConsolePage, console_server: PlatformServer, film: Path) -> None:
    """What an app uploads stands in the open list, and in the dashboard's figures, without a reload."""
    page = console.open("/")
    console.heading("Dashboard")
    console.open("/media")
    expect(page.get_by_role("img", name="Live")).to_be_visible()
    count = int(re.sub(r"\D", "", page.get_by_text(re.compile(r"^Files: [\d,]+$")).inner_text()))
    upload(console_server, film)
    expect(page.get_by_text(f"Files: {count + 1}", exact=True)).to_be_visible(timeout=10_000)
    page.get_by_role("link", name="Dashboard").click()
    figures = page.locator("a", has_text="Files").locator("xpath=ancestor::*[2]")
    expect(figures).to_contain_text(str(count + 1))


def test_markup_is_text(console: ConsolePage, admin: Person, file_id: str) -> None:
    """Names, descriptions, tags and categories with markup are shown as they are, in every view, and run nowhere."""
    made = admin.action("CreateClass", {"ParentId": -1, "ClassName": "<b onmouseover=alert(1)>class</b>"[:64]})
    _rename(
        admin, file_id, Name=_MARKUP[:64], Description=_MARKUP, AddTags=["<i>tag</i>"], ClassId=int(made["ClassId"])
    )
    page = console.open("/media")
    link = page.get_by_role("link", name=_MARKUP[:64])
    expect(link).to_be_visible()
    link.click()
    console.heading(_MARKUP[:64])
    expect(page.get_by_text(_MARKUP, exact=True)).to_be_visible()
    expect(page.get_by_text("<i>tag</i>", exact=True)).to_be_visible()
    _button(page, "Delete")
    expect(page.get_by_role("dialog")).to_contain_text(_MARKUP[:64])
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert page.title() != "run"
    assert page.locator("img[src=x]").count() == 0
    admin.action("DeleteMedia", {"FileId": file_id})


def test_a_file_plays_and_tells_its_story(console: ConsolePage, console_server: PlatformServer, film: Path) -> None:
    """The page of a file shows facts, plays it, and follows its task live to the end, with plan and events."""
    file_id = upload(console_server, film, "LongVideoPreset")
    page = console.open(f"/media/{file_id}")
    console.heading("holiday")
    expect(page.get_by_text("640 × 360").first).to_be_visible()
    frame = page.frame_locator("iframe")
    frame.locator("video").first.wait_for()
    frame.get_by_role("button", name="Play").first.click()
    _wait_playing(page)
    story = page.get_by_role("region", name="History")
    expect(story.get_by_text("Event NewFileUpload")).to_be_visible()
    expect(story.get_by_text("Event ProcedureStateChanged")).to_be_visible(timeout=_LADDER_SECONDS * 1000)
    expect(story.get_by_text("Finished", exact=True)).to_be_visible()
    story.locator("summary", has_text="Plan").first.click()
    expect(story.locator("pre").filter(has_text="ffmpeg").first).to_be_visible()
    story.locator("summary", has_text="Body").first.click()
    expect(story.locator("pre").filter(has_text="EventType").first).to_be_visible()
    expect(page.get_by_role("region", name="Outputs").get_by_text("Adaptive stream")).to_be_visible()


def test_a_protected_file_plays(console: ConsolePage, admin: Person, file_id: str) -> None:
    """Where addresses of media have to be signed, the console's player has signed ones."""
    told = admin.action("DescribeVodDomains")["DomainSet"][0]
    policy = {"Status": "Enabled", "EncryptedKey": "1234567890abcdef"}
    admin.action("ModifyVodDomainConfig", {"Domain": told["Domain"], "UrlSignatureAuthPolicy": policy})
    try:
        time.sleep(1.1)
        assert console.page.request.get(f"{console.url}/play/{file_id}/sources.json").status == 403
        page = console.open(f"/media/{file_id}")
        page.frame_locator("iframe").get_by_role("button", name="Play").first.click()
        _wait_playing(page)
    finally:
        admin.action(
            "ModifyVodDomainConfig", {"Domain": told["Domain"], "UrlSignatureAuthPolicy": {"Status": "Disabled"}}
        )


def _wait_playing(page: Page) -> None:
    """Wait until the player's clock has moved."""
    deadline = time.monotonic() + 15
    moved = "[...document.querySelectorAll('video')].some((video) => video.currentTime > 0.2)"
    while not any(each.evaluate(moved) for each in page.frames if "/play/" in each.url):
        assert time.monotonic() < deadline, "it does not play"
        page.wait_for_timeout(50)


def test_a_file_is_changed(console: ConsolePage, admin: Person, file_id: str) -> None:
    """Name, description and tags are edited in a form; the page and the library show them."""
    page = console.open(f"/media/{file_id}")
    _button(page, "Edit")
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill(f"new {file_id}")
    form.get_by_label("Description").fill("told at length")
    form.get_by_label("Tags").fill("green")
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Save").click()
    console.heading(f"new {file_id}")
    expect(page.get_by_role("main").get_by_text("told at length")).to_be_visible()
    info = admin.action("DescribeMediaInfos", {"FileIds": [file_id]})["MediaInfoSet"][0]["BasicInfo"]
    assert (info["Name"], info["TagSet"]) == (f"new {file_id}", ["green"])


def test_a_refused_change_says_why(console: ConsolePage, file_id: str) -> None:
    """A name that is too long is refused in the form, with what happened and what to do; nothing typed is lost."""
    page = console.open(f"/media/{file_id}")
    _button(page, "Edit")
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill("x" * 3000)
    form.get_by_role("button", name="Save").click()
    alert = form.get_by_role("alert")
    expect(alert).to_contain_text("The server refused the request")
    expect(alert).to_contain_text("Name")
    assert len(form.get_by_label("Name").input_value()) == 3000


def test_a_file_is_forbidden_and_given_back(console: ConsolePage, admin: Person, file_id: str) -> None:
    """Forbidding asks first, then holds; giving back ends it."""
    page = console.open(f"/media/{file_id}")
    _button(page, "Block playback")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Playback of this file is blocked")).to_have_count(0)
    _button(page, "Block playback")
    page.get_by_role("dialog").get_by_role("button", name="Block playback").click()
    expect(page.get_by_text("Playback of this file is blocked.")).to_be_visible()
    assert _status(admin, file_id) == "Forbidden"
    _button(page, "Unblock playback")
    expect(page.get_by_role("button", name="Block playback", exact=True)).to_be_visible()
    assert _status(admin, file_id) == "Normal"


def _status(admin: Person, file_id: str) -> str:
    return str(admin.action("DescribeMediaInfos", {"FileIds": [file_id]})["MediaInfoSet"][0]["BasicInfo"]["Status"])


def test_a_file_is_processed_again(console: ConsolePage, file_id: str) -> None:
    """A procedure is chosen, its plan looked at, and started; its task appears in the story by itself."""
    page = console.open(f"/media/{file_id}")
    _button(page, "Process")
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="Procedure").click()
    page.get_by_role("option", name="LongVideoPreset").first.click()
    form.locator("summary", has_text="Plan").click()
    expect(form.locator("pre").filter(has_text="ffmpeg").first).to_be_visible()
    form.get_by_role("button", name="Start").click()
    expect(page.get_by_role("region", name="History").get_by_text("LongVideoPreset")).to_be_visible()


def test_a_deleted_file_keeps_its_story(console: ConsolePage, admin: Person, file_id: str) -> None:
    """Deleting asks, leads to the library, and the file's address still tells what happened; others tell nothing."""
    page = console.open(f"/media/{file_id}")
    _button(page, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    console.heading("Media library")
    assert admin.action("DescribeMediaInfos", {"FileIds": [file_id]})["NotExistFileIdSet"] == [file_id]
    console.open(f"/media/{file_id}")
    console.heading("This file was deleted")
    expect(page.get_by_text("Event FileDeleted")).to_be_visible(timeout=10_000)
    console.open("/media/1234567890")
    expect(page.get_by_text("File not found")).to_be_visible()


def test_what_is_no_video_is_told(console: ConsolePage, console_server: PlatformServer, tmp_path: Path) -> None:
    """A file with a video's name and other content says so where the player would be."""
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(b"<html><script>document.title='run'</script>" * 100)
    page = console.open(f"/media/{upload(console_server, wrong)}")
    expect(page.get_by_role("alert")).to_contain_text("contains no readable video, audio or image", timeout=15_000)
    expect(page.locator("iframe")).to_have_count(0)


def test_viewers_have_no_buttons_for_changes(browser: Browser, console_server: PlatformServer, file_id: str) -> None:
    """A viewer sees the file, plays it, and changes nothing."""
    with signed_in(browser, console_server, person_of(console_server, Role.VIEWER)) as console:
        page = console.open(f"/media/{file_id}")
        expect(page.locator("iframe")).to_be_visible()
        for name in ("Edit", "Process", "Block playback", "Delete"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
