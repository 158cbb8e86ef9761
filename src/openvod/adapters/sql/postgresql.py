"""PostgreSQL: one transaction per work function, in a pool of threads with a connection each."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from openvod.adapters.sql.failures import is_disconnect, must_retry, sqlstate, translated
from openvod.adapters.sql.sessions import Deadlines, make_engine
from openvod.adapters.sql.transaction import Limits, Transaction, Withdrawals, Work

R = TypeVar("R")
_REPEATS = 5
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
_MARGIN_SECONDS = 5.0
_READING, _READ_ONLY = "a reading transaction", "25006"
_log = logging.getLogger("openvod.database")


class PostgresqlDatabase:
    """See :class:`openvod.adapters.sql.database.Database`.

    While the server is unavailable, work without effect is retried for ``limits.retry`` seconds: reads, and
    transactions that failed before their commit. When the response to a commit is lost, its result is unknown: the
    caller decides on a retry.
    """

    def __init__(self, url: str, limits: Limits) -> None:
        self._limits = limits
        self.engine = make_engine(url, limits, pool_size=limits.connections, max_overflow=0)
        self._threads = ThreadPoolExecutor(limits.connections, thread_name_prefix="postgresql")
        self._deadlines = Deadlines()
        self.withdrawals = Withdrawals()
        self._down_since = 0.0
        self._state = threading.Lock()

    async def write(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._write, work)
        return await asyncio.shield(future)

    async def read(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    async def peek(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        return await self.read(work)

    def version(self) -> int | None:
        """See :class:`openvod.adapters.sql.database.Database`."""
        return None

    def trouble(self) -> str:
        """See :meth:`openvod.adapters.sql.database.Database.trouble`."""
        return (
            f"the database has not answered for {time.monotonic() - down:.0f} s" if (down := self._down_since) else ""
        )

    def close(self) -> None:
        """See :class:`openvod.adapters.sql.database.Database`."""
        self._threads.shutdown(wait=True)
        self.engine.dispose()
        self._deadlines.close()

    def _write(self, work: Work[R]) -> R:
        return self._repeated(
            "a writing transaction", lambda connection, attempt: self._written(connection, attempt, work)
        )

    def _read(self, work: Work[R]) -> R:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return self._repeated(
            _READING, lambda connection, _: work(Transaction(connection.execution_options(**options)))
        )

    def _written(self, connection: Connection, attempt: _Attempt, work: Work[R]) -> R:
        begun = connection.begin()
        result = work(Transaction(connection))
        attempt.committing = True
        begun.commit()
        attempt.committing = False
        self.withdrawals.note(connection)
        return result

    def _repeated(self, what: str, call: Callable[[Connection, _Attempt], R]) -> R:
        began, repeats = time.monotonic(), 0
        while True:
            attempt = _Attempt()
            try:
                result = self._once(call, attempt)
            except Exception as error:
                repeats += 1
                if must_retry(error) and repeats < _REPEATS:
                    continue
                away = is_disconnect(error)
                if away:
                    self._note_down()
                late = time.monotonic() - began > self._limits.retry
                if away and not attempt.committing and not late:
                    time.sleep(_PAUSES[min(repeats, len(_PAUSES)) - 1])
                    continue
                # A server may be read-only for a while (failover); a reading transaction that locks rows is a defect.
                mistaken = what == _READING and sqlstate(error) == _READ_ONLY
                failure = None if mistaken else translated(error, what)
                if failure is None:
                    raise
                raise failure from error
            self._note_up()
            return result

    def _once(self, call: Callable[[Connection, _Attempt], R], attempt: _Attempt) -> R:
        seconds = self._limits.statement + _MARGIN_SECONDS
        with self.engine.connect() as connection, self._deadlines.within(connection, seconds):
            return call(connection, attempt)

    def _note_down(self) -> None:
        with self._state:
            if not self._down_since:
                _log.error("the database does not answer")
                self._down_since = time.monotonic()

    def _note_up(self) -> None:
        if self._down_since:
            with self._state:
                if self._down_since:
                    _log.warning("the database answers again after %.1f s", time.monotonic() - self._down_since)
                    self._down_since = 0.0


class _Attempt:
    """Whether the commit itself failed."""

    committing = False
