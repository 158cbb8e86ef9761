"""What the access room asks of a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from openvod.access.model import Application, AuditEntry, Category, Distribution, Domain, KeyPair, StorageRegion
from openvod.base.ports import SecretBox as SecretBox


class AccessTables(Protocol):
    """Rows of the access room inside one transaction."""

    def application(self, sub_app_id: int) -> Application | None:
        """Return one application."""
        ...

    def alone(self) -> None:
        """Keep other transactions that ask the same out until this one ends."""
        ...

    def applications(self) -> Sequence[Application]:
        """Return all applications by id."""
        ...

    def put_application(self, application: Application) -> None:
        """Insert or replace."""
        ...

    def key_pair(self, secret_id: str) -> KeyPair | None:
        """Return one key pair."""
        ...

    def key_pairs(self) -> Sequence[KeyPair]:
        """Return all key pairs by creation."""
        ...

    def put_key_pair(self, key: KeyPair) -> None:
        """Insert or replace."""
        ...

    def delete_key_pair(self, secret_id: str) -> None:
        """Delete; nothing happens when it is absent."""
        ...

    def regions(self) -> Sequence[StorageRegion]:
        """Return all storage regions by name."""
        ...

    def put_region(self, region: StorageRegion) -> None:
        """Insert or replace."""
        ...

    def category(self, sub_app_id: int, class_id: int) -> Category | None:
        """Return one category."""
        ...

    def categories(self, sub_app_id: int) -> Sequence[Category]:
        """Return an application's categories by id."""
        ...

    def put_category(self, category: Category) -> None:
        """Replace one."""
        ...

    def delete_category(self, sub_app_id: int, class_id: int) -> None:
        """Delete a domain."""
        ...

    def is_category_used(self, sub_app_id: int, class_id: int) -> bool:
        """Return whether a file is in the category."""
        ...

    def add_category(self, sub_app_id: int, name: str, parent_id: int) -> Category:
        """Insert with the next free ``class_id``."""
        ...

    def domain(self, sub_app_id: int, name: str) -> Domain | None:
        """Return one domain."""
        ...

    def domains(self, sub_app_id: int) -> Sequence[Domain]:
        """Return an application's domains by age."""
        ...

    def put_domain(self, domain: Domain) -> None:
        """Insert or replace."""
        ...

    def delete_domain(self, sub_app_id: int, name: str) -> None:
        """Delete a domain."""
        ...

    def distribution(self, sub_app_id: int) -> Distribution:
        """Return what an application's addresses begin with; the default when nothing was stored."""
        ...

    def distributions(self) -> Sequence[Distribution]:
        """Return the distributions with a domain or scheme of their own."""
        ...

    def put_distribution(self, distribution: Distribution) -> None:
        """Insert or replace."""
        ...

    def add_audit_entry(self, entry: AuditEntry) -> None:
        """Insert."""
        ...

    def audit_entries(self, after: int, limit: int) -> Sequence[tuple[int, AuditEntry]]:
        """Return numbered entries from the newest; ``after`` is the number of the last one seen, 0 for none."""
        ...

    def admit_link_address(self, link: str, address: str, most: int, expires_at: float) -> bool:
        """Return whether an address may use a link: it did before, or fewer than ``most`` did; then record it."""
        ...

    def forget_link_addresses(self, before: float) -> int:
        """Delete the addresses of links that expired before a moment; return the number of rows."""
        ...

    def use_signature(self, secret_id: str, digest: str, used_at: float, expired: float) -> float | None:
        """Note a signature's use; return when it was used first, ``None`` for never since ``expired``."""
        ...

    def forget_signatures(self, before: float) -> int:
        """Delete what was used before a moment; return how much."""
        ...

    def forget_audit_entries(self, before: float) -> int:
        """Delete what is older than a moment; return how much."""
        ...


class AccessTx(Protocol):
    """A transaction that reaches the access tables."""

    @property
    def access(self) -> AccessTables:
        """The access room's tables."""
        ...
