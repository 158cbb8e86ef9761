"""What players are told while a flow runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.browser.player_page import make_film, uploaded
from support.server import PlatformServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]


def test_what_is_done_is_told_before_the_flow_ends(server: PlatformServer, tmp_path: Path) -> None:
    """A cover is there while the ladder is being made, and the ladder is first once it is there; nothing goes away."""
    film = make_film(tmp_path / "film.mp4", 6)
    server.start()
    file_id = uploaded(server, server.create_key(), film, "LongVideoPreset")
    told: list[dict[str, Any]] = []
    deadline = time.monotonic() + 90
    while not told or told[-1]["pending"]:
        assert time.monotonic() < deadline
        told.append(httpx.get(f"{server.url}/play/{file_id}/sources.json").json())
        time.sleep(0.03)
    assert told[0]["state"] == "instant"
    assert any(each["poster"] and each["pending"] and each["state"] == "instant" for each in told)
    states = [each["state"] for each in told]
    assert states == sorted(states, key=["instant", "ladder"].index)
    assert (told[-1]["state"], told[-1]["sprite"] is not None) == ("ladder", True)
    assert all(httpx.head(source["url"]).status_code == 200 for source in told[-1]["sources"])
