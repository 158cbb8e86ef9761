"""Transactions on SQLite and PostgreSQL behind one port.

Work functions are synchronous and run in threads. On SQLite one thread owns the writing connection and puts all work
that waits into one transaction, each in a savepoint of its own, so that a burst costs one fsync. On PostgreSQL each
work function has a transaction of its own and is repeated when the server reports a serialization failure.
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

    def trouble(self) -> str:
        """Return why it cannot be used just now, in our words; empty when it can, as far as is known. Takes no time."""
        ...

    def close(self) -> None:
        """Finish what waits, then release threads and connections."""
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
    """Return a URL that means the same in every folder: a relative SQLite file becomes absolute."""
    if not url.startswith("sqlite"):
        return url
    parsed = make_url(url)
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        return url
    return parsed.set(database=str(Path(parsed.database).absolute())).render_as_string(hide_password=False)
