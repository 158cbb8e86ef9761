"""One file in each state: the same words in the library, on its page, in the player and on the command line."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from openvod.access.account_model import Role
from openvod.access.service import IssuedKey
from support.browser.console_page import apart, context_of, person_of, photograph
from support.browser.player_page import make_film, uploaded
from support.corpus.build import AAC, ffmpeg, heard, seen
from support.server import PlatformServer
from support.server.api import call
from support.server.commands import openvod_json
from support.server.console import Person
from support.server.wire import Wire

#: By state: what the console's badge, the file's page, the player and the command line say.
WORDS: dict[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str], str]] = {
    "checking": (
        ("Checking", "检测中"),
        ("The file is being checked", "正在检测文件"),
        ("Checking", "检测中"),
        "Checking",
    ),
    "processing": (
        ("Processing 0%", "处理中 0%"),
        ("A task flow is processing the file", "正在处理"),
        ("Processing 0 %", "处理中 0%"),
        "Processing 0 %",
    ),
    "ready": (("Ready", "可播放"), ("", ""), ("", ""), "Ready"),
    "not_playable": (
        ("Not playable here", "暂不能在此播放"),
        ("Browsers do not open flv.", "浏览器无法打开 flv 文件。"),
        ("browsers do not open flv", "浏览器无法打开 flv 文件"),
        "Not playable here (browsers do not open flv)",
    ),
    "damaged": (
        ("Damaged", "已损坏"),
        ("The file contains no readable video, audio or image", "其中没有可识别的视频"),
        ("Damaged", "已损坏"),
        "Damaged (no media can be read in it)",
    ),
    "blocked": (
        ("Blocked", "已禁播"),
        ("Playback of this file is blocked", "该文件已被禁播"),
        ("Blocked", "已禁播"),
        "Blocked",
    ),
    "deleted": (("", ""), ("This file was deleted", "此文件已删除"), ("Deleted", "已删除"), ""),
}
LANGUAGES = {"en-GB": 0, "zh-CN": 1}


@dataclass(frozen=True)
class Site:
    """A platform without workers, with a file in each state."""

    server: PlatformServer
    person: Person
    files: dict[str, str]


@contextmanager
def stopped_probes(server: PlatformServer) -> Iterator[Event]:
    """Stop every probe right after its start, as a disk that does not answer would; the event tells the first."""
    assert server.process
    caught, over = Event(), Event()
    children: list[psutil.Process] = []

    def watch(parent: psutil.Process) -> None:
        while not over.is_set():
            for child in parent.children(recursive=True):
                try:
                    if child not in children and any("probe_child" in word for word in child.cmdline()):
                        child.send_signal(signal.SIGSTOP)
                        children.append(child)
                        caught.set()
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.005)

    watcher = Thread(target=watch, args=[psutil.Process(server.process.pid)])
    watcher.start()
    try:
        yield caught
    finally:
        over.set()
        watcher.join()


def _state(server: PlatformServer, file_id: str) -> str:
    told = httpx.get(f"{server.url}/play/{file_id}/sources.json").json()
    return str(told.get("status", {}).get("state", ""))


def _await_state(server: PlatformServer, file_id: str, state: str) -> None:
    deadline = time.monotonic() + 30
    while _state(server, file_id) != state:
        assert time.monotonic() < deadline, (_state(server, file_id), state)
        time.sleep(0.05)


def _filled(server: PlatformServer, folder: Path, key: IssuedKey) -> dict[str, str]:
    film = make_film(folder / "film.mp4", 3)
    flv = folder / "old.flv"
    ffmpeg(*seen("320x180", seconds=2), *heard(2), "-c:v", "flv1", *AAC, str(flv))
    noise = folder / "noise.mp4"
    noise.write_bytes(os.urandom(200_000))
    files = {
        "ready": uploaded(server, key, film),
        "not_playable": uploaded(server, key, flv),
        "processing": uploaded(server, key, flv, "LongVideoPreset"),
        "damaged": uploaded(server, key, noise),
        "blocked": uploaded(server, key, film),
        "deleted": uploaded(server, key, film),
    }
    for state in ("ready", "not_playable", "processing", "damaged"):
        _await_state(server, files[state], state)
    wire = Wire(server.url, key)
    with wire.http, stopped_probes(server) as caught:
        call(wire, "ForbidMediaDistribution", {"FileIds": [files["blocked"]], "Operation": "forbid"})
        call(wire, "DeleteMedia", {"FileId": files["deleted"]})
        files["checking"] = uploaded(server, key, flv)
        assert caught.wait(20)
    return files


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The platform of this module."""
    folder = tmp_path_factory.mktemp("states")
    environment = {"OPENVOD__TASKS__WORKERS": "0", "OPENVOD__PROBE__TIMEOUT_SECONDS": "600"}
    with PlatformServer(folder / "data", environment) as server:
        key = apart(server.create_key)
        yield Site(server, person_of(server, Role.ADMIN), apart(lambda: _filled(server, folder, key)))


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_library_tells_states(browser: Browser, site: Site, locale: str) -> None:
    """Every row has the badge of its file's state, in the reader's language."""
    context = context_of(browser, site.person, locale=locale)
    page = context.new_page()
    page.goto(f"{site.server.url}/console/#/media")
    for state, (badges, *_) in WORDS.items():
        if badges[0]:
            row = page.locator("tr, [role=row]").filter(has=page.locator(f'a[href*="{site.files[state]}"]'))
            expect(row.first).to_contain_text(badges[LANGUAGES[locale]])
    photograph(page, f"states-library-{locale}")
    context.close()


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("state", WORDS)
def test_pages_tell_states(browser: Browser, site: Site, locale: str, state: str) -> None:
    """The file's page says how it stands, why and what can be done; the player says the same."""
    place, (_, told, played, _) = LANGUAGES[locale], WORDS[state]
    context = context_of(browser, site.person, locale=locale)
    page = context.new_page()
    page.goto(f"{site.server.url}/console/#/media/{site.files[state]}")
    if told[place]:
        expect(page.get_by_role("main")).to_contain_text(told[place])
    else:
        expect(page.locator("iframe")).to_be_visible()
    make = page.get_by_role("button", name=("Make it playable", "转换为可播放格式")[place])
    expect(make).to_have_count(1 if state == "not_playable" else 0)
    photograph(page, f"states-{state}-{locale}")
    page.goto(f"{site.server.url}/play/{site.files[state]}")
    if played[place]:
        expect(page.get_by_role("status")).to_contain_text(played[place])
    else:
        expect(page.locator("video")).to_be_visible()
    photograph(page, f"states-player-{state}-{locale}")
    context.close()


def test_the_command_line_tells_states(site: Site) -> None:
    """``openvod media list`` says the same words; deleted files are not in the list."""
    rows = apart(lambda: openvod_json("media", "list", "--data-dir", str(site.server.data_dir), "--json"))
    told = {row["fileId"]: row["state"] for row in rows}
    expected = {site.files[state]: words[3] for state, words in WORDS.items() if words[3]}
    assert told == expected


def test_it_is_made_playable(browser: Browser, site: Site) -> None:
    """The button orders what makes the file play; the page then tells that it is on its way."""
    context = context_of(browser, site.person)
    page: Page = context.new_page()
    page.goto(f"{site.server.url}/console/#/media/{site.files['not_playable']}")
    page.get_by_role("button", name="Make it playable").click()
    expect(page.get_by_role("main")).to_contain_text("A task flow is processing the file")
    expect(page.get_by_role("button", name="Make it playable")).to_have_count(0)
    context.close()
