"""Tunes glibc's allocator for a server: memory is reused while bodies arrive, and returned to the system when idle."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from openvod.base.sizes import MIB

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_THRESHOLD = 64 * MIB
_CHECK_SECONDS = 2.0
#: Bytes of growth below which trimming costs more in page faults than it frees.
_LEAST_GROWTH = 24 * MIB
_STATM = Path("/proc/self/statm")
_log = logging.getLogger("openvod.app")


def tune_allocator() -> None:
    """Raise glibc's mmap and trim thresholds, so that request bodies reuse memory instead of causing page faults.

    All threads share one arena, because ``malloc_trim`` keeps the top of other arenas, up to the threshold in each.
    """
    libc = _libc()
    if libc is None:
        _log.info("no glibc: the allocator is not tuned")
        return
    libc.mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)
    libc.mallopt(_M_TRIM_THRESHOLD, _THRESHOLD)
    libc.mallopt(_M_ARENA_MAX, 1)


@asynccontextmanager
async def trimmed_heap() -> AsyncIterator[None]:
    """Return free heap memory to the system while the block runs; glibc alone would keep it for the next body."""
    libc = _libc()
    if libc is None or sys.platform != "linux":
        yield
        return
    task = asyncio.create_task(_trim_when_idle(libc))
    try:
        yield
    finally:
        task.cancel()


async def _trim_when_idle(libc: ctypes.CDLL) -> None:
    floor = last = _resident()
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        now = _resident()
        if should_trim(floor, last, now):
            await asyncio.to_thread(libc.malloc_trim, 0)
            floor = now = _resident()
        floor, last = min(floor, now), now


def should_trim(floor: int, last: int, now: int) -> bool:
    """Return whether resident bytes have grown since the last trim and have stopped growing."""
    return now - floor > _LEAST_GROWTH and now <= last + MIB


def _resident() -> int:
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libc.so.6")
    except OSError:
        return None
