"""``<openvod-upload>`` in real Chromium against a real platform."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from support.browser.axe import violations
from support.browser.upload_site import UploadSite
from support.server import PlatformServer
from support.server.app_server import running_app_server

_ROOT = Path(__file__).parents[2]
_HOWTO = _ROOT / "docs" / "how-to" / "upload-from-the-browser.md"
_SECONDS = 60_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadSite]:
    """A site whose page has the component."""
    environment = {"OPENVOD__TASKS__WORKERS": "0"}
    with (
        PlatformServer(tmp_path_factory.mktemp("component") / "data", environment) as running,
        UploadSite(running) as it,
    ):
        it.scripts = ("openvod-upload.esm.js",)
        yield it


@pytest.fixture
def page(browser: Browser, site: UploadSite) -> Iterator[Page]:
    """A page of a profile of the test's own, not opened yet."""
    context = browser.new_context(viewport={"width": 800, "height": 1000})
    yield context.new_page()
    context.close()


def _open(page: Page, site: UploadSite, attributes: str = "", language: str = "en") -> None:
    url = "" if "signature-url" in attributes else 'signature-url="/signature"'
    site.body = f'<openvod-upload id="it" {url} {attributes}></openvod-upload>'
    site.language = language
    page.goto(site.url)
    page.evaluate(
        """() => {
            window.done = [];
            window.failed = [];
            const it = document.getElementById("it");
            const plain = ({ file, result, error }) => ({ name: file.name, result, kind: error?.kind });
            it.addEventListener("openvod-done", (event) => done.push(plain(event.detail)));
            it.addEventListener("openvod-failed", (event) => failed.push(plain(event.detail)));
            return customElements.whenDefined("openvod-upload");
        }"""
    )


def _choose(page: Page, *files: Path) -> None:
    page.locator("openvod-upload input[type=file][multiple]").set_input_files(files)


def _done(page: Page, count: int = 1) -> list[dict[str, Any]]:
    # Asked again and again from outside: a page with a strict policy may not wait by itself.
    deadline = time.monotonic() + _SECONDS / 1000
    while len(done := page.evaluate("done")) < count:
        assert time.monotonic() < deadline, page.evaluate("failed")
        page.wait_for_timeout(50)
    assert isinstance(done, list)
    return done


def _throttle(page: Page, bytes_per_second: int) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    session.send("Network.emulateNetworkConditions", conditions)


