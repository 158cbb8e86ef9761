"""Transactions on SQLite and PostgreSQL behind one port.

Work functions are synchronous and run in threads. On SQLite one thread owns the writing connection and puts all work
that waits into one transaction, each in a savepoint of its own, so that a burst costs one fsync. On PostgreSQL each
work function has a transaction of its own and is repeated when the server reports a serialization failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from openvod.adapters.sql.access_tables import SqlAccessTables
from openvod.adapters.sql.account_tables import SqlAccountTables
from openvod.adapters.sql.delivery_tables import SqlDeliveryTables
from openvod.adapters.sql.endpoint_tables import SqlEndpointTables
from openvod.adapters.sql.event_tables import SqlEventTables
from openvod.adapters.sql.figure_tables import SqlFigureTables, SqlReviewTables
from openvod.adapters.sql.installation_table import SqlInstallationTable
from openvod.adapters.sql.media_tables import SqlMediaTables
from openvod.adapters.sql.storage_tables import WITHDREW, SqlStorageTables
from openvod.adapters.sql.task_tables import SqlTaskTables
from openvod.adapters.sql.upload_tables import SqlUploadTables
from openvod.base.errors import Unavailable

R = TypeVar("R")
_GROUP_LIMIT = 128
_CHECKPOINT_SECONDS = 0.5
_RETRIES = 5
_RETRYABLE = ("40001", "40P01")


class Transaction:
    """The tables of every room over one connection; built once per connection."""

    def __init__(self, connection: Connection) -> None:
        self.installation = SqlInstallationTable(connection)
        self.access = SqlAccessTables(connection)
        self.accounts = SqlAccountTables(connection)
        self.storage = SqlStorageTables(connection)
        self.uploads = SqlUploadTables(connection)
        self.media = SqlMediaTables(connection)
        self.events = SqlEventTables(connection)
        self.endpoints = SqlEndpointTables(connection)
        self.deliveries = SqlDeliveryTables(connection)
        self.tasks = SqlTaskTables(connection)
        self.figures = SqlFigureTables(connection)
        self.reviews = SqlReviewTables(connection)


Work = Callable[[Transaction], R]
Job = tuple[Work[Any], asyncio.Future[Any]]
Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]


class Withdrawals:
    """Counts the committed transactions of this process that took objects away or out of playback.

    Whoever remembers objects compares the count, so that here what is withdrawn is gone at once.
    """

    def __init__(self) -> None:
        self.count = 0

    def note(self, connection: Connection) -> None:
        """Count what a connection has just committed."""
        if connection.info.pop(WITHDREW, False):
            self.count += 1


class Database(Protocol):
    """A unit of work over :class:`Transaction`, with an end."""

    engine: Engine
    withdrawals: Withdrawals

    async def write(self, work: Work[R]) -> R:
        """Run ``work`` in a durable transaction."""
        ...

    async def read(self, work: Work[R]) -> R:
        """Run ``work`` over a snapshot."""
        ...

    async def peek(self, work: Work[R]) -> R:
        """Run ``work``, which reads a few rows by their keys."""
        ...

    def version(self) -> int | None:
        """Return a number that changes with every commit, at once; ``None`` where only the server could tell."""
        ...

    def close(self) -> None:
        """Finish what waits, then release threads and connections."""
        ...


def open_database(url: str) -> Database:
    """Open the database at a SQLAlchemy URL (``sqlite:///path`` or ``postgresql+psycopg://…``); no migration."""
    return SqliteDatabase(url) if url.startswith("sqlite") else PostgresqlDatabase(url)


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def sqlite_path(url: str) -> Path:
    """Return the file of a SQLite URL."""
    return Path(make_url(url).database or "")


def absolute_url(url: str) -> str:
    """Return a URL that means the same in every folder: a relative SQLite file becomes absolute."""
    if not url.startswith("sqlite"):
        return url
    parsed = make_url(url)
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        return url
    return parsed.set(database=str(Path(parsed.database).absolute())).render_as_string(hide_password=False)


class SqliteDatabase:
    """One writer thread with group commit, a few reader threads; WAL and ``synchronous=FULL``."""

    def __init__(self, url: str, *, readers: int = 2) -> None:
        self.engine = create_engine(
            url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args={"check_same_thread": False}
        )
        event.listen(self.engine, "connect", _configure_sqlite)
        self.withdrawals = Withdrawals()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="sqlite-read")
        self._local = threading.local()
        self._open_readers: list[Connection] = []
        self._writer = threading.Thread(target=self._write_loop, name="sqlite-write", daemon=True)
        self._writer.start()
        self._closing = threading.Event()
        self._checkpointer = threading.Thread(target=self._checkpoint_loop, name="sqlite-checkpoint", daemon=True)
        self._checkpointer.start()

    async def write(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.put((work, future))
        # Shielded: a cancelled request does not undo what the group commits.
        return await asyncio.shield(future)

    async def read(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def peek(self, work: Work[R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`. In the caller's thread: readers of this log wait for nobody."""
        return work(self._reader()[0])

    def version(self) -> int | None:
        """See :class:`Database`. A look at shared memory, over this thread's reading connection."""
        execute = self._reader()[1]
        return int(execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """See :class:`Database`."""
        self._queue.put(None)
        self._closing.set()
        self._writer.join()
        self._checkpointer.join()
        self._readers.shutdown(wait=True)
        for connection in self._open_readers:
            connection.close()
        self.engine.dispose()

    def _read(self, work: Work[R]) -> R:
        transaction, execute = self._reader()
        execute("BEGIN")
        try:
            return work(transaction)
        finally:
            execute("ROLLBACK")

    def _reader(self) -> tuple[Transaction, Callable[[str], Any]]:
        """Return this thread's tables, and what speaks to the driver below them."""
        reader: tuple[Transaction, Callable[[str], Any]] | None = getattr(self._local, "reader", None)
        if reader is None:
            connection = self.engine.connect()
            self._open_readers.append(connection)
            reader = self._local.reader = Transaction(connection), _driver_execute(connection)
        return reader

    def _checkpoint_loop(self) -> None:
        """Move the log into the database beside the commits: done inside one, it would be the tail of its latency."""
        with self.engine.connect() as connection:
            while not self._closing.wait(_CHECKPOINT_SECONDS):
                with contextlib.suppress(DBAPIError):
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").close()

    def _write_loop(self) -> None:
        with self.engine.connect() as connection:
            transaction = Transaction(connection)
            while (first := self._queue.get()) is not None:
                group = [first]
                ended = False
                while len(group) < _GROUP_LIMIT and not self._queue.empty():
                    item = self._queue.get()
                    if item is None:
                        ended = True
                        break
                    group.append(item)
                _commit_group(connection, transaction, group, self.withdrawals)
                if ended:
                    return


def _commit_group(connection: Connection, transaction: Transaction, group: list[Job], withdrawals: Withdrawals) -> None:
    """Run every work function in a savepoint of one transaction, commit, then tell each its outcome."""
    outcomes: list[Outcome] = []
    execute = _driver_execute(connection)
    try:
        execute("BEGIN IMMEDIATE")
        for work, future in group:
            outcomes.append((future, *_in_savepoint(execute, transaction, work)))
        execute("COMMIT")
        withdrawals.note(connection)
    except Exception as error:
        _rollback(connection)
        failure = Unavailable("database.commit_failed", f"the database could not commit: {_reason(error)}")
        failure.__cause__ = error
        outcomes = [(future, None, failure) for _, future in group]
    for loop in {future.get_loop() for _, future in group}:
        # An event loop that has ended has nobody who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, [each for each in outcomes if each[0].get_loop() is loop])


def _tell(outcomes: list[Outcome]) -> None:
    for future, result, problem in outcomes:
        if future.cancelled():
            continue
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)


def _driver_execute(connection: Connection) -> Callable[[str], Any]:
    """Return the driver's own ``execute``: for words without values, the layers above only cost."""
    raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return raw.execute


def _in_savepoint(
    execute: Callable[[str], Any], transaction: Transaction, work: Work[Any]
) -> tuple[Any, BaseException | None]:
    execute("SAVEPOINT work")
    try:
        result = work(transaction)
    except Exception as error:
        execute("ROLLBACK TO work")
        execute("RELEASE work")
        if _is_fatal(error):
            raise
        return None, error
    execute("RELEASE work")
    return result, None


def _is_fatal(error: Exception) -> bool:
    return isinstance(error, OperationalError) and "disk" in str(error.orig).lower()


def _rollback(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK")
    except DBAPIError:
        connection.invalidate()


def _reason(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "cache_size=-16384",
        "temp_store=MEMORY",
        # A bound for processes that end before their checkpoint thread gets to it.
        "wal_autocheckpoint=50000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


class PostgresqlDatabase:
    """One transaction per work function, in a pool of threads with a connection each."""

    def __init__(self, url: str, *, connections: int = 8) -> None:
        self.engine = create_engine(url, pool_size=connections, max_overflow=0, pool_pre_ping=True)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="postgresql")
        self.withdrawals = Withdrawals()

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
        """See :class:`Database`."""
        return None

    def close(self) -> None:
        """See :class:`Database`."""
        self._threads.shutdown(wait=True)
        self.engine.dispose()

    def _write(self, work: Work[R]) -> R:
        for remaining in reversed(range(_RETRIES)):
            try:
                with self.engine.connect() as connection:
                    with connection.begin():
                        result = work(Transaction(connection))
                    self.withdrawals.note(connection)
                    return result
            except DBAPIError as error:
                if remaining and getattr(error.orig, "sqlstate", None) in _RETRYABLE:
                    continue
                raise Unavailable("database.failed", f"the database answered: {_reason(error)}") from error
        raise AssertionError("the loop returns or raises")

    def _read(self, work: Work[R]) -> R:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection:
            return work(Transaction(connection))
