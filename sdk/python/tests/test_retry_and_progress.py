"""Back-off as values, and the progress meter."""

from __future__ import annotations

import anyio
import httpx
import pytest

from openvod_sdk import ApiError, ChecksumMismatch, Progress, RetryPolicy, StorageError, TransportError
from openvod_sdk._progress import ProgressMeter
from openvod_sdk._transport import with_retries, worth_retrying

FAST = RetryPolicy(attempts=4, first_delay=0.0, longest_delay=0.0)


def test_delays_double_up_to_a_bound() -> None:
    """Delays double from the first to the longest, each between half and the whole of its bound."""
    policy = RetryPolicy(first_delay=0.25, longest_delay=2.0)
    for failures, bound in ((1, 0.25), (2, 0.5), (3, 1.0), (4, 2.0), (9, 2.0)):
        delays = [policy.delay(failures) for _ in range(50)]
        assert all(bound / 2 <= delay <= bound for delay in delays)
        assert len(set(delays)) > 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("refused"), True),
        (httpx.ReadTimeout("slow"), True),
        (TransportError("HTTP 503"), True),
        (ApiError(10090, "the database cannot be used at the moment"), True),
        (ChecksumMismatch("damaged"), True),
        (StorageError(500, "InternalError", "", ""), True),
        (StorageError(503, "SlowDown", "", ""), True),
        (StorageError(400, "IncompleteBody", "", ""), True),
        (StorageError(400, "BadDigest", "", ""), True),
        (StorageError(403, "AccessDenied", "", ""), False),
        (StorageError(404, "NoSuchUpload", "", ""), False),
        (ApiError(10004, "invalid signature"), False),
        (ValueError("a bug"), False),
    ],
)
def test_what_is_worth_retrying(error: Exception, expected: bool) -> None:
    """Faults of net and server are repeated, refusals and bugs are not."""
    assert worth_retrying(error) is expected


def attempts_until(successes_at: int, error: Exception) -> int:
    """Run a call that succeeds at that attempt; return how often it ran."""
    calls = 0

    async def call() -> int:
        nonlocal calls
        calls += 1
        if calls < successes_at:
            raise error
        return calls

    return anyio.run(with_retries, FAST, call)


def test_repeats_until_success() -> None:
    """A call that recovers within the attempts gives its result."""
    assert attempts_until(4, TransportError("down")) == 4


def test_gives_up_with_the_last_error() -> None:
    """When the attempts are used up the error itself is raised, transport faults as TransportError."""
    with pytest.raises(ChecksumMismatch):
        attempts_until(5, ChecksumMismatch("damaged"))
    with pytest.raises(TransportError, match="cannot be reached"):
        attempts_until(5, httpx.ConnectError("refused"))


def test_meter_never_goes_back() -> None:
    """A repeated part does not take shown bytes back, and they never exceed the total."""
    seen: list[Progress] = []
    meter = ProgressMeter(100, seen.append)
    meter.sent("a", 60)
    meter.retried("a")
    meter.sent("a", 20)
    meter.sent("a", 40)
    meter.acknowledged("a", 60)
    meter.sent("b", 70)
    assert [progress.bytes_done for progress in seen] == [60, 60, 60, 60, 100]
    assert {progress.bytes_total for progress in seen} == {100}


def test_meter_counts_resumed_bytes_as_done_not_as_speed() -> None:
    """Resumed bytes are done at once, but do not make this run look fast."""
    seen: list[Progress] = []
    meter = ProgressMeter(1 << 40, seen.append)
    meter.resumed(1 << 39)
    meter.show("upload")
    assert seen[-1].bytes_done == 1 << 39
    assert (seen[-1].speed_bytes_per_second, seen[-1].seconds_left) == (0.0, None)


def test_meter_estimates() -> None:
    """Speed and time left follow from bytes over time, and fit together."""
    seen: list[Progress] = []
    meter = ProgressMeter(1000, seen.append)
    anyio.run(anyio.sleep, 0.02)
    meter.sent("a", 500)
    last = seen[-1]
    assert 0 < last.speed_bytes_per_second <= 500 / 0.02
    assert last.seconds_left == pytest.approx(500 / last.speed_bytes_per_second)
