"""Workers in the server's process tree: started with it, started again when they die, ended with it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from asyncio.subprocess import Process
from pathlib import Path

_GRACE_SECONDS = 10.0
_SHORT_LIFE_SECONDS = 5.0
_LONGEST_PAUSE = 10.0
_log = logging.getLogger("openvod.supervisor")


async def keep_worker(data_dir: Path, public_url: str) -> None:
    """Keep one worker running until cancelled. A worker that dies young is started again after a growing pause."""
    pause = 0.0
    while True:
        began = time.monotonic()
        worker = await _start(data_dir, public_url)
        try:
            status = await worker.wait()
        except asyncio.CancelledError:
            await _stop(worker)
            raise
        _log.warning("a worker ended with status %s; another one starts", status)
        lived = time.monotonic() - began
        pause = min(_LONGEST_PAUSE, pause * 2 + 0.5) if lived < _SHORT_LIFE_SECONDS else 0.0
        await asyncio.sleep(pause)


async def _start(data_dir: Path, public_url: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "openvod.app.cli", "worker", "--data-dir", str(data_dir),
        "--public-url", public_url, "--parent", str(os.getpid()),
    )  # fmt: skip


async def _stop(worker: Process) -> None:
    if worker.returncode is None:
        worker.terminate()
        try:
            await asyncio.wait_for(worker.wait(), _GRACE_SECONDS)
        except TimeoutError:
            worker.kill()
            await worker.wait()
