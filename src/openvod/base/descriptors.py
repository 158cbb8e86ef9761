"""Waiting for descriptors on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def readable(descriptor: int) -> None:
    """Wait until there is something to read, or an error."""
    loop = asyncio.get_running_loop()
    await _ready(descriptor, loop.add_reader, loop.remove_reader)


async def writable(descriptor: int) -> None:
    """Wait until something may be written, or an error shows with the next try."""
    loop = asyncio.get_running_loop()
    await _ready(descriptor, loop.add_writer, loop.remove_writer)


async def _ready(descriptor: int, add: Callable[..., Any], remove: Callable[[int], Any]) -> None:
    ready = asyncio.Event()
    add(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        remove(descriptor)
