"""The database's record of its installation, in SQL."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select, update

from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_one, insert_if_absent, upsert, values
from openvod.storage.installation import Installation, Witness

_ONLY = 1


class SqlInstallationTable:
    """The single row that names the owning installation; see :class:`openvod.storage.installation.Installation`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Installation | None:
        """Return the record."""
        row = fetch_one(self._connection, schema.installation, schema.installation.c.number == _ONLY)
        return Installation(row.installation_id, row.key_check, row.mark, row.restored_at) if row else None

    def add(self, installation: Installation) -> Installation:
        """Insert the record unless one exists; return the stored one."""
        insert_if_absent(self._connection, schema.installation, {"number": _ONLY} | values(installation))
        return self.get() or installation

    def put(self, installation: Installation) -> None:
        """Insert or replace the record."""
        upsert(self._connection, schema.installation, {"number": _ONLY} | values(installation))

    def advance(self, installation_id: str) -> int | None:
        """Increment the mark and return it; ``None`` when another installation owns the database now."""
        table = schema.installation
        grow = update(table).where(table.c.installation_id == installation_id).values(mark=table.c.mark + 1)
        row = self._connection.execute(grow.returning(table.c.mark)).first()
        return int(row.mark) if row else None

    def holds_anything(self) -> bool:
        """Return whether an application exists; the first start creates one."""
        return self._connection.scalar(select(schema.applications.c.sub_app_id).limit(1)) is not None

    def witness(self) -> Witness:
        """Return the record of a database of any schema version."""
        names = set(inspect(self._connection).get_table_names())
        known = self.get() if schema.installation.name in names else None
        used = schema.applications.name in names and self.holds_anything()
        return Witness(known.installation_id if known else "", used)
