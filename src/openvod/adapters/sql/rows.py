"""Conversion between rows and frozen dataclasses, and common statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

V = TypeVar("V")
#: Key of connections for reading transactions.
READING = "openvod.reading"


def values(record: object) -> dict[str, Any]:
    """Return a dataclass's fields as column values, without descending into them."""
    # Any dataclass: typeshed has no public type for it.
    return {f.name: getattr(record, f.name) for f in fields(record)}  # type: ignore[arg-type]


def insert_into(table: Table, dialect: str) -> Any:
    """Return an INSERT that supports ON CONFLICT, from the engine's dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert ``row``, or replace the row with the same primary key."""
    connection.execute(_upsert_statement(table, connection.dialect.name), dict(row))


@cache
def _upsert_statement(table: Table, dialect: str) -> Any:
    statement = insert_into(table, dialect)
    keys = [c.name for c in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    )


def insert_if_absent(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert ``row`` unless its primary key exists; return whether it was inserted."""
    # Use RETURNING, because drivers may not report the row count of such an INSERT.
    statement = (
        insert_into(table, connection.dialect.name).values(**row).on_conflict_do_nothing().returning(*table.primary_key)
    )
    return connection.execute(statement).first() is not None


def insert_absent(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose primary keys do not exist, in one statement."""
    if rows:
        connection.execute(_insert_statement(table, connection.dialect.name), list(rows))


@cache
def _insert_statement(table: Table, dialect: str) -> Any:
    return insert_into(table, dialect).on_conflict_do_nothing()


def fetch_one(connection: Connection, table: Table, *where: ColumnElement[bool], lock: bool = False) -> Any | None:
    """Return one row or ``None``; ``lock`` locks it until the transaction ends (SQLite has one writer anyway)."""
    statement = select(table).where(*where)
    if lock and connection.info.get(READING):
        raise AssertionError(f"a reading transaction locks a row of {table.name}, which PostgreSQL refuses")
    return connection.execute(statement.with_for_update() if lock else statement).first()


def fetch_all(connection: Connection, table: Table, *where: ColumnElement[bool], order: Sequence[Any] = ()) -> Any:
    """Return all rows that match."""
    return connection.execute(select(table).where(*where).order_by(*order)).all()


def lock_name(connection: Connection, name: str) -> None:
    """Lock a name until the transaction ends (no-op on SQLite, which has one writer)."""
    if connection.dialect.name == "postgresql":
        statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        connection.execute(statement, {"name": f"openvod/{name}"})


def remove(connection: Connection, table: Table, *where: ColumnElement[bool]) -> int:
    """Delete the rows that match; return how many."""
    return connection.execute(delete(table).where(*where)).rowcount
