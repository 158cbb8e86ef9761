"""The console's working views in a browser: tasks, events, reviews, templates, procedures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from openvod.access.account_model import Role
from support.browser.console_data import MARKUP, Filled, until
from support.browser.console_page import ConsolePage, signed_in
from support.server import free_port

_SECONDS = 60_000


@pytest.fixture
def operator(browser: Browser, filled: Filled) -> Iterator[ConsolePage]:
    """The window of somebody who works with media."""
    with signed_in(browser, filled.server, filled.operator) as console:
        yield console


@pytest.fixture
def viewer(browser: Browser, filled: Filled) -> Iterator[ConsolePage]:
    """The window of somebody who looks."""
    with signed_in(browser, filled.server, filled.people[Role.VIEWER]) as console:
        yield console


def _confirm(page: Page, deed: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=deed).click()


def _media_url(filled: Filled, name: str) -> str:
    asked = {"FileIds": [filled.files[name]]}
    return str(filled.operator.action("DescribeMediaInfos", asked)["MediaInfoSet"][0]["BasicInfo"]["MediaUrl"])


def _status_becomes(url: str, status: int) -> None:
    until(lambda: httpx.get(url).status_code == status, 10)


def test_a_failed_task_says_what_to_do_and_is_done_again(operator: ConsolePage, filled: Filled) -> None:
    """A failed task names the cause and what to do, shows what was asked for, and runs again at a click."""
    page = operator.open("/tasks?status=FINISH")
    page.locator(f"a[href='#/tasks/{filled.tasks['failed']}']").click()
    expect(page.get_by_text("InvalidInput.DefinitionNotExist")).to_be_visible()
    expect(page.get_by_text("The template no longer exists.")).to_be_visible()
    expect(page.get_by_text('"Definition": 999')).to_be_visible()
    page.get_by_role("button", name="Retry failed sub-tasks").click()
    expect(page.get_by_text("The task runs again.")).to_be_visible()
    expect(page.locator("dl", has_text="Runs").get_by_text("2", exact=True)).to_be_visible(timeout=_SECONDS)
    expect(page.get_by_text("finished with failures")).to_be_visible(timeout=_SECONDS)


def test_a_finished_task_shows_its_commands(viewer: ConsolePage, filled: Filled) -> None:
    """Whoever may look sees what ran, and is offered nothing that changes."""
    page = viewer.open(f"/tasks/{filled.tasks['ladder']}")
    page.get_by_role("button", name="Adaptive stream").click()
    expect(page.get_by_role("region", name="Commands").first).to_contain_text("ffmpeg ")
    expect(page.get_by_text("100% · 2/2")).to_be_visible()
    expect(page.get_by_role("button", name="Retry this sub-task")).to_have_count(0)
    expect(page.get_by_role("button", name="Abort")).to_have_count(0)


def test_a_running_task_is_seen_live_and_aborted(operator: ConsolePage, viewer: ConsolePage, filled: Filled) -> None:
    """A task that begins appears in an open list by itself, and an abort ends it before everybody's eyes."""
    watching = viewer.open("/tasks")
    viewer.heading("Tasks")
    expect(watching.get_by_role("img", name="Live")).to_be_visible()
    task_id = filled.begin_long()
    row = watching.get_by_role("row").filter(has=watching.locator(f"a[href='#/tasks/{task_id}']"))
    expect(row).to_contain_text("running", timeout=10_000)
    page = operator.open(f"/tasks/{task_id}")
    progress = page.get_by_role("progressbar", name="Progress", exact=True)
    expect(progress).not_to_have_attribute("aria-valuenow", "0", timeout=_SECONDS)
    page.get_by_role("button", name="Abort").click()
    _confirm(page, "Abort")
    expect(page.get_by_text("The task is being aborted.")).to_be_visible()
    expect(page.get_by_text("aborted", exact=True)).to_be_visible(timeout=_SECONDS)
    expect(row).to_contain_text("aborted", timeout=10_000)
    assert filled.operator.ok("GET", f"tasks/{task_id}")["status"] == "ABORTED"


def test_tasks_are_filtered(operator: ConsolePage, filled: Filled) -> None:
    """State and file narrow the list, and stand in the address, so that it can be handed on."""
    page = operator.open("/tasks")
    page.get_by_label("FileId").fill(filled.files["chinese"])
    links = page.locator("a[data-row]")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", f"#/tasks/{filled.tasks['chinese']}")
    page.get_by_label("State").select_option("ABORTED")
    expect(page.get_by_text("No task matches the filter.")).to_be_visible()
    assert f"fileId={filled.files['chinese']}&status=ABORTED" in page.url


