"""Maps errors of both databases to OpenVOD's errors, for reads and writes; the driver's message goes to the log."""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

from openvod.base.errors import Exhausted, OpenVodError, Unavailable

#: Primary result codes of SQLite that the statement did not cause: temporary, or fixed by an operator.
_SQLITE_TEMPORARY = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip
#: Classes of SQLSTATE: connection, resources, operator, system; read-only (a failover), lock and statement time-outs.
_POSTGRESQL_TEMPORARY = ("08", "53", "57", "58", "25006", "55P03", "40001", "40P01")
_DISK_FULL = "53100"
_RETRIED = ("40001", "40P01")
_log = logging.getLogger("openvod.database")


def translated(error: BaseException, log: str = "") -> OpenVodError | None:
    """Return the error for callers when the database fails; ``None`` for an error in the statement.

    ``log`` names the operation; with it, the driver's message is logged.
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
        return _unavailable() if code in _SQLITE_TEMPORARY else None
    if isinstance(original, MemoryError):  # Python's exception for SQLITE_NOMEM
        return _unavailable()
    state = sqlstate(error)
    if state == _DISK_FULL:
        return _full()
    if state.startswith(_POSTGRESQL_TEMPORARY) or isinstance(error, TimeoutError) or is_disconnect(error):
        return _unavailable()
    return None


def is_disconnect(error: BaseException) -> bool:
    """Return whether the connection was lost or never established."""
    if not isinstance(error, DBAPIError):
        return False
    state = sqlstate(error)
    lost = isinstance(error, OperationalError | InterfaceError) and not state
    return error.connection_invalidated or lost or state.startswith(("08", "57P"))


def must_retry(error: BaseException) -> bool:
    """Return whether the transaction must be retried (serialization failure, deadlock)."""
    return sqlstate(error) in _RETRIED


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's SQLSTATE, five characters; empty for other errors."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def words(error: BaseException) -> str:
    """Return the driver's message on one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _full() -> OpenVodError:
    return Exhausted("database.full", "the database's disk is full; free space on it, then retry the request")


def _unavailable() -> OpenVodError:
    return Unavailable("database.unavailable", "the database is temporarily unavailable; retry the request later")
