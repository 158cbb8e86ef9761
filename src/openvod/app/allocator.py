"""glibc's allocator under a server: memory is reused while bodies come, and given back when they do not."""

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
_LOOK_SECONDS = 2.0
#: Less than this is not worth the faults of taking it again.
_WORTH = 24 * MIB
_STATM = Path("/proc/self/statm")
_log = logging.getLogger("openvod.app")


def tune_allocator() -> None:
    """Raise glibc's mmap and trim thresholds: received bodies then reuse memory instead of faulting it in anew.

    All threads share one arena: of the others, ``malloc_trim`` leaves the top as it is, up to the threshold in each.
    """
    libc = _libc()
    if libc is None:
        _log.info("no glibc: allocator left as it is")
        return
    libc.mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)
    libc.mallopt(_M_TRIM_THRESHOLD, _THRESHOLD)
    libc.mallopt(_M_ARENA_MAX, 1)


@asynccontextmanager
async def given_back() -> AsyncIterator[None]:
    """While the block runs, give memory back that grew and is free: glibc keeps it for the next body."""
    libc = _libc()
    if libc is None or sys.platform != "linux":
        yield
        return
    task = asyncio.create_task(_give_back(libc))
    try:
        yield
    finally:
        task.cancel()


async def _give_back(libc: ctypes.CDLL) -> None:
    floor = last = _resident()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = _resident()
        if is_quiet_and_large(floor, last, now):
            await asyncio.to_thread(libc.malloc_trim, 0)
            floor = now = _resident()
        floor, last = min(floor, now), now


def is_quiet_and_large(floor: int, last: int, now: int) -> bool:
    """Tell whether resident bytes grew above those of the last time, and grow no more."""
    return now - floor > _WORTH and now <= last + MIB


def _resident() -> int:
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libc.so.6")
    except OSError:
        return None
