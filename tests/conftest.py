"""Fixtures of every folder: real servers, generated media."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from openvod.adapters.ffmpeg.encoder import make_cover, make_video
from support.server import PlatformServer
from support.server.wire import Wire


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real 8-second 720p H.264/AAC clip of about 3 MB."""
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    make_video(path)
    return path


@pytest.fixture(scope="session")
def cover(video: Path) -> Path:
    """A real JPEG, one frame of the clip."""
    path = video.with_suffix(".jpg")
    make_cover(video, path)
    return path


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformServer]:
    """One running platform for tests that only talk to it; short stall time, so that stalls can be tested."""
    environment = {"OPENVOD__SERVER__STALL_SECONDS": "1.5"}
    with PlatformServer(tmp_path_factory.mktemp("platform") / "data", environment) as server:
        yield server


@pytest.fixture(scope="session")
def wire(shared_server: PlatformServer) -> Iterator[Wire]:
    """A wire-level client with a key of the main application."""
    client = Wire(shared_server.url, shared_server.create_key())
    yield client
    client.http.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PlatformServer]:
    """A platform of the test's own, not started yet."""
    platform = PlatformServer(tmp_path / "data")
    yield platform
    if platform.process is not None and platform.process.poll() is None:
        platform.stop()
