"""Runs FFmpeg as a sandboxed child process: own process group, no shell, killed when it stalls."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from glob import glob
from pathlib import Path

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod.adapters.sandbox.children import end, folder_size, python_child, thread_count
from openvod.adapters.sandbox.policy import Policy, Walls
from openvod.adapters.sandbox.trial import standing_walls
from openvod.kinds.plan.model import Command
from openvod.processing.ports import Ending, OnProgress, ProcessFailed, ProcessLimits

_LAUNCHER = "openvod.adapters.ffmpeg.limited"
_LOG_BYTES = 64 * 1024
_TELL_SECONDS = 1.0
_MEASURE_SECONDS = 1.0
#: Encoders start some threads per core and output; a machine of 256 cores stays below this.
_MAX_THREADS = 8192
_LOADERS = ("/lib64/ld-linux*.so*", "/lib/ld-linux*.so*", "/lib/ld-musl*.so*")
_OUT_OF_MEMORY = (b"Cannot allocate memory", b"malloc of size", b"Out of memory", b"std::bad_alloc")
_DISK_FULL = b"No space left on device"
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS})


class FfmpegProcess:
    """See :class:`openvod.processing.ports.MediaProcess`.

    ``walls`` returns those of the sandbox, by default all that this machine can build. FFmpeg may read and execute the
    files below ``readable`` too, for a program with parts in unusual folders.
    """

    def __init__(self, *, walls: Walls = standing_walls, readable: Sequence[str] = ()) -> None:
        self._walls = walls
        self._readable = tuple(readable)

    async def run(
        self, folder: str, command: Command, paths: Mapping[str, str], limits: ProcessLimits, on_progress: OnProgress
    ) -> str:
        """See :meth:`openvod.processing.ports.MediaProcess.run`."""
        arguments = [paths.get(argument, argument) for argument in command.arguments]
        policy = await self._policy(folder, paths)
        cpu_seconds = int(limits.deadline * (os.cpu_count() or 1)) + 1
        child = await asyncio.create_subprocess_exec(
            *python_child(_LAUNCHER, limits.memory, limits.file_size, cpu_seconds, os.getpid(), policy.to_json()),
            ffmpeg_path(), *arguments,
            stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd=folder, env=_environment(), start_new_session=True,
        )  # fmt: skip
        watch = _Watch(command.seconds)
        reading = [asyncio.create_task(watch.progress(child)), asyncio.create_task(watch.log(child))]
        try:
            ending = await _Supervision(child, watch, folder, limits).run(on_progress)
        finally:
            await end(child)
            await asyncio.gather(*reading, return_exceptions=True)
        log = watch.tail.decode("utf-8", "replace")
        if ending is None and child.returncode:
            ending = _ending(child.returncode, watch.tail)
        if ending:
            reached = watch.fraction * command.seconds
            raise ProcessFailed(ending, log, signal=max(0, -(child.returncode or 0)), reached=reached)
        return log

    async def _policy(self, folder: str, paths: Mapping[str, str]) -> Policy:
        """Let the program read its inputs and libraries, and write below its folder."""
        program = ffmpeg_path()
        libraries = str(Path(program).parent.parent / "lib")
        return Policy(
            await asyncio.to_thread(self._walls),
            read=(*paths.values(), libraries),
            write=(folder,),
            execute=(program, *_loaders(), *self._readable),
        )


@cache
def _loaders() -> tuple[str, ...]:
    """Return the dynamic loaders of this machine, which the kernel starts to load a program's libraries."""
    return tuple(path for pattern in _LOADERS for path in glob(pattern))


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


class _Supervision:
    """Waits for the child; ends it when it exceeds its limits, stalls or is cancelled."""

    def __init__(self, child: Process, watch: _Watch, folder: str, limits: ProcessLimits) -> None:
        self._child = child
        self._watch = watch
        self._folder = folder
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        self._began = self._moved_at = self._told_at = self._measured_at = self._now()
        self._moved = -1

    async def run(self, on_progress: OnProgress) -> Ending | None:
        """Return why the child must be killed; None when it has ended by itself."""
        waiting = asyncio.ensure_future(self._child.wait())
        try:
            while True:
                pause = 0.1 if self._now() - self._began < 1 else 0.25
                done, _ = await asyncio.wait([waiting], timeout=pause)
                if done:
                    return None
                if ending := self._overdue() or await self._excess():
                    return ending
                if self._now() - self._told_at >= _TELL_SECONDS:
                    self._told_at = self._now()
                    await on_progress(self._watch.fraction)
        finally:
            waiting.cancel()

    def _overdue(self) -> Ending | None:
        now = self._now()
        if self._watch.moved != self._moved:
            self._moved, self._moved_at = self._watch.moved, now
        if now - self._began > self._limits.deadline:
            return Ending.DEADLINE
        return Ending.STALLED if now - self._moved_at > self._limits.stall else None

    async def _excess(self) -> Ending | None:
        """Check what no resource limit of the kernel bounds: threads, and the bytes of all files together."""
        if thread_count(self._child.pid) > _MAX_THREADS:
            return Ending.CRASHED
        if self._now() - self._measured_at < _MEASURE_SECONDS:
            return None
        used = await asyncio.to_thread(folder_size, self._folder)
        self._measured_at = self._now()
        return Ending.TOO_LARGE if used > self._limits.folder_size else None


def _ending(status: int, log: bytes) -> Ending:
    if status == -signal.SIGXFSZ or b"File too large" in log:
        return Ending.TOO_LARGE
    if any(words in log for words in _OUT_OF_MEMORY) or status == -signal.SIGKILL:
        # We did not kill it, so the kernel's OOM killer did.
        return Ending.OUT_OF_MEMORY
    if _DISK_FULL in log:
        return Ending.DISK_FULL
    return Ending.CRASHED if -status in _CRASHES else Ending.FAILED
