"""The main job as a viewer lives it: upload in a page, play at once, and the ladder takes over.

With ``OPENVOD_SCREENSHOTS`` set to a folder, what the page looked like at each step is kept there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from support.browser.player_page import make_film
from support.browser.upload_site import UploadSite
from support.server import PlatformServer

pytestmark = pytest.mark.timeout(240)
_SCRIPT = """
<openvod-upload id="it" signature-url="/signature"></openvod-upload>
<script>
document.getElementById("it").addEventListener("openvod-done", (event) => {
  const frame = document.createElement("iframe");
  frame.src = `%s/play/${event.detail.result.fileId}?autoplay&muted`;
  frame.allow = "autoplay; fullscreen";
  frame.style = "width: 640px; height: 360px; border: 0";
  frame.title = "Player";
  window.doneAt = performance.now();
  document.body.append(frame);
});
</script>
"""
_PLAYING = "() => { const v = document.querySelector('video:not(.behind)'); return !!v && v.currentTime > 0.2; }"
_LADDER = "() => document.querySelector('main')?.dataset.source === 'ladder'"


def _recorder(page: Page) -> Callable[[str], None]:
    folder = os.environ.get("OPENVOD_SCREENSHOTS", "")

    def record(name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"story-{name}.png")

    return record


def test_upload_then_play_then_ladder(browser: Browser, tmp_path: Path) -> None:
    """The player shows the upload before any task ran, and the ladder's pictures later, in the same frame."""
    film = make_film(tmp_path / "holiday.mp4", 40, size="1280x720")
    page = browser.new_context(viewport={"width": 800, "height": 900}).new_page()
    record = _recorder(page)
    with PlatformServer(tmp_path / "data") as platform, UploadSite(platform) as site:
        site.scripts, site.body = ("openvod-upload.esm.js",), _SCRIPT % platform.url
        site.changes = {"procedure": "LongVideoPreset"}
        page.goto(site.url)
        page.wait_for_function("() => customElements.get('openvod-upload')")
        network = page.context.new_cdp_session(page)
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
        network.send("Network.emulateNetworkConditions", conditions)
        page.locator("openvod-upload input[type=file]").first.set_input_files(film)
        start = page.locator("openvod-upload").get_by_role("button", name="Upload")
        if start.count():
            start.first.click()
        page.wait_for_timeout(1500)
        record("1-uploading")
        network.send("Network.emulateNetworkConditions", conditions | {"uploadThroughput": -1})
        page.wait_for_selector("iframe", timeout=60_000)
        frame = page.frame_locator("iframe").owner.element_handle().content_frame()
        assert frame is not None
        frame.wait_for_function(_PLAYING, timeout=20_000)
        assert frame.evaluate("document.querySelector('main').dataset.source") == "instant"
        record("2-instant")
        # On a busy machine the ladder takes longer than the film; a player whose film has ended stays with what it has.
        frame.evaluate("document.querySelector('video').playbackRate = 0.25")
        frame.wait_for_function(_LADDER, timeout=160_000)
        page.wait_for_timeout(1000)
        record("3-ladder")
        assert frame.evaluate("document.querySelectorAll('video').length") == 1
    page.context.close()
