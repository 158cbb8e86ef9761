"""Runs FFmpeg as a limited child process: own process group, no network, no shell, killed when it stalls."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod.kinds.plan.model import Command
from openvod.processing.ports import Ending, OnProgress, ProcessFailed, ProcessLimits

_LAUNCHER = "openvod.adapters.ffmpeg.limited"
_LOG_BYTES = 64 * 1024
_TELL_SECONDS = 1.0
_OUT_OF_MEMORY = (b"Cannot allocate memory", b"malloc of size", b"Out of memory", b"std::bad_alloc")
_DISK_FULL = b"No space left on device"
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS})


class FfmpegProcess:
    """See :class:`openvod.processing.ports.MediaProcess`."""

    async def run(
        self, folder: str, command: Command, paths: Mapping[str, str], limits: ProcessLimits, on_progress: OnProgress
    ) -> str:
        """See :meth:`openvod.processing.ports.MediaProcess.run`."""
        arguments = [paths.get(argument, argument) for argument in command.arguments]
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", _LAUNCHER, str(limits.memory), str(limits.file_size), str(os.getpid()),
            ffmpeg_path(), *arguments,
            stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd=folder, env=_environment(), start_new_session=True,
        )  # fmt: skip
        watch = _Watch(command.seconds)
        reading = [asyncio.create_task(watch.progress(child)), asyncio.create_task(watch.log(child))]
        try:
            ending = await _supervise(child, watch, limits, on_progress)
        finally:
            await _end(child)
            await asyncio.gather(*reading, return_exceptions=True)
        log = watch.tail.decode("utf-8", "replace")
        if ending is None and child.returncode:
            ending = _ending(child.returncode, watch.tail)
        if ending:
            reached = watch.fraction * command.seconds
            raise ProcessFailed(ending, log, signal=max(0, -(child.returncode or 0)), reached=reached)
        return log


def _environment() -> dict[str, str]:
    """Return a minimal environment: no secrets, proxies or library paths; system fonts stay available."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


class _Watch:
    """The output of a running child."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.fraction = 0.0
        self.moved = 0
        self.tail = b""

    async def progress(self, child: Process) -> None:
        """Read FFmpeg's ``-progress`` lines; growing time or frames count as progress."""
        last: tuple[str, ...] = ()
        seen: dict[str, str] = {}
        async for raw in _lines(child.stdout):
            name, _, value = raw.decode("ascii", "replace").strip().partition("=")
            seen[name] = value
            if name != "progress":
                continue
            now = (seen.get("out_time_us", ""), seen.get("frame", ""), seen.get("total_size", ""))
            if now != last:
                self.moved += 1
                last = now
            if now[0].isdigit():
                self.fraction = min(1.0, int(now[0]) / 1e6 / self._seconds)

    async def log(self, child: Process) -> None:
        """Store the end of FFmpeg's log."""
        if child.stderr is None:
            return
        while data := await child.stderr.read(8192):
            self.tail = (self.tail + data)[-_LOG_BYTES:]


async def _lines(stream: StreamReader | None) -> AsyncIterator[bytes]:
    while stream is not None and (line := await stream.readline()):
        yield line


async def _supervise(child: Process, watch: _Watch, limits: ProcessLimits, on_progress: OnProgress) -> Ending | None:
    """Wait for the child; kill it when it exceeds its time, stalls or is cancelled."""
    loop = asyncio.get_running_loop()
    start = moved_at = told_at = loop.time()
    moved = -1
    waiting = asyncio.ensure_future(child.wait())
    try:
        while True:
            done, _ = await asyncio.wait([waiting], timeout=0.1 if loop.time() - start < 1 else 0.25)
            if done:
                return None
            now = loop.time()
            if watch.moved != moved:
                moved, moved_at = watch.moved, now
            if now - start > limits.deadline:
                return Ending.DEADLINE
            if now - moved_at > limits.stall:
                return Ending.STALLED
            if now - told_at >= _TELL_SECONDS:
                told_at = now
                await on_progress(watch.fraction)
    finally:
        waiting.cancel()


async def _end(child: Process) -> None:
    """Kill the child's process group, if it still runs, and wait for the child."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


def _ending(status: int, log: bytes) -> Ending:
    if status == -signal.SIGXFSZ or b"File too large" in log:
        return Ending.TOO_LARGE
    if any(words in log for words in _OUT_OF_MEMORY) or status == -signal.SIGKILL:
        # We did not kill it, so the kernel's OOM killer did.
        return Ending.OUT_OF_MEMORY
    if _DISK_FULL in log:
        return Ending.DISK_FULL
    return Ending.CRASHED if -status in _CRASHES else Ending.FAILED
