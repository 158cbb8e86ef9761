"""What a run over the corpus cost and found, as a table."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_PAUSE_SECONDS = 0.005
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Watched(Generic[T]):
    """What became of a piece of work, its wall seconds, and the most memory that one of its processes held.

    Memory is ``VmHWM`` of ``/proc/<pid>/status``, the kernel's own high-water mark, read every 5 ms: it can miss what a
    process takes in its last 5 ms. ``ru_maxrss`` would miss nothing, but it starts at the size of the process that
    forked, here the test run, and across children it only ever grows.
    """

    task: asyncio.Task[T]
    seconds: float
    peak_bytes: int


async def watched(work: Coroutine[Any, Any, T]) -> Watched[T]:
    """Run some work whose processes are children of this thread."""
    started, peak, before = time.monotonic(), 0, _children()
    task = asyncio.create_task(work)
    while not task.done():
        peak = max(peak, *(_high_water(pid) for pid in _children() - before), 0)
        await asyncio.wait((task,), timeout=_PAUSE_SECONDS)
    return Watched(task, time.monotonic() - started, peak)


def _children() -> set[int]:
    text = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    return {int(pid) for pid in text.split()}


def _high_water(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    expected: str
    got: str
    wrong: str
    seconds: float
    peak_bytes: int


@dataclass
class Table:
    """The lines of one run."""

    title: str
    rows: list[Row] = field(default_factory=list)

    def text(self) -> str:
        """Return the table, aligned."""
        names = max((len(row.name) for row in self.rows), default=0)
        wide = max((len(row.expected) for row in self.rows), default=0)
        lines = [f"{self.title}: {len(self.rows)} files, {sum(bool(row.wrong) for row in self.rows)} not as expected"]
        for row in self.rows:
            cost = f"{row.seconds:6.2f} s {row.peak_bytes / _MIB:6.0f} MiB"
            verdict = f"!! {row.got} ({row.wrong})" if row.wrong else f"ok {row.got}"
            lines.append(f"{row.name:{names}}  {row.expected:{wide}}  {cost}  {verdict}")
        return "\n".join(lines)

    def publish(self) -> None:
        """Print the table, and append it to the file that ``OPENVOD_CORPUS_TABLE`` names."""
        if not self.rows:
            return
        print(f"\n{self.text()}")
        if path := os.environ.get("OPENVOD_CORPUS_TABLE"):
            with open(path, "a") as file:
                file.write(f"{self.text()}\n")
