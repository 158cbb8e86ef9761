"""Fixtures of wire tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from openvod.adapters.ffmpeg.encoder import make_video
from support.server.wire import Applied, Wire


@pytest.fixture
def applied(wire: Wire) -> Applied:
    """A fresh session."""
    return wire.apply()


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real clip of two seconds, since much is made of it."""
    path = tmp_path_factory.mktemp("short") / "clip.mp4"
    make_video(path, seconds=2)
    return path