def test_upload_with_a_frame_as_cover(page: Page, site: UploadSite, video: Path) -> None:
    """Chosen, given a frame of itself as cover, and uploaded: both files arrive."""
    _open(page, site)
    _choose(page, video)
    page.get_by_text("Cover", exact=True).click()
    page.get_by_label("Position in the video").fill("2")
    page.get_by_role("button", name="Use this frame").click()
    expect(page.get_by_text("Cover chosen")).to_be_visible(timeout=_SECONDS)
    page.get_by_role("button", name="Upload", exact=True).click()
    done = _done(page)
    assert httpx.get(done[0]["result"]["video"]["url"]).content == video.read_bytes()
    picture = httpx.get(done[0]["result"]["cover"]["url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8\xff")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")


def test_a_picture_as_cover(page: Page, site: UploadSite, video: Path, cover: Path) -> None:
    """A picture of the user's own becomes the cover; the next file waits for the button again."""
    _open(page, site)
    _choose(page, video)
    page.get_by_text("Cover", exact=True).click()
    page.get_by_label("Or an image file").set_input_files(cover)
    page.get_by_role("button", name="Upload", exact=True).click()
    assert httpx.get(_done(page)[0]["result"]["cover"]["url"]).content == cover.read_bytes()
    _choose(page, video)
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    expect(page.locator("openvod-upload .status").last).to_have_text("Waiting")


def test_drop(page: Page, site: UploadSite) -> None:
    """Files dropped on it are uploaded; with ``auto`` at once."""
    _open(page, site, "auto")
    page.evaluate(
        """() => {
            const given = new DataTransfer();
            given.items.add(new File(["one"], "one.mp4"));
            given.items.add(new File(["two"], "two.mp4"));
            const zone = document.getElementById("it").shadowRoot.querySelector("[part=drop]");
            zone.dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));
        }"""
    )
    done = {each["name"]: httpx.get(each["result"]["video"]["url"]).text for each in _done(page, 2)}
    assert done == {"one.mp4": "one", "two.mp4": "two"}


def test_progress_pause_cancel(page: Page, site: UploadSite, tmp_path: Path) -> None:
    """Speed and time left are shown; pausing stops, resuming goes on, cancelling ends, and trying again works."""
    media = tmp_path / "long.mp4"
    media.write_bytes(bytes(20_000_000))
    _open(page, site, "auto no-cover")
    _throttle(page, 4_000_000)
    _choose(page, media)
    status = page.locator("openvod-upload .status")
    expect(status).to_contain_text("MB/s", timeout=_SECONDS)
    expect(status).to_contain_text("left")
    assert violations(page, "#it") == []
    page.get_by_role("button", name="Pause").click()
    expect(status).to_have_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(status).to_contain_text("Uploading")
    page.get_by_role("button", name="Cancel").click()
    expect(status).to_have_text("Cancelled")
    _throttle(page, -1)
    page.get_by_role("button", name="Try again").click()
    _done(page)
    expect(status).to_have_text("Uploaded")


def test_names_with_markup(page: Page, site: UploadSite, tmp_path: Path) -> None:
    """A file's name is shown as it is, and nothing in it runs."""
    media = tmp_path / "<img src=x onerror=alert(1)>&amp;.mp4"
    media.write_bytes(b"content")
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    _open(page, site, "auto")
    _choose(page, media)
    assert _done(page)[0]["name"] == media.name
    expect(page.locator("openvod-upload .name")).to_have_text(media.name)
    assert page.locator("openvod-upload li img[src=x]").count() == 0
    assert not dialogs


def test_errors_say_what_to_do(page: Page, site: UploadSite, tmp_path: Path) -> None:
    """A refused file shows the reason with what to do, in the page's language, and stops no other."""
    odd, fine = tmp_path / "program.exe", tmp_path / "fine.mp4"
    odd.write_bytes(b"MZ")
    fine.write_bytes(b"fine")
    _open(page, site, "auto")
    _choose(page, odd, fine)
    assert _done(page)[0]["name"] == "fine.mp4"
    expect(page.locator("openvod-upload .failed .status")).to_contain_text("choose a video")
    assert page.evaluate("failed[0].kind") == "type"
    assert violations(page, "#it") == []
    _open(page, site, "auto", "zh-CN")
    _choose(page, odd)
    expect(page.locator("openvod-upload .failed .status")).to_contain_text("不支持此文件类型")


def test_languages(page: Page, site: UploadSite) -> None:
    """It speaks the language of the page, Chinese or English."""
    _open(page, site, language="zh-CN")
    expect(page.get_by_role("button", name="选择文件")).to_be_visible()
    _open(page, site, language="en")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()


def test_accessible(page: Page, site: UploadSite, video: Path) -> None:
    """No serious or critical finding of axe: empty, with a cover open, and done; all of it works by keyboard."""
    _open(page, site)
    assert violations(page, "#it") == []
    _choose(page, video)
    summary = page.locator("openvod-upload summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Use this frame")).to_be_enabled(timeout=_SECONDS)
    assert violations(page, "#it") == []
    page.get_by_role("button", name="Upload", exact=True).focus()
    page.keyboard.press("Enter")
    _done(page)
    assert violations(page, "#it") == []


def test_themes(page: Page, site: UploadSite) -> None:
    """Pages change colours by custom properties and anything by ``::part``."""
    _open(page, site)
    page.add_style_tag(
        content="openvod-upload { --openvod-accent: rgb(0, 100, 0) } openvod-upload::part(drop) { padding: 99px }"
    )
    choose = page.get_by_role("button", name="Choose files")
    assert choose.evaluate("it => getComputedStyle(it).color") == "rgb(0, 100, 0)"
    drop = page.locator("openvod-upload .drop")
    assert drop.evaluate("it => getComputedStyle(it).paddingLeft") == "99px"


def test_ten_thousand_files(page: Page, site: UploadSite) -> None:
    """10,000 files are taken at once: a hundred are shown, the others are counted, and the page answers."""
    _open(page, site)
    took = page.evaluate(
        """() => {
            const files = Array.from({ length: 10000 }, (_, index) => new File(["x"], `clip ${index}.mp4`));
            const began = performance.now();
            document.getElementById("it").add(files);
            return performance.now() - began;
        }"""
    )
    assert took < 2000
    assert page.locator("openvod-upload li").count() == 100
    expect(page.locator("openvod-upload .rest")).to_have_text("and 9900 more")


