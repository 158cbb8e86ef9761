"""What is published, remembered for a moment: a segment that many fetch costs one question of the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from openvod.base.ports import UnitOfWork
from openvod.media.ports import StoredMediaTx
from openvod.server.file_sending import ReadyFile
from openvod.storage.model import Bucket, StoredObject

#: Seconds until a change by another process (a withdrawn file, changed rules) takes effect here.
_REMEMBERED_SECONDS = 1.0
_MOST_REMEMBERED = 10_000
Found = tuple[Bucket, StoredObject]


@dataclass(frozen=True)
class Published:
    """A published object while it is remembered."""

    found: Found
    learnt_at: float
    withdrawals: int
    #: What answers to the whole of it have in common, as the surface makes it once.
    whole: dict[bool, ReadyFile] = field(default_factory=dict)
    #: What the surface found out about the content, by name.
    facts: dict[str, bool] = field(default_factory=dict)


class PublishedObjects:
    """Finds objects by the key that an address names; what is not published is asked for each time.

    ``withdrawals`` counts what this process took away, which holds at once.
    """

    def __init__(self, uow: UnitOfWork[StoredMediaTx], withdrawals: Callable[[], int]) -> None:
        self._uow = uow
        self._withdrawals = withdrawals
        self._known: dict[str, Published] = {}

    async def find(self, key: str) -> Found | None:
        """Return a bucket and its object, published or not; ``key`` begins with the bucket's short name."""
        withdrawals, now = self._withdrawals(), time.monotonic()
        if known := self.remembered(key):
            return known.found
        short_name, slash, rest = key.partition("/")
        found = await self._uow.read(lambda tx: _find(tx, short_name, key)) if slash and rest else None
        if found and found[1].published:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = Published(found, now, withdrawals)
        else:
            self._known.pop(key, None)
        return found

    def remembered(self, key: str) -> Published | None:
        """Return what is known of a published object without asking."""
        known = self._known.get(key)
        if known is None or known.withdrawals != self._withdrawals():
            return None
        return known if known.learnt_at > time.monotonic() - _REMEMBERED_SECONDS else None


def _find(tx: StoredMediaTx, short_name: str, key: str) -> Found | None:
    bucket = tx.storage.bucket_by_short_name(short_name)
    stored = tx.storage.object(bucket.name, key) if bucket else None
    return (bucket, stored) if bucket and stored else None
