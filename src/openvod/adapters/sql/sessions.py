"""Connections to PostgreSQL: time-outs on both sides, and a session that holds advisory locks."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from openvod.adapters.sql.failures import words
from openvod.adapters.sql.transaction import Limits

#: Seconds beyond the server's own time-outs after which a silent connection is closed.
_MARGIN_SECONDS = 5.0
_WATCH_SECONDS = 0.25
_REFUSALS = 3
_SET = "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}"
_log = logging.getLogger("openvod.database")


def connect_args(limits: Limits) -> dict[str, Any]:
    """Return libpq's connection arguments: time-outs and keep-alives that detect an unreachable host."""
    return {
        "connect_timeout": max(2, round(limits.connect)),
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": round(max(limits.statement, 1) * 1000),
        "application_name": f"openvod-{os.getpid()}",
    }


def make_engine(url: str, limits: Limits, **options: Any) -> Engine:
    """Return an engine that sets the time-outs in every session."""
    engine = create_engine(url, connect_args=connect_args(limits), **options)

    @event.listens_for(engine, "connect")
    def limit(connection: Any, _record: object) -> None:
        values = (limits.statement * 1000, limits.lock * 1000, limits.statement * 2000)
        try:
            connection.execute(_SET.format(*map(round, values)))
            # Commit, because the pool rolls connections back on return, which would undo SET.
            connection.commit()
        except BaseException:
            connection.close()  # the pool does not close it
            raise

    return engine


class Deadlines:
    """Closes connections whose server does not answer in time: it may be stopped or unreachable."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, float] = {}
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="postgresql-deadlines", daemon=True)
        self._thread.start()

    @contextmanager
    def within(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Limit the block's use of a connection; then its socket is shut down, and the block gets an error."""
        driver: Any = connection.connection.driver_connection
        # Duplicate the descriptor, so that its number stays valid if the original is closed during the block.
        fd = os.dup(driver.fileno())
        with self._lock:
            self._open[fd] = time.monotonic() + seconds
        try:
            yield
        finally:
            with self._lock:
                del self._open[fd]
                os.close(fd)

    def close(self) -> None:
        """Stop the thread."""
        self._closed = True
        self._wake.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed:
            self._wake.wait(_WATCH_SECONDS)
            now = time.monotonic()
            with self._lock:
                for fd in [fd for fd, deadline in self._open.items() if deadline < now]:
                    self._open[fd] = now + _MARGIN_SECONDS
                    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(fd)) as copy:
                        _log.error("the database does not answer; its connection is closed")
                        copy.shutdown(socket.SHUT_RDWR)


@dataclass
class _Held:
    """Locks of a session by name; ``since`` is the last time (monotonic seconds) at which each was confirmed.

    ``refused`` counts the failed attempts to take a lock again after a lost connection. One or two may be due to a
    worker that checks for dead ones.
    """

    since: dict[str, float] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)


class LockSession:
    """Advisory locks by name, in a dedicated session that a thread keeps alive and reopens.

    After a lost connection the locks are taken again as soon as the server answers, unless another session has them.
    """

    def __init__(self, url: str, limits: Limits, *, beat: float = 1.0) -> None:
        self._limits = Limits(connect=limits.connect, statement=5.0, lock=5.0)
        self._engine = make_engine(url, self._limits, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._beat = beat
        self._deadlines = Deadlines()
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._held = _Held()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="advisory-locks", daemon=True)
        self._thread.start()

    def take(self, name: str) -> bool:
        """Take a lock; false while another session has it, or when the server does not answer."""
        with self._lock:
            try:
                taken = self._query("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))", name)
            except SQLAlchemyError as error:
                self._disconnect(error)
                return False
            if taken:
                self._held.since[name] = time.monotonic()
                self._held.refused.pop(name, None)
            return taken

    def release(self, name: str) -> None:
        """Release a lock, if it is held."""
        with self._lock:
            self._held.refused.pop(name, None)
            if self._held.since.pop(name, None) is None or self._connection is None:
                return
            try:
                self._query("SELECT pg_advisory_unlock(hashtextextended(:name, 0))", name)
            except SQLAlchemyError as error:
                self._disconnect(error)

    def age(self, name: str) -> float:
        """Return the seconds since a lock was last confirmed; infinite when it is not held."""
        since = self._held.since.get(name)
        return float("inf") if since is None else time.monotonic() - since

    def lost(self, name: str) -> bool:
        """Return whether another session took a lock while this one was disconnected; the thread keeps trying."""
        return self._held.refused.get(name, 0) >= _REFUSALS

    def close(self) -> None:
        """End the session, which releases its locks."""
        self._closed.set()
        self._thread.join()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
        self._engine.dispose()
        self._deadlines.close()

    def _keep(self) -> None:
        while not self._closed.wait(self._beat):
            with self._lock:
                if not self._held.since:
                    continue
                try:
                    if self._connection is None:
                        self._held.refused = dict.fromkeys(self._held.since, 0)
                    self._relock()
                    self._query("SELECT true", "")
                    self._confirm(*(self._held.since.keys() - self._held.refused.keys()))
                except SQLAlchemyError as error:
                    self._disconnect(error)

    def _relock(self) -> None:
        """Take the locks again after a reconnection, except those that another session has."""
        for name in list(self._held.refused):
            if self._query("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))", name):
                del self._held.refused[name]
                continue
            self._held.refused[name] += 1
            if self._held.refused[name] == _REFUSALS:
                _log.error("another session has taken the lock %s since the connection was lost", name)

    def _confirm(self, *names: str) -> None:
        now = time.monotonic()
        for name in names:
            self._held.since[name] = now

    def _query(self, statement: str, name: str) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect()
        with self._deadlines.within(self._connection, self._limits.statement):
            parameters = {"name": name} if ":name" in statement else {}
            return bool(self._connection.execute(text(statement), parameters).scalar_one())

    def _disconnect(self, error: SQLAlchemyError) -> None:
        if self._connection is not None:
            _log.error("the connection that holds the advisory locks was lost: %s", words(error))
            with contextlib.suppress(SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None
        self._held.refused = dict.fromkeys(self._held.since, 0)
