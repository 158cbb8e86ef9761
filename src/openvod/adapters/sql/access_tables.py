"""The access room's tables in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from openvod.access.model import Application, Category, KeyPair, StorageRegion
from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, remove, upsert, values


class SqlAccessTables:
    """See :class:`openvod.access.ports.AccessTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def application(self, sub_app_id: int) -> Application | None:
        """Return one application."""
        row = fetch_one(self._connection, schema.applications, schema.applications.c.sub_app_id == sub_app_id)
        return Application(**row._mapping) if row else None

    def applications(self) -> Sequence[Application]:
        """Return all applications by id."""
        rows = fetch_all(self._connection, schema.applications, order=[schema.applications.c.sub_app_id])
        return [Application(**row._mapping) for row in rows]

    def put_application(self, application: Application) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.applications, values(application))

    def key_pair(self, secret_id: str) -> KeyPair | None:
        """Return one key pair."""
        row = fetch_one(self._connection, schema.key_pairs, schema.key_pairs.c.secret_id == secret_id)
        return _key_pair(row) if row else None

    def key_pairs(self) -> Sequence[KeyPair]:
        """Return all key pairs by creation."""
        rows = fetch_all(self._connection, schema.key_pairs, order=[schema.key_pairs.c.created_at])
        return [_key_pair(row) for row in rows]

    def put_key_pair(self, key: KeyPair) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.key_pairs, values(key) | {"groups": ",".join(key.groups)})

    def delete_key_pair(self, secret_id: str) -> None:
        """Delete."""
        remove(self._connection, schema.key_pairs, schema.key_pairs.c.secret_id == secret_id)

    def regions(self) -> Sequence[StorageRegion]:
        """Return all storage regions by name."""
        rows = fetch_all(self._connection, schema.storage_regions, order=[schema.storage_regions.c.name])
        return [StorageRegion(**row._mapping) for row in rows]

    def put_region(self, region: StorageRegion) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.storage_regions, values(region))

    def category(self, sub_app_id: int, class_id: int) -> Category | None:
        """Return one category."""
        table = schema.categories
        row = fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.class_id == class_id)
        return Category(**row._mapping) if row else None

    def categories(self, sub_app_id: int) -> Sequence[Category]:
        """Return an application's categories by id."""
        table = schema.categories
        rows = fetch_all(self._connection, table, table.c.sub_app_id == sub_app_id, order=[table.c.class_id])
        return [Category(**row._mapping) for row in rows]

    def put_category(self, category: Category) -> None:
        """Replace one."""
        upsert(self._connection, schema.categories, values(category))

    def delete_category(self, sub_app_id: int, class_id: int) -> None:
        """Delete one."""
        table = schema.categories
        remove(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.class_id == class_id)

    def is_category_used(self, sub_app_id: int, class_id: int) -> bool:
        """Ask the media room's table, which points here."""
        table = schema.media_assets
        statement = select(table.c.file_id).where(table.c.sub_app_id == sub_app_id, table.c.class_id == class_id)
        return self._connection.execute(statement.limit(1)).first() is not None

    def add_category(self, sub_app_id: int, name: str, parent_id: int) -> Category:
        """Insert with the next free ``class_id``."""
        table = schema.categories
        newest = self._connection.scalar(select(func.max(table.c.class_id)).where(table.c.sub_app_id == sub_app_id))
        category = Category((newest or 0) + 1, sub_app_id, name, parent_id)
        upsert(self._connection, table, values(category))
        return category


def _key_pair(row: Any) -> KeyPair:
    return KeyPair(**(dict(row._mapping) | {"groups": tuple(row.groups.split(",")) if row.groups else ()}))
