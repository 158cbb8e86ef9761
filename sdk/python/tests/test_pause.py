"""Uploads that their user pauses or cancels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openvod_sdk import (
    Client,
    Progress,
    UploadCancelled,
    UploadControl,
)
from support.loopback import Loopback


@pytest.fixture
def later() -> Iterator[Callable[[float, Callable[[], Any]], None]]:
    """Call something from another thread after a while; timers end with the test."""
    timers: list[threading.Timer] = []

    def start(seconds: float, call: Callable[[], Any]) -> None:
        timers.append(threading.Timer(seconds, call))
        timers[-1].start()

    yield start
    for timer in timers:
        timer.cancel()
        timer.join()


def test_pause_and_resume(
    loopback: Loopback, client: Client, video: Path, later: Callable[[float, Callable[[], Any]], None]
) -> None:
    """A paused upload sends nothing; resumed from another thread it ends well."""
    control, sent = UploadControl(), []
    control.pause()

    def go_on() -> None:
        sent.append(loopback.count("part"))
        control.resume()

    later(0.3, go_on)
    client.upload(video, control=control)
    assert sent == [0]
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


def test_cancel_before_the_transfer(loopback: Loopback, client: Client, video: Path) -> None:
    """A cancelled upload raises UploadCancelled and never commits."""
    control = UploadControl()
    control.cancel()
    with pytest.raises(UploadCancelled):
        client.upload(video, control=control)
    assert (loopback.objects, loopback.count("CommitUploadUGC")) == ({}, 0)


def test_cancel_in_mid_transfer(loopback: Loopback, client: Client, video: Path) -> None:
    """Cancelling while parts travel raises UploadCancelled itself and discards what was stored."""
    control = UploadControl()

    def cancel(progress: Progress) -> None:
        if progress.bytes_done:
            control.cancel()

    with pytest.raises(UploadCancelled):
        client.upload(video, on_progress=cancel, control=control)
    assert (loopback.count("abort"), loopback.count("CommitUploadUGC")) == (1, 0)
