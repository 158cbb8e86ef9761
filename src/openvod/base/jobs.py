"""Background jobs in threads."""

from __future__ import annotations

import asyncio
from typing import TypeVar

R = TypeVar("R")


async def finished(job: asyncio.Future[R]) -> R:
    """Wait for a thread's work to its end even when the caller is cancelled: it works with the caller's descriptors."""
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait([job])
        raise
