"""Workers in the server's process tree: started with the server, restarted when they exit, stopped with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from asyncio.subprocess import Process
from pathlib import Path

from openvod.app.settings import Settings

_GRACE_SECONDS = 10.0
_SHORT_LIFE_SECONDS = 5.0
_LONGEST_PAUSE = 10.0
_log = logging.getLogger("openvod.supervisor")


def report_trouble(data_dir: Path, pid: int, trouble: str) -> None:
    """Report a worker's problem to its server through a file; an empty text clears it."""
    path = _trouble_file(data_dir, pid)
    if not trouble:
        path.unlink(missing_ok=True)
    elif not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(trouble, encoding="utf-8")


class Workers:
    """The workers that run in this process tree, by process id."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.running: set[int] = set()

    def trouble(self) -> str:
        """Return the last problem that a worker reported, empty if there is none."""
        for pid in self.running:
            with contextlib.suppress(OSError):
                return _trouble_file(self._data_dir, pid).read_text(encoding="utf-8")
        return ""


def _trouble_file(data_dir: Path, pid: int) -> Path:
    return data_dir / "workers" / f"{pid}.trouble"


async def keep_worker(data_dir: Path, settings: Settings, workers: Workers) -> None:
    """Keep one worker running until cancelled; restarts of a worker that exits early back off.

    The worker receives the server's resolved settings; options, environment and file are not read again.
    """
    pause = 0.0
    while True:
        began = time.monotonic()
        worker = await _start(data_dir, settings)
        workers.running.add(worker.pid)
        try:
            status = await worker.wait()
        except asyncio.CancelledError:
            await _stop(worker)
            raise
        finally:
            workers.running.discard(worker.pid)
            report_trouble(data_dir, worker.pid, "")
        _log.warning("a worker exited with status %s; starting another one", status)
        lived = time.monotonic() - began
        pause = min(_LONGEST_PAUSE, pause * 2 + 0.5) if lived < _SHORT_LIFE_SECONDS else 0.0
        await asyncio.sleep(pause)


async def _start(data_dir: Path, settings: Settings) -> Process:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "openvod.app.cli", "worker", "--data-dir", str(data_dir), "--parent", str(os.getpid()),
        "--log-level", logging.getLevelName(logging.getLogger().getEffectiveLevel()).lower(),
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if worker.stdin is None:
        raise RuntimeError("the worker has no standard input")
    worker.stdin.write(settings.to_child_json().encode())
    worker.stdin.close()
    return worker


async def _stop(worker: Process) -> None:
    if worker.returncode is None:
        worker.terminate()
        try:
            await asyncio.wait_for(worker.wait(), _GRACE_SECONDS)
        except TimeoutError:
            worker.kill()
            await worker.wait()
