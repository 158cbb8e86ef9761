"""The web SDK in Debian's Firefox, which no driver is needed for: the page starts by itself and reports."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.browser.upload_site import UploadSite
from support.server import PlatformServer
from support.server.wire import MIB

_FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
_SECONDS = 120
_SIZE = 20 * MIB + 5
_SCRIPT = """<script type="module">
const report = (said) => fetch("/report?" + encodeURIComponent(JSON.stringify(said)));
try {
  const content = await (await fetch("/content")).blob();
  const mediaFile = new File([content], "from firefox.mp4");
  const uploader = new TcVod.default({ getSignature }).upload({ mediaFile });
  let paused = false;
  uploader.on("progress", ({ percent }) => {
    if (paused || percent < 0.2) return;
    paused = true;
    uploader.pause();
    setTimeout(() => uploader.resume(), 300);
  });
  const done = await uploader.done();
  await customElements.whenDefined("openvod-upload");
  const button = document.querySelector("openvod-upload").shadowRoot.querySelector("[part~=choose]").textContent;
  report({ url: done.video.url, crc64: done.crc64, paused, button });
} catch (error) {
  report({ error: String(error) });
}
</script><openvod-upload signature-url="/signature"></openvod-upload>"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[UploadSite]:
    """A site whose page uploads by itself."""
    environment = {"OPENVOD__TASKS__WORKERS": "0"}
    with PlatformServer(tmp_path / "data", environment) as running, UploadSite(running) as serving:
        serving.scripts = ("openvod.umd.js", "openvod-upload.esm.js")
        serving.body = _SCRIPT
        yield serving


@pytest.mark.skipif(_FIREFOX is None, reason="Firefox is not installed: apt-get install firefox-esr")
def test_firefox(site: UploadSite, tmp_path: Path) -> None:
    """In Firefox a file goes through in parts, paused in the middle, and arrives whole; the component is there."""
    content = random.Random(7).randbytes(_SIZE)
    site.files["/content"] = content
    assert _FIREFOX is not None
    command = [_FIREFOX, "--headless", "--no-remote", "--profile", str(tmp_path / "profile"), site.url]
    (tmp_path / "profile").mkdir()
    firefox = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _SECONDS
        while not site.reports:
            assert time.monotonic() < deadline, f"no report; pages asked for: {dict(site.asked)}"
            time.sleep(0.2)
        said = json.loads(site.reports[0])
        assert "error" not in said, said
        assert said["paused"]
        assert said["button"] == "Choose files"
        assert httpx.get(said["url"]).content == content
    finally:
        firefox.terminate()
        firefox.wait(30)
