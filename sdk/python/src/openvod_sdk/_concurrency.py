"""Concurrent calls that fail together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio


async def all_or_first_error(*calls: Callable[[], Awaitable[None]]) -> None:
    """Run calls concurrently; the first error cancels the others and is raised without an exception group."""
    failures: list[Exception] = []

    async def guarded(call: Callable[[], Awaitable[None]]) -> None:
        try:
            await call()
        except Exception as error:
            failures.append(error)
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for call in calls:
            group.start_soon(guarded, call)
    if failures:
        raise failures[0]
