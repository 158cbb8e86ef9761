"""Which of several servers over one PostgreSQL serves an endpoint: who holds its advisory lock."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

_SPACE = 0x0E7E47


class AdvisoryClaims:
    """See :class:`openvod.events.ports.Claims`. One session holds the locks; they end with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event-claims")

    async def claim(self, endpoint_id: int) -> bool:
        """See :meth:`openvod.events.ports.Claims.claim`."""
        return await self._ask("SELECT pg_try_advisory_lock(:space, :id)", endpoint_id)

    async def release(self, endpoint_id: int) -> None:
        """See :meth:`openvod.events.ports.Claims.release`."""
        await self._ask("SELECT pg_advisory_unlock(:space, :id)", endpoint_id)

    def close(self) -> None:
        """End the session."""
        self._thread.shutdown(wait=True)
        if self._connection is not None:
            self._connection.close()

    async def _ask(self, statement: str, endpoint_id: int) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._asked, statement, endpoint_id)

    def _asked(self, statement: str, endpoint_id: int) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            answer = self._connection.execute(text(statement), {"space": _SPACE, "id": endpoint_id}).scalar_one()
        except DBAPIError:
            # The session is gone, and its locks with it; the next question opens another one.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
            return False
        return bool(answer)
