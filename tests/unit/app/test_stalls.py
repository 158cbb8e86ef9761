"""Whatever holds the event loop up is named in the log."""

from __future__ import annotations

import asyncio
import time

import pytest

from openvod.app.stalls import watched_loop


def _hold_up(seconds: float, *, at_work: bool) -> None:
    until = time.monotonic() + seconds
    if not at_work:
        time.sleep(seconds)
    while time.monotonic() < until:
        pass


def _logged(caplog: pytest.LogCaptureFixture, threshold: float, *, at_work: bool = True, hold_up: float = 0.5) -> str:
    async def main() -> None:
        with watched_loop(threshold):
            await asyncio.sleep(0.02)
            _hold_up(hold_up, at_work=at_work)
            # The watchdog's own turn.
            await asyncio.sleep(0.3)

    with caplog.at_level("WARNING", "openvod.app.stalls"):
        asyncio.run(main())
    return caplog.text


@pytest.mark.parametrize("at_work", [True, False])
def test_a_stall_is_told_with_its_place(caplog: pytest.LogCaptureFixture, at_work: bool) -> None:
    """How long it was, how much of that was work, and which function it was."""
    text = _logged(caplog, 0.1, at_work=at_work)
    assert "the event loop stood still for 0." in text
    assert "_hold_up" in text
    assert text.count("stood still") == 1
    assert ("(0.0" in text) == (not at_work)


def test_nothing_is_told_of_a_loop_that_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """Waiting is no stall, nor is anything with a threshold of 0."""
    assert not _logged(caplog, 2.0, hold_up=0.05)
    assert not _logged(caplog, 0.0)
