"""What an upload shows of its progress, over real HTTP to a loopback platform."""

from __future__ import annotations

import os
import time
from pathlib import Path

import anyio
import pytest
from starlette.responses import Response

from openvod_sdk import Client, FileResumeStore, Progress, RetryPolicy, StorageError
from support.loopback import Loopback, cos_error

MIB = 1 << 20
#: More than the SDK reads at once, so that a part is shown in steps.
PART = 2 * MIB
FAST = RetryPolicy(attempts=3, first_delay=0.001, longest_delay=0.002)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A file of three parts, the last one short."""
    path = tmp_path / "holiday.mp4"
    path.write_bytes(os.urandom(2 * PART + 1000))
    return path


@pytest.fixture
def one_by_one(loopback: Loopback, store: FileResumeStore) -> Client:
    """A client that sends one part after the other."""
    return Client(loopback.url, "signature", part_size=PART, concurrency=1, retry=FAST, resume_store=store)


def interrupted(loopback: Loopback, client: Client, video: Path) -> None:
    """Leave an upload whose parts are all stored, as a process does that ends before Complete."""
    loopback.plan("complete", cos_error(403, "AccessDenied"))
    with pytest.raises(StorageError):
        client.upload(video)


@pytest.mark.parametrize("fault", [503, cos_error(400, "BadDigest"), cos_error(400, "ExpiredToken")])
def test_repeated_part(loopback: Loopback, one_by_one: Client, video: Path, fault: Response | int) -> None:
    """A repeated part does not take shown bytes back, nor count twice, whoever repeats it."""
    seen: list[tuple[int, int]] = []
    loopback.plan("part", fault)
    one_by_one.upload(video, on_progress=lambda told: seen.append((told.bytes_done, len(loopback.parts))))
    done = [bytes_done for bytes_done, _ in seen]
    assert (done, done[-1]) == (sorted(done), video.stat().st_size)
    assert all(bytes_done <= (stored + 1) * PART for bytes_done, stored in seen)
    assert loopback.count("part") == 4


def test_upload_that_starts_anew(loopback: Loopback, one_by_one: Client, video: Path) -> None:
    """When storage forgets a resumed upload at its end, the second run shows no byte beyond the total."""
    interrupted(loopback, one_by_one, video)
    seen: list[Progress] = []
    loopback.plan("complete", cos_error(404, "NoSuchUpload"))
    one_by_one.upload(video, on_progress=seen.append)
    size = video.stat().st_size
    assert loopback.count("part") == 6
    assert (max(told.bytes_done for told in seen), {told.bytes_total for told in seen}) == (size, {size})


def test_resumed_bytes_are_done_but_not_speed(loopback: Loopback, one_by_one: Client, video: Path) -> None:
    """Resumed bytes are done at once, but do not make this run look fast."""
    interrupted(loopback, one_by_one, video)
    seen: list[Progress] = []
    one_by_one.upload(video, on_progress=seen.append)
    resumed = [told for told in seen if told.phase == "upload"]
    assert [told.bytes_done for told in resumed] == [PART, 2 * PART, 2 * PART + 1000]
    assert {(told.speed_bytes_per_second, told.seconds_left) for told in seen} == {(0.0, None)}


def test_estimates(loopback: Loopback, video: Path) -> None:
    """Speed and time left follow from bytes over time, and fit together."""
    pause, began = 0.02, time.monotonic()

    async def signature() -> str:
        await anyio.sleep(pause)
        return "signature"

    seen: list[tuple[Progress, float]] = []
    client = Client(loopback.url, signature, part_size=PART, concurrency=1, retry=FAST, resume=False)
    client.upload(video, on_progress=lambda told: seen.append((told, time.monotonic())))
    first, at = next(each for each in seen if each[0].bytes_done)
    assert first.bytes_done / (at - began) <= first.speed_bytes_per_second <= first.bytes_done / pause
    assert first.seconds_left == pytest.approx((first.bytes_total - first.bytes_done) / first.speed_bytes_per_second)
