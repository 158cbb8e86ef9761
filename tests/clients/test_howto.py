"""The snippets of the how-to pages for official SDKs, run as they stand but for names of places."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients.builds import GO, Builds
from clients.drivers.browser import Browsers
from clients.scenarios import Content, File, Scenario
from clients.stage import Stage
from support.server.api import paced
from support.server.wire import Applied, Wire
from support.sweeps.workers import wait_for

pytestmark = [pytest.mark.clients, pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("howto")]
_ROOT = Path(__file__).parents[2]
_PAGES = ("use-the-official-sdks.md", "call-the-server-api.md")
_PAGE = "".join((_ROOT / "docs" / "how-to" / name).read_text() for name in _PAGES)
_BLOCK = re.compile(r"<!-- (snippet|excerpt): (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
_BLOCKS: dict[str, tuple[str, str]] = {name: (kind, text) for kind, name, text in _BLOCK.findall(_PAGE)}


@dataclass
class Desk:
    """Where a snippet runs: a folder with the file to upload, and an app server that answers ``/apply``."""

    stage: Stage
    folder: Path
    applied: list[Applied]

    def text(self, name: str) -> str:
        """Return a snippet with our names of places."""
        key = self.stage.key()
        platform = self.stage.server.url.partition("://")[2]
        replacements = {
            "https://app.example.com": f"http://127.0.0.1:{self.stage.app.plain_port}",
            "https://vod.example.com": self.stage.server.url,
            "vod.example.com": platform,
            "SECRET_ID": key.secret_id,
            "SECRET_KEY": key.secret_key,
        }
        text = _BLOCKS[name][1]
        for ours, theirs in replacements.items():
            text = text.replace(ours, theirs)
        return text

    def run(self, *command: str, **environment: str) -> str:
        """Run a program in the folder; return what it printed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def check_committed(self) -> None:
        """Commit what a COS SDK stored, and compare."""
        with self.stage.wire() as wire:
            answer = wire.commit(self.applied[0])
        assert answer["code"] == 0, answer
        assert self.stage.same(answer["data"]["video"]["url"], self.folder / "holiday.mp4")


@pytest.fixture
def desk(stage: Stage, tmp_path: Path) -> Desk:
    """A desk of the test's own."""
    stage.begin(Scenario("how-to"))
    shutil.copy(stage.file(File(content=Content.CLIP)), tmp_path / "holiday.mp4")
    applied: list[Applied] = []

    def apply() -> tuple[str, bytes]:
        with stage.wire() as wire:
            applied.append(wire.apply(sign=stage.sign()))
        return "application/json", json.dumps(applied[-1].data).encode()

    stage.app.pages["/apply"] = apply
    return Desk(stage, tmp_path, applied)


def test_every_snippet_is_run() -> None:
    """A block of code on the page is a snippet that a test below runs, or an excerpt of a program that runs."""
    assert len(_BLOCKS) == len(re.findall(r"^```\w+$", _PAGE, re.MULTILINE))
    run_here = set(re.findall(r'desk\.text\("(\S+)"\)', Path(__file__).read_text()))
    assert {name for name, (kind, _) in _BLOCKS.items() if kind == "snippet"} == run_here


def test_excerpts() -> None:
    """An excerpt stands in its program, line by line."""
    for name, (kind, text) in _BLOCKS.items():
        if kind == "excerpt":
            program = [line.strip() for line in (_ROOT / name).read_text().splitlines()]
            assert all(line.strip() in program for line in text.splitlines())


def test_web(desk: Desk, browsers: Browsers, packages: Path) -> None:
    """The page uploads what its user chooses, in a browser that resolves no official name."""
    bundle = (packages / "vod-js-sdk-v6" / "dist" / "vod-js-sdk-v6.js").read_bytes()
    desk.stage.app.pages["/howto"] = lambda: ("text/html; charset=utf-8", desk.text("web").encode())
    desk.stage.app.pages["/vod-js-sdk-v6.js"] = lambda: ("text/javascript; charset=utf-8", bundle)
    context = browsers.plain.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{desk.stage.app.plain_port}/howto")
    with page.expect_console_message(lambda message: message.text.startswith("fileId"), timeout=60_000) as said:
        page.set_input_files("#file", desk.folder / "holiday.mp4")
    assert said.value.text.removeprefix("fileId ") in desk.stage.new_assets()
    context.close()


