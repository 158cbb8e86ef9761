"""The engine of flows: a flow that it claimed and lost goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from openvod.adapters.dbos import engine as engine_module
from openvod.adapters.dbos.engine import DbosEngine


class _Alone:
    """The liveness of an only worker."""

    grace = 0.0

    def hold(self, executor_id: str) -> None:
        """Hold nothing."""

    def claim(self, executor_id: str) -> bool:
        """No other worker is dead."""
        return False

    def release(self, executor_id: str) -> None:
        """Release nothing."""

    def proven(self) -> bool:
        """It is alive."""
        return True

    def known(self) -> Sequence[str]:
        """There are no others."""
        return ()


class _Steps:
    """A flow of one job."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, int]] = []
        self.finished = asyncio.Event()

    async def begin(self, task_id: str, run: int) -> bool:
        """Note the call."""
        self.taken.append(("begin", task_id, run))
        return True

    async def advance(self, task_id: str, run: int) -> bool:
        """Note the call; there is no other job."""
        self.taken.append(("advance", task_id, run))
        return False

    async def finish(self, task_id: str, run: int) -> None:
        """Note the call."""
        self.taken.append(("finish", task_id, run))
        self.finished.set()


def test_a_claimed_flow_without_a_thread_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database failed between claim and start: the row says that this worker runs the flow, and no thread does."""
    asyncio.run(_lose_and_resume(tmp_path / "engine.sqlite3", monkeypatch))


async def _lose_and_resume(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _Steps()
    engine = DbosEngine(f"sqlite:///{path}", "worker-1", steps, _Alone(), concurrency=1)
    engine.launch()
    try:
        await engine.submit("task", 1, 0)
        with sqlite3.connect(path) as rows:
            rows.execute("UPDATE workflow_status SET status = 'PENDING', executor_id = 'worker-1'")
        assert await engine.resume_lost() == 0, "a flow that has just been claimed is left alone"
        monkeypatch.setattr(engine_module, "_IDLE_SECONDS", 0.0)
        assert await engine.resume_lost() == 1
        await engine.prepare()
        await asyncio.wait_for(steps.finished.wait(), 30)
        assert steps.taken == [("begin", "task", 1), ("advance", "task", 1), ("finish", "task", 1)]
        assert await _ended(path), "the engine records the end after the last step"
        assert await engine.resume_lost() == 0
    finally:
        await engine.stop()
        await asyncio.to_thread(engine.close)


async def _ended(path: Path) -> bool:
    """Wait until the engine has recorded the end of every flow; False after 30 s."""
    for _ in range(600):
        with sqlite3.connect(path) as rows:
            if rows.execute("SELECT count(*) FROM workflow_status WHERE status != 'SUCCESS'").fetchone() == (0,):
                return True
        await asyncio.sleep(0.05)
    return False
