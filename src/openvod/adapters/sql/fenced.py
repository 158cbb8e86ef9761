"""A database that refuses writes while the worker does not hold its liveness lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from openvod.adapters.sql.database import Database
from openvod.adapters.sql.transaction import Transaction, Work
from openvod.base.errors import Unavailable

R = TypeVar("R")


class FencedDatabase:
    """See :class:`openvod.adapters.sql.database.Database`; ``proven`` is called in every write transaction."""

    def __init__(self, database: Database, proven: Callable[[], bool]) -> None:
        self._database = database
        self._proven = proven
        self.engine = database.engine
        self.withdrawals = database.withdrawals
        self.read = database.read
        self.peek = database.peek
        self.version = database.version
        self.trouble = database.trouble
        self.close = database.close

    async def write(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`; raises ``Unavailable("worker.unproven")`` without any change."""

        def fenced(tx: Transaction) -> R:
            # Checked inside the transaction, because the process may be stopped for minutes before it starts.
            if not self._proven():
                message = "this worker lost its liveness lock; another worker may have taken over its tasks"
                raise Unavailable("worker.unproven", message)
            return work(tx)

        return await self._database.write(fenced)
