"""The tables of every room on one connection, and definitions that both databases share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

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

R = TypeVar("R")


class Transaction:
    """The tables of every room on one connection; built once per connection."""

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


class Withdrawals:
    """Counts this process's committed transactions that deleted or unpublished objects.

    Caches of objects compare the count, so that in this process they never serve a withdrawn object.
    """

    def __init__(self) -> None:
        self.count = 0

    def note(self, connection: Connection) -> None:
        """Count the transaction that a connection has just committed."""
        if connection.info.pop(WITHDREW, False):
            self.count += 1


@dataclass(frozen=True)
class Limits:
    """Limits of a database: connections of this process, and time-outs in seconds.

    ``connections`` is the size of PostgreSQL's pool, ``connect`` the time-out of opening one; ``statement`` and
    ``lock`` are the server's time-outs. ``retry``: how long transactions without effect are retried while the server is
    unavailable. ``hang``: after this, a running transaction means that the database does not answer.
    """

    connections: int = 8
    connect: float = 5.0
    statement: float = 30.0
    lock: float = 10.0
    retry: float = 10.0
    hang: float = 30.0
