"""A database that a worker writes to only while it is proven that the worker lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from openvod.adapters.sql.database import Database
from openvod.adapters.sql.transaction import Transaction, Work
from openvod.base.errors import Unavailable

R = TypeVar("R")


class FencedDatabase:
    """See :class:`openvod.adapters.sql.database.Database`; ``proven`` is asked at the beginning of every write."""

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
        """See :class:`openvod.base.ports.UnitOfWork`; raises ``Unavailable("worker.unproven")`` with nothing done."""

        def fenced(tx: Transaction) -> R:
            # Asked in the transaction: between the call and it, a process may have been stopped for minutes.
            if not self._proven():
                raise Unavailable("worker.unproven", "this worker cannot prove that it lives; others may do its work")
            return work(tx)

        return await self._database.write(fenced)
