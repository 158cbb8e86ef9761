"""Progress and control of a running upload."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from openvod_sdk._errors import UploadCancelled

_WINDOW_SECONDS = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Progress:
    """Progress of an upload; bytes never decrease. ``seconds_left`` is ``None`` while the speed is unknown."""

    bytes_done: int
    bytes_total: int
    speed_bytes_per_second: float
    seconds_left: float | None
    phase: str


OnProgress = Callable[[Progress], None]


class ProgressMeter:
    """Counts acknowledged bytes and bytes in flight, and reports them."""

    def __init__(self, total: int, report: OnProgress | None) -> None:
        self._total = total
        self._report = report
        self._acknowledged = 0
        self._on_way: dict[object, int] = {}
        self._shown = 0
        self._samples: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def resumed(self, size: int) -> None:
        """Count bytes of an earlier run, which do not count for the speed."""
        self._acknowledged += size
        self._samples.clear()
        self._samples.append((time.monotonic(), self._acknowledged))
        self.show("upload")

    def sent(self, item: object, size: int) -> None:
        """Count sent bytes of an item, not acknowledged yet."""
        self._on_way[item] = self._on_way.get(item, 0) + size
        self.show("upload")

    def acknowledged(self, item: object, size: int) -> None:
        """Count an item as acknowledged."""
        self._on_way.pop(item, None)
        self._acknowledged += size
        self.show("upload")

    def retried(self, item: object) -> None:
        """Subtract the sent bytes of an item."""
        self._on_way.pop(item, None)

    def show(self, phase: str) -> None:
        """Report the progress now."""
        if not self._report:
            return
        now = time.monotonic()
        self._shown = max(self._shown, min(self._total, self._acknowledged + sum(self._on_way.values())))
        self._samples.append((now, self._shown))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_SECONDS:
            self._samples.popleft()
        (then, before), elapsed = self._samples[0], now - self._samples[0][0]
        speed = (self._shown - before) / elapsed if elapsed > 0 and now > then else 0.0
        left = (self._total - self._shown) / speed if speed > 0 else None
        self._report(Progress(self._shown, self._total, speed, left, phase))


class UploadControl:
    """Pauses, resumes or cancels an upload; every method may be called from any thread."""

    def __init__(self) -> None:
        self._paused = threading.Event()
        self._cancelled = threading.Event()

    def pause(self) -> None:
        """Stop after the slices in flight; the connection may time out."""
        self._paused.set()

    def resume(self) -> None:
        """Resume the upload."""
        self._paused.clear()

    def cancel(self) -> None:
        """End the upload with ``UploadCancelled``, and delete its stored parts."""
        self._cancelled.set()

    @property
    def paused(self) -> bool:
        """True while paused."""
        return self._paused.is_set()

    async def checkpoint(self) -> None:
        """Wait while paused; raise ``UploadCancelled`` once cancelled."""
        while True:
            if self._cancelled.is_set():
                raise UploadCancelled("the upload was cancelled")
            if not self._paused.is_set():
                return
            await anyio.sleep(_POLL_SECONDS)
