"""Transactions on SQLite and PostgreSQL behind one port.

Work functions are synchronous and run in threads. On SQLite one thread owns the writing connection and runs all queued
work in one transaction, each function in its own savepoint, so that a burst costs one fsync. On PostgreSQL each
function has its own transaction, which is retried when the server reports a serialization failure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Engine, make_url

from openvod.adapters.sql.transaction import Limits, Transaction, Withdrawals, Work

__all__ = [
    "Database",
    "Limits",
    "Transaction",
    "Withdrawals",
    "absolute_url",
    "open_database",
    "sqlite_path",
    "sqlite_url",
]

R = TypeVar("R")


class Database(Protocol):
    """A unit of work over :class:`Transaction` that can be closed."""

    engine: Engine
    withdrawals: Withdrawals

    async def write(self, work: Work[R]) -> R:
        """Run ``work`` in a durable transaction."""
        ...

    async def read(self, work: Work[R]) -> R:
        """Run ``work`` over a snapshot."""
        ...

    async def peek(self, work: Work[R]) -> R:
        """Run ``work``, which reads few rows by primary key."""
        ...

    def version(self) -> int | None:
        """Return a number that changes with every commit, without I/O; ``None`` on a database server."""
        ...

    def trouble(self) -> str:
        """Return the reason why the database cannot be used, empty when none is known. Does no I/O."""
        ...

    def close(self) -> None:
        """Finish the queued work, then release threads and connections."""
        ...


def open_database(url: str, limits: Limits | None = None) -> Database:
    """Open the database at a SQLAlchemy URL (``sqlite:///path`` or ``postgresql+psycopg://…``); no migration."""
    if url.startswith("sqlite"):
        from openvod.adapters.sql.sqlite import SqliteDatabase

        return SqliteDatabase(url, limits or Limits())
    from openvod.adapters.sql.postgresql import PostgresqlDatabase

    return PostgresqlDatabase(url, limits or Limits())


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def sqlite_path(url: str) -> Path:
    """Return the file of a SQLite URL."""
    return Path(make_url(url).database or "")


def absolute_url(url: str) -> str:
    """Return a URL that does not depend on the working directory: the path of a SQLite file becomes absolute."""
    if not url.startswith("sqlite"):
        return url
    parsed = make_url(url)
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        return url
    return parsed.set(database=str(Path(parsed.database).absolute())).render_as_string(hide_password=False)
