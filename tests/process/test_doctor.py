"""``openvod doctor`` against a real server, a stopped one, and a real nginx between."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from openvod.app.doctor.machine import check_extras
from openvod.app.doctor.model import Finding, Level
from openvod.app.settings import Settings, TaskSettings
from support.server import PlatformServer
from support.server.commands import openvod
from support.server.nginx import Nginx

_HEADERS = "proxy_set_header Host $http_host; proxy_http_version 1.1;"


def examined(server: PlatformServer, url: str = "") -> tuple[int, dict[str, tuple[str, str, str]]]:
    """Run the doctor; return its exit status, and level, words and advice by what was looked at."""
    options = ["--url", url] if url else []
    done = openvod("doctor", "--data-dir", str(server.data_dir), "--json", *options)
    assert done.stdout, done.stderr
    found = {each["what"]: (each["level"], each["found"], each["advice"]) for each in json.loads(done.stdout)}
    return done.returncode, found


def test_a_healthy_installation(shared_server: PlatformServer) -> None:
    """Nothing fails; what is told is measured."""
    status, found = examined(shared_server)
    assert status == 0
    for what in ("ffmpeg", "disk speed", "database", "server", "upload buffering", "download buffering", "upload rate"):
        assert found[what][0] in ("ok", "warn"), found[what]
    assert "decoded 30 frames" in found["ffmpeg"][1]
    assert "ffmpeg parts" not in found
    assert "/compat/web.js" in found["vod2.qcloud.com"][2]


def test_no_server(server: PlatformServer) -> None:
    """A server that does not answer fails the report, with the next step; the rest is still looked at."""
    server.start().stop()
    status, found = examined(server)
    assert (status, found["server"][0], "openvod serve" in found["server"][2]) == (1, "fail", True)
    assert found["database"][0] == "ok"


def test_another_installations_server(server: PlatformServer, shared_server: PlatformServer) -> None:
    """The server of another data folder does not answer our probes."""
    server.start().stop()
    _, found = examined(server, shared_server.url)
    assert (found["proxy"][0], "--data-dir" in found["proxy"][2]) == ("warn", True)


def test_a_broken_ffmpeg(shared_server: PlatformServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is none is named."""
    monkeypatch.setenv("OPENVOD_FFMPEG", "/bin/false")
    status, found = examined(shared_server)
    assert (status, found["ffmpeg"][0], "/bin/false" in found["ffmpeg"][1]) == (1, "fail", True)


@pytest.mark.nginx
def test_a_proxy_with_default_settings(shared_server: PlatformServer, tmp_path: Path) -> None:
    """nginx stores uploads before it passes them on and refuses parts over 1 MiB: both are told with the directive."""
    with Nginx(tmp_path, f"{_HEADERS} proxy_pass {shared_server.url};") as proxy:
        status, found = examined(shared_server, proxy.url)
    assert status == 1
    assert (found["upload buffering"][0], found["upload buffering"][2]) == (
        "warn",
        "nginx: proxy_request_buffering off",
    )
    assert (found["part size"][0], "client_max_body_size" in found["part size"][2]) == ("fail", True)


@pytest.mark.nginx
def test_a_proxy_set_up_for_uploads(shared_server: PlatformServer, tmp_path: Path) -> None:
    """With the directives that the doctor names, nothing is left to say."""
    tuned = f"{_HEADERS} proxy_request_buffering off; proxy_buffering off; client_max_body_size 0;"
    with Nginx(tmp_path, f"{tuned} proxy_pass {shared_server.url};") as proxy:
        status, found = examined(shared_server, proxy.url)
    assert status == 0
    assert [found[what][0] for what in ("server", "upload buffering", "download buffering")] == ["ok"] * 3


def test_reviewers_of_the_settings() -> None:
    """The doctor looks at the reviewers that the settings name, whichever they are, and says what is wrong with one."""

    def found(place: str) -> list[Finding]:
        settings = Settings(tasks=TaskSettings(reviewers={"Porn": place}))
        return [each for each in asyncio.run(check_extras(settings)) if each.what == "review"]

    (own,) = found("support.media.flagging_reviewer:FlaggingReviewer")
    assert (own.level, own.found) == (Level.OK, "Porn: FlaggingReviewer")
    (default,) = found("openvod.adapters.opennsfw.reviewer:OpenNsfwReviewer")
    assert "open_nsfw" in default.found or "pip install 'openvod[review]'" in default.advice
    (absent,) = found("openvod.adapters.nowhere:Nobody")
    assert (absent.level, "openvod.adapters.nowhere:Nobody" in absent.found) == (Level.FAIL, True)
