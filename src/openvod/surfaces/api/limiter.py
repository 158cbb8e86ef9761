"""Calls per second (``procedures-and-api.md`` 2.1), counted in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

_SECOND = 1.0
_MOST_WINDOWS = 10_000


class RateLimiter:
    """Limits the calls per second of each key and action (sliding window of one second)."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], deque[float]] = {}

    def admits(self, caller: str, action: str, rate: int) -> bool:
        """Count a call in; false when it is one too many."""
        now = self._monotonic()
        window = self._windows.setdefault((caller, action), deque())
        while window and window[0] <= now - _SECOND:
            window.popleft()
        if len(window) >= rate:
            return False
        window.append(now)
        if len(self._windows) > _MOST_WINDOWS:
            self._windows = {key: times for key, times in self._windows.items() if times[-1] > now - _SECOND}
        return True