@pytest.fixture
def mute(filled: Filled) -> Iterator[str]:
    """An endpoint that nobody answers at. One of its own: an endpoint that failed often is tried once a minute."""
    receiver = {"name": "mute", "url": f"http://127.0.0.1:{free_port()}/hook", "retryDelays": [0.1]}
    filled.admin.ok("POST", "endpoints", receiver)
    yield "mute"
    filled.admin.ok("DELETE", "endpoints/mute")


def test_an_event_is_sent_again(operator: ConsolePage, filled: Filled, mute: str) -> None:
    """An event shows its body, how it stands everywhere and every attempt; sent again, new attempts appear."""
    page = operator.open(f"/events?type=NewFileUpload&fileId={filled.files['markup']}")
    page.locator("a[data-row]").first.click()
    operator.heading("Event: NewFileUpload")
    expect(page.get_by_role("region", name="Body")).to_contain_text(filled.files["markup"])
    deliveries = page.get_by_role("table", name="Deliveries")
    attempts = page.get_by_role("table", name="Attempts")
    expect(deliveries.get_by_role("row", name="deaf")).to_be_visible()
    expect(attempts.get_by_role("row", name="deaf").nth(1)).to_contain_text("no response")
    page.get_by_label("Send to").select_option(mute)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("Sending again to 1 endpoint.")).to_be_visible()
    expect(attempts.get_by_role("row", name=mute).nth(1)).to_contain_text("no response", timeout=_SECONDS)
    expect(deliveries.get_by_role("row", name=mute)).to_contain_text("undelivered", timeout=_SECONDS)


def test_a_review_is_decided(operator: ConsolePage, filled: Filled) -> None:
    """Frames are blurred until asked for; accepted by keyboard the file plays, blocked by a click it does not."""
    url = _media_url(filled, "flagged")
    assert httpx.get(url).status_code == 403
    page = operator.open("/reviews")
    card = page.get_by_role("article", name="可疑 <i>clip</i>")
    frame = card.get_by_role("img").first
    expect(frame).to_have_css("filter", "blur(24px) grayscale(0.8)")
    card.focus()
    page.keyboard.press("s")
    expect(frame).to_have_css("filter", "none")
    assert frame.evaluate("image => image.naturalWidth") > 0
    card.get_by_label("Note").fill("a bad flag, as b and a say")
    assert page.get_by_role("article").count() == 2, "letters of a note are no decisions"
    card.focus()
    page.keyboard.press("a")
    expect(card).to_have_count(0)
    _status_becomes(url, 200)
    page = operator.open(f"/reviews/{filled.files['flagged']}")
    expect(page.get_by_text(f"Accepted by {filled.operator.name}")).to_contain_text("a bad flag")
    page.get_by_role("button", name="Block").click()
    expect(page.get_by_text("can no longer be played.")).to_be_visible()
    _status_becomes(url, 403)


def test_a_template_is_made_and_used_in_a_procedure(operator: ConsolePage, filled: Filled) -> None:
    """A form follows the schema's limits; the new template is chosen in a procedure, whose plan shows it."""
    page = operator.open("/templates/SampleSnapshot/new")
    page.get_by_label("Name").fill("every third second")
    page.get_by_label("Unit of the interval").select_option("Time")
    page.get_by_label("Interval (percent or seconds)").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter 1 or more.")).to_be_visible()
    page.get_by_label("Interval (percent or seconds)").fill("3")
    page.get_by_label("Width (0: from the aspect ratio)").fill("208")
    page.get_by_role("button", name="Save").click()
    operator.heading("Sampled snapshots: every third second")
    rows = filled.operator.action("DescribeSampleSnapshotTemplates", {"Type": "Custom"})["SampleSnapshotTemplateSet"]
    made = next(row for row in rows if row["Name"] == "every third second")
    assert (made["SampleType"], made["SampleInterval"], made["Width"]) == ("Time", 3, 208)
    operator.open("/procedures/new")
    page.get_by_label("Name").fill("thirds")
    page.get_by_label("Used: Video processing").click()
    page.get_by_role("button", name="Add: Sampled snapshots").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Choose a template. Templates are created on the page “Templates”.")).to_be_visible()
    page.get_by_role("combobox", name="Template").select_option(str(made["Definition"]))
    _show_plan(page, "春节")
    expect(page.get_by_role("region", name="Commands")).to_contain_text("208")
    page.get_by_role("button", name="Save").click()
    operator.heading("Procedure: thirds")
    found = filled.operator.action("DescribeProcedureTemplates", {"Names": ["thirds"]})["ProcedureTemplateSet"]
    steps = found[0]["MediaProcessTask"]["SampleSnapshotTaskSet"]
    assert [step["Definition"] for step in steps] == [made["Definition"]]


