"""Whatever holds the event loop up is named in the log."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from openvod.app.stalls import watched_loop


def _hold_up(seconds: float, *, at_work: bool) -> None:
    """Sleep, or work as long by the thread's own processor time: a busy machine gives less of it in a second."""
    if not at_work:
        time.sleep(seconds)
        return
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def _logged(
    caplog: pytest.LogCaptureFixture, threshold: float, *, at_work: bool = True, hold_up: float = 0.5
) -> list[str]:
    async def main() -> None:
        with watched_loop(threshold):
            await asyncio.sleep(0.02)
            _hold_up(hold_up, at_work=at_work)
            # The watchdog's own turn.
            await asyncio.sleep(0.3)

    with caplog.at_level("WARNING", "openvod.app.stalls"):
        asyncio.run(main())
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("at_work", [True, False])
def test_a_stall_is_told_with_its_place(caplog: pytest.LogCaptureFixture, at_work: bool) -> None:
    """How long it was, how much of that was work, and which function it was; once."""
    began = time.monotonic()
    # A machine that is too busy may hold the loop up before and after; that is told of other places.
    (told,) = (line for line in _logged(caplog, 0.1, at_work=at_work) if "_hold_up" in line)
    found = re.match(r"the event loop was blocked for ([\d.]+) s \(([\d.]+) s of CPU time\) in ", told)
    assert found, told
    stood, worked = map(float, found.groups())
    assert 0.1 <= stood <= time.monotonic() - began
    assert (worked >= 0.1) == at_work


def test_nothing_is_told_of_a_loop_that_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """Waiting is no stall, nor is anything with a threshold of 0."""
    assert not _logged(caplog, 2.0, hold_up=0.05)
    assert not _logged(caplog, 0.0)
