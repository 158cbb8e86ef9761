"""Database, data folder and store form one installation: the first start records it, every other start checks it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Database
from openvod.adapters.sql.installation_table import SqlInstallationTable
from openvod.base.errors import Conflict, Invalid
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy
from openvod.storage.blobs import Blobs
from openvod.storage.installation import Installation, Standing, Witness, check_age, judge


class _Keys(Protocol):
    @property
    def installation_check(self) -> bytes:
        """The key from which the check of the root key is derived."""
        ...


class Base(Protocol):
    """The parts of an installation and the inputs of its record; see :class:`openvod.app.foundation.Foundation`."""

    folder: DataFolder
    installation: Installation

    @property
    def clock(self) -> Clock:
        """The clock."""
        ...

    @property
    def entropy(self) -> Entropy:
        """The source of random bytes for new ids."""
        ...

    @property
    def keys(self) -> _Keys:
        """The keys derived from the folder's root key."""
        ...

    @property
    def on_postgresql(self) -> bool:
        """Whether the database is PostgreSQL."""
        ...

    @property
    def sqlite_file(self) -> Path:
        """The database's file, for SQLite."""
        ...

    @property
    def database(self) -> Database:
        """The database, opened."""
        ...

    @property
    def blobs(self) -> Blobs:
        """The store."""
        ...


def refuse_missing_database(base: Base) -> None:
    """Raise when the database's file is missing but folder or store know one, before an empty one is created."""
    if not base.on_postgresql and not base.sqlite_file.exists():
        _judge(base, Witness())


def establish(base: Base) -> Installation:
    """Return the installation's record; creates it when all parts are new, raises ``OpenVodError`` when they differ.

    Reads the folder's mark before the database's, because a running server advances the database's first.
    """
    installation_id, mark = base.folder.identity()
    with base.database.engine.connect() as connection:
        table = SqlInstallationTable(connection)
        standing = _judge(base, table.witness())
        if standing is Standing.KNOWN:
            return _checked(base, table, mark)
        if standing is Standing.NEW:
            base.folder.make_root_key()
        store = base.blobs.store.witness().installation_id
        made = Installation(installation_id or store or new_hex(base.entropy, 32), key_check(base))
        base.blobs.store.identify(made.installation_id)
        known = table.add(made)
        _commit(connection)
    if known.installation_id != made.installation_id:
        raise Conflict("installation.differs", "another server has just claimed this database; start this one again")
    base.folder.identify(known.installation_id, known.mark)
    return known


def _judge(base: Base, database: Witness) -> Standing:
    return judge(database, Witness(base.folder.identity()[0]), base.blobs.store.witness())


def _checked(base: Base, table: SqlInstallationTable, mark: int) -> Installation:
    known = table.get()
    if known is None:
        raise AssertionError("the database has an id, hence a record")
    check_age(known, mark)
    if known.key_check and known.key_check != key_check(base):
        raise Invalid(
            "data_dir.root_key",
            f"{base.folder.root_key_path} is not the root key of this database; restore the file that belongs to it "
            "(`openvod adopt` accepts another one; then create keys and endpoint secrets again)",
        )
    return known


def key_check(base: Base) -> str:
    """Return a digest that identifies the root key without revealing it."""
    return hashlib.sha256(base.keys.installation_check).hexdigest()[:32]


def adopt(base: Base, *, new_root_key: bool = False) -> Installation:
    """Make database, folder and store one new installation; servers that used one of them are refused from now on.

    No file is deleted during the quarantine period.
    """
    if new_root_key:
        base.folder.back_up_root_key()
        base.folder.make_root_key()
    return _take_over(base, new_hex(base.entropy, 32))


def restore(base: Base) -> Installation:
    """Accept an older database of the same installation; no file is deleted during the quarantine period."""
    with base.database.engine.connect() as connection:
        database = SqlInstallationTable(connection).get()
    ids = {
        database.installation_id if database else "",
        base.folder.identity()[0],
        base.blobs.store.witness().installation_id,
    }
    if database is None or len(ids) > 1:
        raise Conflict(
            "installation.differs",
            "this database is not an older copy of the installation's database; `openvod adopt` accepts it as it is",
        )
    return _take_over(base, database.installation_id)


async def advance(base: Base) -> bool:
    """Increment the mark in database and folder; return whether this installation still owns the database."""
    own = base.installation.installation_id
    mark = await base.database.write(lambda tx: tx.installation.advance(own))
    if mark is not None:
        await asyncio.to_thread(base.folder.identify, own, mark)
    return mark is not None


def _take_over(base: Base, installation_id: str) -> Installation:
    mark = base.folder.mark_or_zero()
    with base.database.engine.connect() as connection:
        table = SqlInstallationTable(connection)
        known = table.get() or Installation(installation_id)
        taken = replace(known, installation_id=installation_id, key_check=key_check(base))
        taken = taken.taken_over(mark, base.clock.now())
        base.blobs.store.identify(installation_id)
        table.put(taken)
        _commit(connection)
    base.folder.identify(taken.installation_id, taken.mark)
    return taken


def _commit(connection: Connection) -> None:
    if connection.get_isolation_level() != "AUTOCOMMIT":
        connection.commit()
