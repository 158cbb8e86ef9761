"""One look at the logs' ends for everybody who waits for events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from openvod.base.ports import UnitOfWork
from openvod.events.ports import EventTx


class LogWatch:
    """Knows the last sequence of every application, whichever process wrote it, and wakes who waits for a later one.

    ``version`` changes with every commit, or is ``None``: while it stands still, the logs need not be read.
    """

    def __init__(self, uow: UnitOfWork[EventTx], version: Callable[[], int | None] = lambda: None) -> None:
        self._uow = uow
        self._version = version
        self._seen: int | None = None
        self._heads: Mapping[int, int] = {}
        self._moved = asyncio.Event()
        self._ended = False

    async def look(self) -> bool:
        """Read the end of each application's log; return whether one has grown."""
        version = self._version()
        if version is not None and version == self._seen:
            return False
        heads = await self._uow.read(lambda tx: tx.events.heads())
        self._seen = version
        if heads == self._heads:
            return False
        self._heads = heads
        self._signal()
        return True

    async def beyond(self, sub_app_id: int, sequence: int, seconds: float) -> bool:
        """Wait until a log is longer than ``sequence``, ``seconds`` at most; return whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._heads.get(sub_app_id, 0) <= sequence and not self._ended:
                    await self._moved.wait()
        return self._heads.get(sub_app_id, 0) > sequence

    @property
    def ended(self) -> bool:
        """True once the platform shuts down; waiting calls return then."""
        return self._ended

    def end(self) -> None:
        """Send everybody home who waits."""
        self._ended = True
        self._signal()

    def _signal(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
