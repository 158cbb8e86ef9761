"""vod-js-sdk-v6 1.8.0, unmodified, in headless Chromium behind the official hosts."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from openvod.access.service import IssuedKey
from support.browser.chromium import launch
from support.server import PlatformServer
from support.server.certificates import Certificates
from support.server.wire import signature

pytestmark = [pytest.mark.clients, pytest.mark.browser, pytest.mark.xdist_group("browser")]
_ORIGIN = "https://app.example.test"
_PAGE = """<!doctype html><meta charset="utf-8"><title>Upload</title>
<style>body{font:16px sans-serif;margin:3em;max-width:40em}
progress{width:100%}pre{white-space:pre-wrap;word-break:break-all}</style>
<h1>Unmodified web SDK</h1>
<p><input id="media" type="file"> <input id="cover" type="file"> <button id="go">Upload</button>
<button id="cancel">Cancel</button></p>
<p>Media <progress id="bar" max="1" value="0"></progress> <span id="percent">0 %</span></p><pre id="result"></pre>
<script src="/sdk.js"></script>
<script>
const show = (text) => { document.getElementById("result").textContent = text };
let uploader;
document.getElementById("go").onclick = () => {
  const tcVod = new TcVod.default({ getSignature: () => fetch("/signature").then((r) => r.text()) });
  uploader = tcVod.upload({
    mediaFile: document.getElementById("media").files[0],
    coverFile: document.getElementById("cover").files[0],
    enableResume: true,
  });
  uploader.on("media_progress", (info) => {
    document.getElementById("bar").value = info.percent;
    document.getElementById("percent").textContent = Math.round(info.percent * 100) + " %";
  });
  uploader.done().then((r) => show(JSON.stringify(r, null, 1)), (e) => show("ERROR " + (e.message || e)));
};
document.getElementById("cancel").onclick = () => { uploader.cancel(); show("CANCELLED") };
</script>"""


@pytest.fixture(scope="module")
def app_port(certificates: Certificates, packages: Path, tls_key: IssuedKey) -> Iterator[int]:
    """The app's own web server: its page, the SDK's bundle as it comes, and one-time signatures."""
    bundle = (packages / "vod-js-sdk-v6" / "dist" / "vod-js-sdk-v6.js").read_bytes()

    class App(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = "text/html; charset=utf-8", _PAGE.encode()
            if self.path == "/sdk.js":
                kind, body = "text/javascript; charset=utf-8", bundle
            elif self.path == "/signature":
                kind, body = "text/plain", signature(tls_key, oneTimeValid=1, sourceContext="web").encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(
    tls_server: PlatformServer, certificates: Certificates, app_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """Chromium that finds the official hosts at the platform and trusts the test authority, nothing else changed."""
    home = tmp_path_factory.mktemp("home")
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for arguments in (["-N", "--empty-password"], ["-A", "-n", "test", "-t", "C,,", "-i", str(certificates.authority)]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *arguments], check=True, capture_output=True)
    official = ("*.qcloud.com", "vod2.dnsv1.com", "*.myqcloud.com", "*.tencentcos.cn")
    rules = ",".join(f"MAP {host} 127.0.0.1:{tls_server.port}" for host in official)
    rules += f",MAP app.example.test 127.0.0.1:{app_port}"
    with sync_playwright() as playwright:
        chromium = launch(playwright, [f"--host-resolver-rules={rules}"], {**os.environ, "HOME": str(home)})
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of the test's own."""
    fresh = browser.new_context(viewport={"width": 900, "height": 640})
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The app's page, opened."""
    opened = context.new_page()
    opened.goto(f"{_ORIGIN}/")
    return opened


def _start(page: Page, media: Path, cover: Path | None = None) -> None:
    page.set_input_files("#media", media)
    if cover:
        page.set_input_files("#cover", cover)
    page.click("#go")


def _result(page: Page) -> dict[str, Any]:
    expect(page.locator("#result")).not_to_be_empty(timeout=90_000)
    result: dict[str, Any] = page.evaluate("JSON.parse(document.getElementById('result').textContent)")
    return result


def _stored(url: str) -> bytes:
    return httpx.get(url, verify=False).content


def _count_parts(page: Page) -> list[str]:
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT" and "partNumber=" in request.url:
            seen.append(request.url)

    page.on("request", note)
    return seen


def _slow_down(page: Page) -> None:
    """Bound the page's upload speed to 24 MiB/s, so that there is a middle to act in; a reload keeps it."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 24 << 20},
    )


def _screenshot(page: Page, name: str) -> None:
    if folder := os.environ.get("OPENVOD_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / name)


def test_new_upload_with_cover(page: Page, video: Path, cover: Path) -> None:
    """Media and cover go through with one-time signatures, and both play back byte for byte."""
    _start(page, video, cover)
    done = _result(page)
    assert _stored(done["video"]["url"]) == video.read_bytes()
    assert _stored(done["cover"]["url"]) == cover.read_bytes()
    assert page.locator("#percent").text_content() == "100 %"
    _screenshot(page, "web-sdk-after.png")


def test_over_100_mib_resumes_after_reload(page: Page, big_video: Path) -> None:
    """Reloaded in mid-upload, the SDK resumes its session and sends only what is missing."""
    first = _count_parts(page)
    _slow_down(page)
    _start(page, big_video)
    page.wait_for_function("document.getElementById('bar').value > 0.4")
    _screenshot(page, "web-sdk-middle.png")
    before = len(first)
    page.reload()
    first.clear()
    _start(page, big_video)
    done = _result(page)
    parts = -(-big_video.stat().st_size // (8 << 20))
    assert before >= 5
    assert 0 < len(first) < parts
    assert _stored(done["video"]["url"]) == big_video.read_bytes()


def test_cancel_then_again(page: Page, big_video: Path) -> None:
    """Cancelled in mid-upload nothing is committed; uploading again works."""
    commits: list[str] = []
    page.on("request", lambda r: commits.append(r.url) if "CommitUploadUGC" in r.url else None)
    _slow_down(page)
    _start(page, big_video)
    page.wait_for_function("document.getElementById('bar').value > 0.2")
    page.click("#cancel")
    page.wait_for_timeout(500)
    assert commits == []
    page.reload()
    _start(page, big_video)
    assert _stored(_result(page)["video"]["url"]) == big_video.read_bytes()


def test_a_refusal_reaches_the_user(page: Page, tmp_path: Path) -> None:
    """What the platform says about a wrong type is what the SDK's promise rejects with."""
    odd = tmp_path / "program.exe"
    odd.write_bytes(b"MZ")
    _start(page, odd)
    expect(page.locator("#result")).to_contain_text("videoType 'exe' is not accepted", timeout=30_000)