def test_strict_page(page: Page, site: UploadSite, video: Path) -> None:
    """Under a policy that allows scripts and calls alone it looks and works as elsewhere."""
    policy = "default-src 'none'; script-src 'unsafe-inline' http://127.0.0.1:*; connect-src http://127.0.0.1:*"
    site.headers = {"Content-Security-Policy": policy}
    try:
        _open(page, site, "auto")
        _choose(page, video)
        assert httpx.get(_done(page)[0]["result"]["video"]["url"]).content == video.read_bytes()
        border = page.locator("openvod-upload .drop").evaluate("it => getComputedStyle(it).borderTopStyle")
        assert border == "dashed"
    finally:
        site.headers = {}


@pytest.fixture(scope="module")
def app_server(site: UploadSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real ``openvod app-server``, which knows one token; yields its address."""
    with running_app_server(site.key, {"a-long-random-token": "user-7"}, tmp_path_factory.mktemp("app")) as address:
        yield address


@pytest.mark.parametrize("name", ["component", "script"])
def test_howto(browser: Browser, site: UploadSite, app_server: str, video: Path, name: str) -> None:
    """The how-to's snippets work as they stand, but for the two addresses, with our own signer."""
    found = re.search(rf"<!-- snippet: {name} -->\n```html\n(.*?)```", _HOWTO.read_text(), re.DOTALL)
    assert found
    context = browser.new_context()
    page = context.new_page()
    snippet = found[1].replace("https://vod.example.com", site.platform).replace("https://app.example.com", app_server)
    site.files["/howto"] = f"<!doctype html>{snippet}".encode()
    page.goto(f"{site.url}howto")
    page.wait_for_function("!!document.querySelector('#file') || !!document.querySelector('openvod-upload').shadowRoot")
    with page.expect_console_message(lambda message: message.text.startswith("fileId "), timeout=_SECONDS):
        page.locator("input[type=file]").set_input_files(video)
    context.close()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "sign in, then upload the same file again"), ("zh", "您尚未登录或登录已过期")]
)
def test_who_is_not_signed_in_is_told_at_once(
    page: Page, site: UploadSite, app_server: str, video: Path, language: str, words: str
) -> None:
    """An answer 401 is not asked for again; the user reads what to do."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/signature" in request.url else None)
    _open(page, site, f'auto signature-token="wrong" signature-url="{app_server}/signature"', language)
    _choose(page, video)
    expect(page.locator("openvod-upload [part=status]")).to_contain_text(words, timeout=5000)
    assert len(asked) == 1
    assert [(each["name"], each["kind"]) for each in page.evaluate("failed")] == [(video.name, "sign-in")]


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [("notes.txt", b"text", "type"), ("page.html", b"<p>", "type"), ("empty.mp4", b"", "empty")],
)
def test_a_wrong_file_is_refused_when_it_is_chosen(
    page: Page, site: UploadSite, tmp_path: Path, name: str, body: bytes, kind: str
) -> None:
    """Nothing is asked of any server for it, and there is no button to try it again; what it should be is said."""
    wrong = tmp_path / name
    wrong.write_bytes(body)
    asked: list[str] = []
    _open(page, site)
    page.on("request", lambda request: asked.append(request.url))
    _choose(page, wrong)
    expect(page.locator("openvod-upload [part=status]")).to_contain_text("choose a", timeout=5000)
    assert [(each["name"], each["kind"]) for each in page.evaluate("failed")] == [(name, kind)]
    assert asked == []
    expect(page.locator("openvod-upload").get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.locator("openvod-upload").get_by_role("button", name="Upload", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    "body", ["SIGNATURE", '{"signature":"SIGNATURE"}', '{"code":0,"message":"ok","data":{"signature":"SIGNATURE"}}']
)
@pytest.mark.parametrize("gives", ["answer", "text", "object"])
def test_every_form_of_a_signature(page: Page, site: UploadSite, video: Path, body: str, gives: str) -> None:
    """``getSignature`` may give fetch's answer, its text or the object in it, in all three documented forms."""
    site.files["/forms"] = body.replace("SIGNATURE", site.signature()).encode()
    take = {"answer": "answer", "text": "answer.text()", "object": "answer.json()"}[gives]
    if gives == "object" and not body.startswith("{"):
        take = "answer.text()"
    _open(page, site, "auto")
    page.evaluate(f"document.getElementById('it').getSignature = () => fetch('/forms').then((answer) => {take})")
    _choose(page, video)
    assert _done(page)[0]["name"] == video.name
