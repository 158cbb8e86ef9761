"""The database's own record of the installation that it belongs to, in SQL."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select, update

from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_one, insert_if_absent, upsert, values
from openvod.storage.installation import Installation, Witness

_ONLY = 1


class SqlInstallationTable:
    """The one row that says whose the database is; see :class:`openvod.storage.installation.Installation`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Installation | None:
        """Return the record."""
        row = fetch_one(self._connection, schema.installation, schema.installation.c.number == _ONLY)
        return Installation(row.installation_id, row.key_check, row.mark, row.restored_at) if row else None

    def add(self, installation: Installation) -> Installation:
        """Insert the record unless there is one; return the one that is there."""
        insert_if_absent(self._connection, schema.installation, {"number": _ONLY} | values(installation))
        return self.get() or installation

    def put(self, installation: Installation) -> None:
        """Insert or replace the record."""
        upsert(self._connection, schema.installation, {"number": _ONLY} | values(installation))

    def advance(self, installation_id: str) -> int | None:
        """Let the mark grow by one and return it; ``None`` when the database belongs to another installation by now."""
        table = schema.installation
        grow = update(table).where(table.c.installation_id == installation_id).values(mark=table.c.mark + 1)
        row = self._connection.execute(grow.returning(table.c.mark)).first()
        return int(row.mark) if row else None

    def holds_anything(self) -> bool:
        """Return whether there is an application, which the first start makes."""
        return self._connection.scalar(select(schema.applications.c.sub_app_id).limit(1)) is not None

    def witness(self) -> Witness:
        """Return what the database says, whatever schema it has."""
        names = set(inspect(self._connection).get_table_names())
        known = self.get() if schema.installation.name in names else None
        used = schema.applications.name in names and self.holds_anything()
        return Witness(known.installation_id if known else "", used)
