"""The parent's side of sandboxed children."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from asyncio import StreamReader
from asyncio.subprocess import Process

_THREADS = "Threads:"
_CHUNK = 256 * 1024


class OutputTooLarge(Exception):
    """A child wrote more than the largest valid output."""


def python_child(module: str, *arguments: object) -> list[str]:
    """Return the command of a child that runs one of our modules, apart from environment and working directory."""
    return [sys.executable, "-I", "-m", module, *map(str, arguments)]


async def read_output(child: Process, limit: int) -> bytes:
    """Read what the child writes, to the end; raises :class:`OutputTooLarge` for more than ``limit`` bytes."""
    output = bytearray()
    while data := await _some(child.stdout):
        output += data
        if len(output) > limit:
            raise OutputTooLarge
    return bytes(output)


async def end(child: Process) -> None:
    """Kill the child's process group, if it still runs, and wait for the child."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


def thread_count(pid: int) -> int:
    """Return how many threads a child has; 0 when it has ended or the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            return next((int(line.removeprefix(_THREADS)) for line in status if line.startswith(_THREADS)), 0)
    except OSError:
        return 0


def folder_size(folder: str) -> int:
    """Return the bytes that the files below a folder take on disk; files that vanish meanwhile do not count."""
    total, waiting = 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        else:
                            total += entry.stat(follow_symlinks=False).st_blocks * 512
        except FileNotFoundError:
            continue
    return total


async def _some(stream: StreamReader | None) -> bytes:
    return await stream.read(_CHUNK) if stream else b""
