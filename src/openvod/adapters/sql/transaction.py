"""The tables of every room over one connection, and what the databases share."""

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


@dataclass(frozen=True)
class Limits:
    """What a database may take: connections of this process, and seconds.

    ``connections`` bounds PostgreSQL's pool; ``connect`` bounds opening one, ``statement`` and ``lock`` what the server
    does with a statement, ``retry`` how long transactions that left no trace are repeated while it is away, ``hang``
    how long one may take before the database counts as not answering.
    """

    connections: int = 8
    connect: float = 5.0
    statement: float = 30.0
    lock: float = 10.0
    retry: float = 10.0
    hang: float = 30.0
