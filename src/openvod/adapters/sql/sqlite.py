"""SQLite: one writer thread with group commit, a few reader threads; WAL and ``synchronous=FULL``.

On any error of the database (full, unreadable, out of memory, locked) the affected transactions fail, and the writer
continues with the next ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from openvod.adapters.sql.failures import translated
from openvod.adapters.sql.rows import READING
from openvod.adapters.sql.transaction import Limits, Transaction, Withdrawals, Work
from openvod.base.errors import Unavailable

R = TypeVar("R")
_GROUP_LIMIT = 128
_CHECKPOINT_SECONDS = 0.5
_CLOSE_SECONDS = 20.0
_log = logging.getLogger("openvod.database")

Job = tuple[Work[Any], "asyncio.Future[Any]"]
Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]


class SqliteDatabase:
    """See :class:`openvod.adapters.sql.database.Database`."""

    def __init__(self, url: str, limits: Limits, *, readers: int = 2) -> None:
        self.engine = create_engine(
            url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args={"check_same_thread": False}
        )
        event.listen(self.engine, "connect", _configure)
        self.withdrawals = Withdrawals()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="sqlite-read")
        self._local = threading.local()
        self._open_readers: list[Connection] = []
        self._writer = Writer(self.engine, self.withdrawals, limits.hang)
        self._closing = threading.Event()
        self._checkpointer = threading.Thread(target=self._checkpoint_loop, name="sqlite-checkpoint", daemon=True)
        self._checkpointer.start()

    async def write(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        # Shielded: a cancelled request does not cancel its group's commit.
        return await asyncio.shield(self._writer.submit(work))

    async def read(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def peek(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`. Runs in the caller's thread: WAL readers never wait."""
        with self._reading():
            return work(self._reader()[0])

    def version(self) -> int | None:
        """See :class:`openvod.adapters.sql.database.Database`. Reads shared memory through this thread's reader."""
        with self._reading():
            return int(self._reader()[1]("PRAGMA data_version").fetchone()[0])

    def trouble(self) -> str:
        """See :meth:`openvod.adapters.sql.database.Database.trouble`."""
        return self._writer.trouble()

    def close(self) -> None:
        """See :class:`openvod.adapters.sql.database.Database`."""
        self._writer.close()
        self._closing.set()
        self._checkpointer.join()
        self._readers.shutdown(wait=True)
        for connection in self._open_readers:
            connection.close()
        self.engine.dispose()

    def _read(self, work: Work[R]) -> R:
        with self._reading():
            transaction, execute = self._reader()
            execute("BEGIN")
            try:
                return work(transaction)
            finally:
                with contextlib.suppress(sqlite3.Error):
                    execute("ROLLBACK")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Translate database errors; a failed connection is not reused."""
        try:
            yield
        except Exception as error:
            failure = translated(error, "a reading transaction")
            if failure is None:
                raise
            self._local.reader = None
            raise failure from error

    def _reader(self) -> tuple[Transaction, Callable[[str], Any]]:
        """Return this thread's tables, and ``execute`` of the driver's connection."""
        reader: tuple[Transaction, Callable[[str], Any]] | None = getattr(self._local, "reader", None)
        if reader is None:
            connection = self.engine.connect()
            connection.info[READING] = True
            self._open_readers.append(connection)
            reader = self._local.reader = Transaction(connection), _raw(connection).execute
        return reader

    def _checkpoint_loop(self) -> None:
        """Checkpoint the WAL in a thread of its own; inside a commit it would be the tail of the latency."""
        while not self._closing.is_set():
            with contextlib.suppress(DBAPIError), self.engine.connect() as connection:
                while not self._closing.wait(_CHECKPOINT_SECONDS):
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").close()
            self._closing.wait(_CHECKPOINT_SECONDS)


class Writer:
    """The thread that owns the writing connection, and its health."""

    def __init__(self, engine: Engine, withdrawals: Withdrawals, hang: float) -> None:
        self._engine = engine
        self._withdrawals = withdrawals
        self._hang = hang
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._busy_since = 0.0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sqlite-write", daemon=True)
        self._thread.start()

    def submit(self, work: Work[R]) -> asyncio.Future[R]:
        """Queue ``work``; the future resolves when it is durable. Raises ``Unavailable`` when the thread has ended."""
        if not self._thread.is_alive():
            raise Unavailable("database.unavailable", "the database's writer thread has ended; restart the server")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.put((work, future))
        return future

    def trouble(self) -> str:
        """Return the reason why writes fail: the thread has ended, or hangs in a transaction; empty without one."""
        if not self._thread.is_alive():
            return "" if self._closing else "the database's writer thread has ended"
        busy_since = self._busy_since
        if busy_since and time.monotonic() - busy_since > self._hang:
            return f"the database's writer thread has hung for {time.monotonic() - busy_since:.0f} s"
        return ""

    def close(self) -> None:
        """Finish the queue and join the thread; a thread that hangs ends with the process."""
        self._closing = True
        self._queue.put(None)
        self._thread.join(_CLOSE_SECONDS)
        if self._thread.is_alive():
            _log.error("the database's writer thread hangs; the process ends without waiting for it")

    def _run(self) -> None:
        """Open the connection, and reopen it after every error that made it unusable."""
        ended = False
        while not ended:
            try:
                with self._engine.connect() as connection:
                    ended = self._serve(connection)
            except Exception as error:
                # No connection: fail the next job, then try to open it again.
                ended = self._refuse(error)

    def _refuse(self, error: Exception) -> bool:
        """Fail the next job with the connection error; return whether the thread shall end."""
        job = self._queue.get()
        if job is not None:
            _resolve_all([(job[1], None, _failure(error))])
        return job is None

    def _serve(self, connection: Connection) -> bool:
        """Commit groups; return true at the end of the queue, false when the connection must be reopened."""
        transaction = Transaction(connection)
        while (first := self._queue.get()) is not None:
            group, ended = self._group(first)
            self._busy_since = time.monotonic()
            try:
                outcomes = _commit_group(connection, transaction, group, self._withdrawals)
            except BaseException as error:
                _resolve_all([(future, None, _failure(error)) for _, future in group])
                return ended
            finally:
                self._busy_since = 0.0
            _resolve_all(outcomes)
            if ended:
                return True
        return True

    def _group(self, first: Job) -> tuple[list[Job], bool]:
        group = [first]
        while len(group) < _GROUP_LIMIT and not self._queue.empty():
            job = self._queue.get()
            if job is None:
                return group, True
            group.append(job)
        return group, False


def _commit_group(
    connection: Connection, transaction: Transaction, group: list[Job], withdrawals: Withdrawals
) -> list[Outcome]:
    """Run every work function in a savepoint of one transaction and commit; raises when nothing was committed."""
    raw = _raw(connection)
    outcomes: list[Outcome] = []
    raw.execute("BEGIN IMMEDIATE")
    try:
        for work, future in group:
            outcomes.append((future, *_in_savepoint(raw, transaction, work)))
        raw.execute("COMMIT")
    except BaseException:
        # After some errors (full, out of memory, I/O) SQLite has already rolled back.
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    withdrawals.note(connection)
    return outcomes


def _in_savepoint(
    raw: sqlite3.Connection, transaction: Transaction, work: Work[Any]
) -> tuple[Any, BaseException | None]:
    raw.execute("SAVEPOINT work")
    try:
        result = work(transaction)
    except Exception as error:
        if not raw.in_transaction or translated(error) is not None:
            raise
        raw.execute("ROLLBACK TO work")
        raw.execute("RELEASE work")
        return None, error
    raw.execute("RELEASE work")
    return result, None


def _failure(error: BaseException) -> BaseException:
    """Return the error for the callers of transactions that were not committed."""
    failure = translated(error, "a writing transaction")
    if failure is None:
        _log.error("a writing transaction failed with an unexpected error", exc_info=error)
        message = "the transaction failed and was rolled back; see the server's log"
        failure = Unavailable("database.unavailable", message)
    failure.__cause__ = error
    return failure


def _resolve_all(outcomes: list[Outcome]) -> None:
    for loop in {future.get_loop() for future, _, _ in outcomes}:
        # RuntimeError: the event loop has ended, and no caller waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, [each for each in outcomes if each[0].get_loop() is loop])


def _resolve(outcomes: list[Outcome]) -> None:
    for future, result, problem in outcomes:
        if future.cancelled():
            continue
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)


def _raw(connection: Connection) -> sqlite3.Connection:
    """Return the driver's connection: SQLAlchemy is only overhead for statements without values."""
    # The driver is sqlite3.
    raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return raw


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "cache_size=-16384",
        "temp_store=MEMORY",
        # A limit for processes that end before their checkpoint thread runs.
        "wal_autocheckpoint=50000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