def test_wx(desk: Desk) -> None:
    """Every official address leads to the platform, whatever the path; others stay."""
    program = """
const seen = [];
globalThis.wx = { request: (options) => seen.push(options.url) };
SNIPPET
for (const url of URLS) wx.request({ url, method: "POST" });
console.log(JSON.stringify(seen));
"""
    urls = [
        "https://vod2.qcloud.com/v3/index.php?Action=ApplyUploadUGC",
        "https://b-125.cos.ap-chongqing.myqcloud.com/a/b?uploads",
        "https://api.example.com/x?y=https://vod2.qcloud.com/",
    ]
    (desk.folder / "wx.cjs").write_text(
        program.replace("SNIPPET", desk.text("wx")).replace("URLS", json.dumps(urls)), encoding="utf-8"
    )
    platform = desk.stage.server.url
    seen: list[str] = json.loads(desk.run("node", "wx.cjs"))
    assert seen == [f"{platform}/v3/index.php?Action=ApplyUploadUGC", f"{platform}/a/b?uploads", urls[2]]


def test_vod_python(desk: Desk) -> None:
    """The server SDK uploads through API 3.0."""
    (desk.folder / "upload.py").write_text(desk.text("vod-python"), encoding="utf-8")
    said = desk.run(sys.executable, "upload.py")
    assert said.split()[-1] in desk.stage.new_assets()


def test_keys(desk: Desk) -> None:
    """Two keys are made, each for what it says."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    desk.run("sh", "-e", "-c", desk.text("keys"), PATH=programs)
    listed = json.loads(
        desk.run(
            str(Path(sys.executable).parent / "openvod"), "keys", "list", "--data-dir", "data", "--json", PATH=programs
        )
    )
    assert [key["may"] for key in listed] == [["sign", "read"], ["process", "read"]]


def test_api(desk: Desk) -> None:
    """The API SDK finds what was uploaded, with what the probe found out."""
    with desk.stage.wire() as wire:
        # What is no media has no metadata, in a library of anybody.
        unreadable = wire.apply()
        unreadable.put(b"no media")
        wire.commit(unreadable)
        applied = wire.apply()
        applied.put((desk.folder / "holiday.mp4").read_bytes())
        file_id = wire.commit(applied)["data"]["fileId"]
        assert wait_for(lambda: _is_probed(wire, file_id), 10)
    (desk.folder / "search.py").write_text(desk.text("api"), encoding="utf-8")
    said = desk.run(sys.executable, "search.py")
    assert any(line.startswith(f"{file_id} clip ") and float(line.split()[-1]) > 0 for line in said.splitlines()), said


def _is_probed(wire: Wire, file_id: str) -> bool:
    answer = paced(wire, "DescribeMediaInfos", {"FileIds": [file_id], "Filters": ["metaData"]})
    return bool(answer["MediaInfoSet"][0]["MetaData"])


def test_cos_python(desk: Desk) -> None:
    """The COS SDK stores what the app server then commits."""
    (desk.folder / "store.py").write_text(desk.text("cos-python"), encoding="utf-8")
    desk.run(sys.executable, "store.py")
    desk.check_committed()


def test_cos_nodejs(desk: Desk, packages: Path) -> None:
    """The same in Node.js."""
    (desk.folder / "store.cjs").write_text(desk.text("cos-nodejs"), encoding="utf-8")
    desk.run("node", "store.cjs", NODE_PATH=str(packages))
    desk.check_committed()


def test_cos_go(desk: Desk) -> None:
    """The same in Go."""
    for name in ("go.mod", "go.sum"):
        shutil.copy(GO / name, desk.folder / name)
    (desk.folder / "main.go").write_text(desk.text("cos-go"), encoding="utf-8")
    desk.run("go", "run", "-mod=mod", "-buildvcs=false", ".")
    desk.check_committed()


def test_cos_java(desk: Desk, builds: Builds) -> None:
    """The same in Java."""
    (desk.folder / "Store.java").write_text(desk.text("cos-java"), encoding="utf-8")
    command: list[str] = builds.java("cos-store", "unused")
    classes = command[command.index("-cp") + 1]
    desk.run("java", "-cp", classes, "Store.java")
    desk.check_committed()
