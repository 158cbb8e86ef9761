"""A watchdog of the event loop: whatever blocks it for too long is logged with its stack.

A thread asks the loop for a sign ten times a second. When none comes in time it notes where the loop's thread is, waits
for the sign, and tells how long that took: by the wall's clock and by the thread's own processor time, so that work can
be told from waiting and from a machine that is too busy.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PERIOD_SECONDS = 0.1
#: Seconds without a response after which a stall is logged while it still lasts; it may never end.
_TOLD_AFTER_SECONDS = 10.0
_FRAMES = 12
_log = logging.getLogger("openvod.app.stalls")


@contextmanager
def watched_loop(threshold_seconds: float) -> Iterator[None]:
    """Watch the running loop while the block runs; a threshold of 0 watches nothing."""
    if threshold_seconds <= 0:
        yield
        return
    watch = _Watch(asyncio.get_running_loop(), threshold_seconds)
    thread = threading.Thread(target=watch.run, name="stall-watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.end.set()


class _Watch:
    def __init__(self, loop: asyncio.AbstractEventLoop, threshold_seconds: float) -> None:
        self._loop = loop
        self._threshold = threshold_seconds
        self._thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        self.end = threading.Event()

    def run(self) -> None:
        """Ask until told to end, or until the loop is closed."""
        while not self.end.wait(_PERIOD_SECONDS):
            try:
                self._ask()
            except RuntimeError:
                return

    def _ask(self) -> None:
        sign = threading.Event()
        asked, worked = time.monotonic(), time.clock_gettime(self._clock)
        self._loop.call_soon_threadsafe(sign.set)
        if sign.wait(self._threshold):
            return
        place = self._place()
        if not sign.wait(_TOLD_AFTER_SECONDS):
            _log.error("the event loop stands still for more than %.0f s in %s", _TOLD_AFTER_SECONDS, place)
            while not sign.wait(_PERIOD_SECONDS) and not self.end.is_set():
                pass
        stood = time.monotonic() - asked
        _log.warning(
            "the event loop stood still for %.2f s (%.2f s of them at work) in %s",
            stood, time.clock_gettime(self._clock) - worked, place,
        )  # fmt: skip

    def _place(self) -> str:
        """Name the innermost calls of the loop's thread, on one line."""
        frame = sys._current_frames().get(self._thread)
        calls = traceback.extract_stack(frame)[: -_FRAMES - 1 : -1] if frame else []
        return " < ".join(f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls)