def _show_plan(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="File", exact=True).fill(name)
    page.get_by_role("option", name=name).first.click()
    page.get_by_role("button", name="Show the plan").click()


def test_a_template_is_changed_and_deleted(operator: ConsolePage, filled: Filled) -> None:
    """A preset is copied into an own template, changed, shown with its plan, and deleted."""
    page = operator.open("/templates/Transcode/100010")
    expect(page.get_by_text("Presets cannot be changed.")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_role("link", name="Copy to a custom template").click()
    page.get_by_label("Name").fill("mine")
    page.get_by_label("Height (0: from the aspect ratio)").fill("180")
    _show_plan(page, "春节")
    expect(page.get_by_role("region", name="Commands")).to_contain_text("180")
    page.get_by_role("button", name="Save").click()
    operator.heading("Transcode: mine")
    own = _own_transcodes(filled)["mine"]
    assert own["VideoTemplate"]["Height"] == 180
    page.get_by_label("Frame rate (fps, 0: as the source)").fill("12")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The template was saved.").last).to_be_visible()
    until(lambda: _own_transcodes(filled)["mine"]["VideoTemplate"]["Fps"] == 12, 10)
    page.get_by_role("button", name="Delete", exact=True).click()
    _confirm(page, "Delete")
    operator.heading("Templates")
    assert "mine" not in _own_transcodes(filled)


def _own_transcodes(filled: Filled) -> dict[str, Any]:
    rows = filled.operator.action("DescribeTranscodeTemplates", {"Type": "Custom"})["TranscodeTemplateSet"]
    return {row["Name"]: row for row in rows}


@pytest.mark.parametrize(
    "kind",
    ["Transcode", "AdaptiveDynamicStreaming", "SnapshotByTimeOffset", "SampleSnapshot", "ImageSprite",
     "AnimatedGraphics", "Watermark", "Review", "ContentReview"],
)  # fmt: skip
def test_every_kind_has_a_form_that_the_server_takes(operator: ConsolePage, filled: Filled, kind: str) -> None:
    """Filled in with the least that is needed, the form of each of the nine kinds makes a template."""
    page = operator.open(f"/templates/{kind}/new")
    page.get_by_label("Name").fill(f"least {kind}")
    fill_in = _LEAST.get(kind)
    if fill_in:
        fill_in(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The template was saved.")).to_be_visible(timeout=_SECONDS)
    rows = filled.operator.action(f"Describe{kind}Templates", {"Limit": 100})[f"{kind}TemplateSet"]
    assert f"least {kind}" in {row["Name"] for row in rows}


def _transcode(page: Page) -> None:
    page.get_by_label("Used: Video").click()
    page.get_by_label("Used: Audio").click()


def _watermark(page: Page) -> None:
    page.get_by_label("Type").select_option("text")
    page.get_by_label("Used: Text").click()
    page.get_by_label("Size, such as 28px").fill("24px")
    page.get_by_label("Colour, such as 0xFFFFFF").fill("0xFFFFFF")


def _labels(page: Page) -> None:
    page.get_by_role("checkbox", name="Porn").click()


#: What a form needs besides what it begins with.
_LEAST: dict[str, Callable[[Page], None]] = {"Transcode": _transcode, "Watermark": _watermark, "Review": _labels}


def test_markup_in_names_is_text(operator: ConsolePage, filled: Filled) -> None:
    """Names that look like code of a page are shown letter by letter and do nothing."""
    page = operator.page
    page.on("dialog", lambda dialog: operator.problems.append(dialog.message))
    operator.open("/templates?kind=SnapshotByTimeOffset&origin=own")
    expect(page.get_by_role("link", name=f"小封面 {MARKUP}")).to_be_visible()
    operator.open("/reviews")
    expect(page.get_by_role("heading", level=2)).not_to_have_count(0)
    assert page.locator("main i, main b, main img[src=x]").count() == 0
