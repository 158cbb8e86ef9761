"""When a call is repeated, how often, and after how long."""

from __future__ import annotations

import anyio
import httpx
import pytest

from openvod_sdk import ApiError, ChecksumMismatch, RetryPolicy, StorageError, TransportError

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
        (ApiError(10090, "the database is temporarily unavailable"), True),
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
    assert RetryPolicy().covers(error) is expected


def attempts_until(successes_at: int, error: Exception) -> int:
    """Run a call that succeeds at that attempt; return how often it ran."""
    calls = 0

    async def call() -> int:
        nonlocal calls
        calls += 1
        if calls < successes_at:
            raise error
        return calls

    return anyio.run(FAST.run, call)


def test_repeats_until_success() -> None:
    """A call that recovers within the attempts gives its result."""
    assert attempts_until(4, TransportError("down")) == 4


def test_gives_up_with_the_last_error() -> None:
    """When the attempts are used up the error itself is raised, transport faults as TransportError."""
    with pytest.raises(ChecksumMismatch):
        attempts_until(5, ChecksumMismatch("damaged"))
    with pytest.raises(TransportError, match="cannot be reached"):
        attempts_until(5, httpx.ConnectError("refused"))
