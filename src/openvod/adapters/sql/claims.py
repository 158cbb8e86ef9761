"""Claims of endpoints among servers on one PostgreSQL: the holder of an advisory lock serves the endpoint."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from openvod.adapters.sql.sessions import LockSession

_LOOK_SECONDS = 0.5


class AdvisoryClaims:
    """See :class:`openvod.events.ports.Claims`. One session holds the locks and releases them at its end."""

    def __init__(self, session: LockSession) -> None:
        self._session = session
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event-claims")

    async def claim(self, endpoint_id: int) -> bool:
        """See :meth:`openvod.events.ports.Claims.claim`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._session.take, _name(endpoint_id))

    async def release(self, endpoint_id: int) -> None:
        """See :meth:`openvod.events.ports.Claims.release`."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._session.release, _name(endpoint_id))

    async def until_lost(self, endpoint_id: int) -> None:
        """See :meth:`openvod.events.ports.Claims.until_lost`."""
        while not self._session.lost(_name(endpoint_id)):  # noqa: ASYNC110 - another thread finds it out
            await asyncio.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        """End the session."""
        self._thread.shutdown(wait=True)
        self._session.close()


def _name(endpoint_id: int) -> str:
    return f"openvod-endpoint/{endpoint_id}"
