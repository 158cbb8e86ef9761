"""One installation is a database, a data folder and a store; here is decided which of them may start together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from openvod.base.errors import Conflict

_WAY_OUT = "put back what belongs here, or take them as they are with `openvod adopt`; nothing was changed"


@dataclass(frozen=True)
class Witness:
    """What one of the three says: the installation's id (empty: none yet), and whether it holds anything."""

    installation_id: str = ""
    used: bool = False


class Standing(StrEnum):
    """How three that may start stand to each other."""

    NEW = "new"
    KNOWN = "known"
    #: Made by a release that knew no ids.
    EARLIER = "earlier"


@dataclass(frozen=True)
class Installation:
    """The database's own record.

    ``mark`` grows while a server runs and is copied into the data folder, so that an older copy of the database is
    recognised. ``restored_at`` (Unix seconds, 0: never) is when somebody last said that the three belong together
    although they differed. ``key_check`` is derived from the root key.
    """

    installation_id: str
    key_check: str = ""
    mark: int = 0
    restored_at: float = 0.0

    def taken_over(self, mark: int, now: float) -> Installation:
        """Return the record after a restore at ``now``: newer than the folder's mark."""
        return replace(self, mark=max(self.mark, mark) + 1, restored_at=now)


def judge(database: Witness, folder: Witness, store: Witness) -> Standing:
    """Return how the three stand; raises ``Conflict("installation.…")`` when starting could take data for left-overs.

    Ids are written in the order store, database, folder: where that was interrupted, nothing is there to be lost.
    """
    ids = {each.installation_id for each in (database, folder, store)} - {""}
    if not ids:
        return _without_ids(database, store)
    if not database.installation_id:
        if not (folder.installation_id or store.used or database.used):
            return Standing.NEW
        raise Conflict(
            "installation.database_missing",
            "the database is not the one of this data folder: it is new, or another one. "
            f"Look at OPENVOD__DATABASE__URL and at openvod.sqlite3 in --data-dir, and {_WAY_OUT}",
        )
    if len(ids) > 1:
        own, folders, stores = (each.installation_id[:8] or "none" for each in (database, folder, store))
        raise Conflict(
            "installation.differs",
            f"the database belongs to installation {own}, the data folder to {folders}, its store (blobs) to {stores}: "
            f"a second server needs the same --data-dir, or a database of its own; {_WAY_OUT}",
        )
    if not folder.installation_id:
        if store.installation_id and not (database.used or store.used):
            return Standing.NEW
        raise Conflict(
            "installation.folder_missing",
            "the database belongs to an installation with another --data-dir (two servers cannot share one database "
            f"without sharing the folder), or installation.json is missing; {_WAY_OUT}",
        )
    if not store.installation_id:
        raise Conflict(
            "installation.store_missing",
            f"the store (blobs in --data-dir) is not this installation's: is its disk mounted? When it is, {_WAY_OUT}",
        )
    return Standing.KNOWN


def _without_ids(database: Witness, store: Witness) -> Standing:
    if database.used:
        return Standing.EARLIER
    if store.used:
        raise Conflict(
            "installation.database_missing",
            "the database is new, but blobs in --data-dir holds files that an installation stored. Look at "
            f"OPENVOD__DATABASE__URL and at openvod.sqlite3 in --data-dir, and {_WAY_OUT}",
        )
    return Standing.NEW


def check_age(installation: Installation, folder_mark: int) -> None:
    """Raise ``Conflict("installation.database_older")`` for a copy of the database from before the folder's mark."""
    if installation.mark < folder_mark:
        raise Conflict(
            "installation.database_older",
            "the database is older than the data folder. If it is a backup that you restored, run `openvod restore`: "
            "every file is kept, also those that this database does not know. Else put the newer one back; "
            "nothing was changed",
        )
