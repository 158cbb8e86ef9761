"""A watchdog of the event loop: logs what blocks it for too long, with its stack.

Ten times a second a thread schedules a callback on the loop. When the callback is late, the thread records the stack
of the loop's thread, waits for the callback, and logs the duration in wall-clock time and in CPU time of the loop's
thread. The two distinguish computation from blocking I/O and from an overloaded machine.
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
_STILL_BLOCKED_SECONDS = 10.0
_FRAMES = 12
_log = logging.getLogger("openvod.app.stalls")


@contextmanager
def watched_loop(threshold_seconds: float) -> Iterator[None]:
    """Watch the running loop while the block runs; a threshold of 0 disables the watchdog."""
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
        """Check the loop until the end is requested or the loop is closed."""
        while not self.end.wait(_PERIOD_SECONDS):
            try:
                self._check()
            except RuntimeError:
                return

    def _check(self) -> None:
        responded = threading.Event()
        began, cpu = time.monotonic(), time.clock_gettime(self._clock)
        self._loop.call_soon_threadsafe(responded.set)
        if responded.wait(self._threshold):
            return
        place = self._place()
        if not responded.wait(_STILL_BLOCKED_SECONDS):
            _log.error("the event loop has been blocked for more than %.0f s in %s", _STILL_BLOCKED_SECONDS, place)
            while not responded.wait(_PERIOD_SECONDS) and not self.end.is_set():
                pass
        blocked = time.monotonic() - began
        _log.warning(
            "the event loop was blocked for %.2f s (%.2f s of CPU time) in %s",
            blocked, time.clock_gettime(self._clock) - cpu, place,
        )  # fmt: skip

    def _place(self) -> str:
        """Return the innermost calls of the loop's thread, on one line."""
        frame = sys._current_frames().get(self._thread)
        calls = traceback.extract_stack(frame)[: -_FRAMES - 1 : -1] if frame else []
        return " < ".join(f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls)
