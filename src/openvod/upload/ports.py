"""What the upload room asks of a database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from openvod.access.ports import AccessTables
from openvod.events.ports import EventTables
from openvod.media.ports import MediaTables
from openvod.storage.model import Door, SessionRef
from openvod.storage.ports import StorageTables
from openvod.tasks.model import Task
from openvod.tasks.ports import TaskTables
from openvod.upload.model import SpentSignature, UploadSession
from openvod.upload.pull_model import Fetched, Pull


class UploadTables(Protocol):
    """Rows of the upload room inside one transaction."""

    def session(self, session_key: str, *, lock: bool = False) -> UploadSession | None:
        """Return a session; ``lock`` keeps other writers out until the transaction ends."""
        ...

    def sessions_of(self, file_id: str) -> Sequence[UploadSession]:
        """Return the sessions of a file, in any state."""
        ...

    def door(self, session: SessionRef, *, lock: bool = False) -> Door | None:
        """See :class:`openvod.storage.ports.SessionDoors`."""
        ...

    def put_session(self, session: UploadSession) -> None:
        """Insert or replace."""
        ...

    def sessions_expired(self, moment: float, limit: int) -> Sequence[UploadSession]:
        """Return sessions, in any state, that expired before ``moment``."""
        ...

    def delete_session(self, session_key: str) -> None:
        """Delete."""
        ...

    def spent(self, fingerprint: str) -> SpentSignature | None:
        """Return the recorded use of a one-time signature."""
        ...

    def spend(self, spent: SpentSignature) -> bool:
        """Record a use; false when the signature was used before (also by a transaction that commits first)."""
        ...

    def count_use(self, fingerprint: str, expires_at: float) -> int:
        """Count an upload under a signature; return the count with this one."""
        ...

    def pull(self, task_id: str) -> Pull | None:
        """Return what is known of a pull."""
        ...

    def put_pull(self, pull: Pull) -> None:
        """Insert or replace."""
        ...

    def open_pulls(self, limit: int) -> Sequence[tuple[Task, Pull]]:
        """Return unfinished pulls, by priority, then age."""
        ...

    def forget_spent(self, moment: float) -> int:
        """Delete records whose signature expired before ``moment``."""
        ...


class UploadTx(Protocol):
    """A transaction over every table that Apply and Commit touch."""

    @property
    def access(self) -> AccessTables:
        """Applications, keys, regions."""
        ...

    @property
    def storage(self) -> StorageTables:
        """Buckets, objects, uploads."""
        ...

    @property
    def uploads(self) -> UploadTables:
        """Sessions and spent signatures."""
        ...

    @property
    def media(self) -> MediaTables:
        """Media assets."""
        ...

    @property
    def events(self) -> EventTables:
        """The outbox."""
        ...

    @property
    def tasks(self) -> TaskTables:
        """Tasks, templates, procedures."""
        ...


class Fetcher(Protocol):
    """Downloads over HTTP from addresses that callers name."""

    async def check(self, url: str) -> None:
        """Raise ``Invalid("address.url")`` or ``Denied("address.refused")``; a name that does not resolve passes."""
        ...

    def open(self, url: str) -> AbstractAsyncContextManager[Fetched]:
        """Start a download; redirects are followed, each checked.

        Raises what :meth:`check` raises, ``Invalid`` with ``pull.…`` for permanent failures, and ``Unavailable`` with
        ``pull.…`` or ``delivery.unresolved`` for temporary ones; the body raises the latter, too.
        """
        ...
