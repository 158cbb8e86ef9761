"""What a database cannot do, in our words: one mapping for reads and writes on both. Its own words go to the log."""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

from openvod.base.errors import Exhausted, OpenVodError, Unavailable

#: Primary result codes of SQLite that say nothing of the statement: they pass, or an operator makes them pass.
_SQLITE_PASSING = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip
#: Classes of SQLSTATE: connection, resources, operator, system; read-only (a failover), lock and statement time-outs.
_POSTGRESQL_PASSING = ("08", "53", "57", "58", "25006", "55P03", "40001", "40P01")
_DISK_FULL = "53100"
_REPEATED = ("40001", "40P01")
_log = logging.getLogger("openvod.database")


def translated(error: BaseException, log: str = "") -> OpenVodError | None:
    """Return what callers are told of a database that cannot do its work; ``None`` for a mistake in the statement.

    ``log`` says what was being done; with it the database's own words are logged.
    """
    if isinstance(error, OpenVodError):
        return None
    found = _kind(error)
    if found is not None and log:
        _log.error("%s failed: %s", log, words(error))
    return found


def _kind(error: BaseException) -> OpenVodError | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return _full()
        return _unavailable() if code in _SQLITE_PASSING else None
    if isinstance(original, MemoryError):  # how Python's module tells SQLITE_NOMEM
        return _unavailable()
    state = sqlstate(error)
    if state == _DISK_FULL:
        return _full()
    if state.startswith(_POSTGRESQL_PASSING) or isinstance(error, TimeoutError) or is_disconnect(error):
        return _unavailable()
    return None


def is_disconnect(error: BaseException) -> bool:
    """Return whether the connection is gone, or never was."""
    if not isinstance(error, DBAPIError):
        return False
    state = sqlstate(error)
    lost = isinstance(error, OperationalError | InterfaceError) and not state
    return error.connection_invalidated or lost or state.startswith(("08", "57P"))


def is_repeated(error: BaseException) -> bool:
    """Return whether the server asks for the transaction once more (serialization failure, deadlock)."""
    return sqlstate(error) in _REPEATED


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's five characters, empty where there are none."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def words(error: BaseException) -> str:
    """Return what the database itself said, on one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _full() -> OpenVodError:
    return Exhausted("database.full", "the database's disk is full; free space there, then repeat the request")


def _unavailable() -> OpenVodError:
    return Unavailable("database.unavailable", "the database cannot be used at the moment; repeat the request later")
