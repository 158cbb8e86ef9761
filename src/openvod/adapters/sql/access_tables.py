"""The access room's tables in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, true

from openvod.access.model import (
    AddressPolicy,
    Application,
    AuditEntry,
    Category,
    Distribution,
    Domain,
    Group,
    KeyPair,
    LinkPolicy,
    RefererPolicy,
    StorageRegion,
)
from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, insert_if_absent, lock_name, remove, upsert, values


class SqlAccessTables:
    """See :class:`openvod.access.ports.AccessTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alone(self) -> None:
        """See :meth:`openvod.access.ports.AccessTables.alone`."""
        lock_name(self._connection, "access")

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
        """Look for a file of the category in the media room's table."""
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

    def domain(self, sub_app_id: int, name: str) -> Domain | None:
        """Return one domain."""
        table = schema.domains
        row = fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.name == name)
        return _domain(row) if row else None

    def domains(self, sub_app_id: int) -> Sequence[Domain]:
        """Return an application's domains by age."""
        table = schema.domains
        rows = fetch_all(
            self._connection, table, table.c.sub_app_id == sub_app_id, order=[table.c.created_at, table.c.name]
        )
        return [_domain(row) for row in rows]

    def put_domain(self, domain: Domain) -> None:
        """Insert or replace."""
        row = {
            "sub_app_id": domain.sub_app_id,
            "name": domain.name,
            "created_at": domain.created_at,
            "referers": values(domain.referers),
            "addresses": values(domain.addresses),
            "links_enabled": domain.links.enabled,
            "sealed_link_key": domain.links.sealed_key,
            "sealed_backup_key": domain.links.sealed_backup_key,
        }
        upsert(self._connection, schema.domains, row)

    def delete_domain(self, sub_app_id: int, name: str) -> None:
        """Delete one."""
        table = schema.domains
        remove(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.name == name)

    def distribution(self, sub_app_id: int) -> Distribution:
        """Return an application's distribution; the default when none is stored."""
        row = fetch_one(self._connection, schema.distributions, schema.distributions.c.sub_app_id == sub_app_id)
        return Distribution(**row._mapping) if row else Distribution(sub_app_id)

    def distributions(self) -> Sequence[Distribution]:
        """Return the distributions with a domain or scheme of their own."""
        table = schema.distributions
        rows = fetch_all(self._connection, table, or_(table.c.domain != "", table.c.scheme != ""))
        return [Distribution(**row._mapping) for row in rows]

    def put_distribution(self, distribution: Distribution) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.distributions, values(distribution))

    def add_audit_entry(self, entry: AuditEntry) -> None:
        """Insert."""
        self._connection.execute(insert(schema.audit_log).values(**values(entry)))

    def audit_entries(self, after: int, limit: int) -> Sequence[tuple[int, AuditEntry]]:
        """Return entries from the newest; ``after``: the last number of the previous page, or 0."""
        table = schema.audit_log
        older = table.c.entry_id < after if after else true()
        statement = select(table).where(older).order_by(table.c.entry_id.desc()).limit(limit)
        rows = self._connection.execute(statement)
        return [(row.entry_id, _audit_entry(row)) for row in rows]

    def admit_link_address(self, link: str, address: str, most: int, expires_at: float) -> bool:
        """Count and insert in one transaction; two concurrent calls may admit one address too many, never more."""
        table = schema.link_addresses
        known = {row.address for row in fetch_all(self._connection, table, table.c.link == link)}
        if address not in known and len(known) < most:
            upsert(self._connection, table, {"link": link, "address": address, "expires_at": expires_at})
            return True
        return address in known

    def forget_link_addresses(self, before: float) -> int:
        """Delete the addresses of expired links."""
        return remove(self._connection, schema.link_addresses, schema.link_addresses.c.expires_at < before)

    def use_signature(self, secret_id: str, digest: str, used_at: float, expired: float) -> float | None:
        """Insert; of two concurrent calls the second fails at the primary key."""
        table = schema.used_signatures
        row = {"secret_id": secret_id, "digest": digest, "used_at": used_at}
        if insert_if_absent(self._connection, table, row):
            return None
        found = fetch_one(self._connection, table, table.c.secret_id == secret_id, table.c.digest == digest, lock=True)
        if found is not None and found.used_at > expired:
            return float(found.used_at)
        upsert(self._connection, table, row)
        return None

    def forget_signatures(self, before: float) -> int:
        """Delete what is older."""
        return remove(self._connection, schema.used_signatures, schema.used_signatures.c.used_at < before)

    def forget_audit_entries(self, before: float) -> int:
        """Delete what is older."""
        return remove(self._connection, schema.audit_log, schema.audit_log.c.at < before)


def _domain(row: Any) -> Domain:
    referers, addresses = row.referers, row.addresses
    return Domain(
        row.sub_app_id,
        row.name,
        row.created_at,
        RefererPolicy(**(referers | {"referers": tuple(referers["referers"])})),
        AddressPolicy(**(addresses | {"networks": tuple(addresses["networks"])})),
        # Older rows of SQLite have an empty text in this column, which a migration added.
        LinkPolicy(row.links_enabled, row.sealed_link_key, row.sealed_backup_key or b""),
    )


def _audit_entry(row: Any) -> AuditEntry:
    return AuditEntry(**{name: value for name, value in row._mapping.items() if name != "entry_id"})


def _key_pair(row: Any) -> KeyPair:
    return KeyPair(**(dict(row._mapping) | {"groups": tuple(Group(name) for name in row.groups.split(",") if name)}))
