"""Database, data folder and store are one installation: established at the first start, checked at every other."""

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
        """What proves the root key."""
        ...


class Base(Protocol):
    """What must belong together, and what its record is made with; see :class:`openvod.app.foundation.Foundation`."""

    folder: DataFolder
    installation: Installation

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def entropy(self) -> Entropy:
        """Where a new id comes from."""
        ...

    @property
    def keys(self) -> _Keys:
        """What the folder's root key gives."""
        ...

    @property
    def on_postgresql(self) -> bool:
        """Tell whether the database is a server of its own."""
        ...

    @property
    def sqlite_file(self) -> Path:
        """The database's file where it is none."""
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
    """Raise where the database's file is gone but folder or store remember one, before an empty one takes its place."""
    if not base.on_postgresql and not base.sqlite_file.exists():
        _judge(base, Witness())


def establish(base: Base) -> Installation:
    """Return the installation's record, made now where everything is new; raises ``OpenVodError`` for a mixture.

    The folder's mark is read before the database's, which a running server advances first.
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
        raise Conflict("installation.differs", "another server took this database a moment ago; start this one again")
    base.folder.identify(known.installation_id, known.mark)
    return known


def _judge(base: Base, database: Witness) -> Standing:
    return judge(database, Witness(base.folder.identity()[0]), base.blobs.store.witness())


def _checked(base: Base, table: SqlInstallationTable, mark: int) -> Installation:
    known = table.get()
    if known is None:
        raise AssertionError("the database has just told its id")
    check_age(known, mark)
    if known.key_check and known.key_check != key_check(base):
        raise Invalid(
            "data_dir.root_key",
            f"{base.folder.root_key_path} is not the root key that this database was sealed with; restore the file "
            "that belongs here (`openvod adopt` accepts another one; keys and secrets must then be made anew)",
        )
    return known


def key_check(base: Base) -> str:
    """Return what tells root keys apart and reveals nothing of them."""
    return hashlib.sha256(base.keys.installation_check).hexdigest()[:32]


def adopt(base: Base, *, new_root_key: bool = False) -> Installation:
    """Make database, folder and store as they are one new installation; whoever had one of them is refused from now on.

    Nothing is erased for as long as files are kept in quarantine.
    """
    if new_root_key:
        base.folder.back_up_root_key()
        base.folder.make_root_key()
    return _take_over(base, new_hex(base.entropy, 32))


def restore(base: Base) -> Installation:
    """Accept an older database of the same installation; nothing is erased for as long as quarantine keeps files."""
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
            "this is no older copy of the same installation's database; `openvod adopt` takes the database as it is",
        )
    return _take_over(base, database.installation_id)


async def advance(base: Base) -> bool:
    """Let the mark grow in the database, then in the folder; return whether the database is still this one's."""
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
