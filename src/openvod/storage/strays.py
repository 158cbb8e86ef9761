"""Finds objects of no session, file or output, logs them, and moves them to the store's quarantine.

No request can make one (every write names its session). Older releases could, and a database may have been mended by
hand; so whatever is found is looked at once more when it is old, and its bytes are set aside, never erased here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from openvod.base.ports import Clock, UnitOfWork
from openvod.storage.model import StoredObject
from openvod.storage.ports import StorageTx

#: What is younger may still be on its way to its file.
GRACE_SECONDS = 86_400.0
_PAGE = 500
_log = logging.getLogger("openvod.storage.strays")

Tx = TypeVar("Tx", bound=StorageTx)
#: Returns those of some objects that nothing owns; rooms above know files and outputs.
FindStrays = Callable[[Tx, Sequence[StoredObject]], Sequence[StoredObject]]


class StrayObjects(Generic[Tx]):
    """Looks at all objects, a page at a time."""

    def __init__(self, uow: UnitOfWork[Tx], find: FindStrays[Tx], clock: Clock) -> None:
        self._uow = uow
        self._find = find
        self._clock = clock
        self._after = ("", "")

    async def all(self) -> Sequence[StoredObject]:
        """Return every stray object; changes nothing."""
        found: list[StoredObject] = []
        after = ("", "")
        while True:
            page, strays = await self._uow.read(lambda tx: self._page(tx, after))  # noqa: B023 - awaited in its turn
            found += strays
            if not page:
                return found
            after = (page[-1].bucket, page[-1].key)

    async def run_once(self) -> int:
        """Look at the next page and let go of what is stray in it; return how many. Begins again after the last."""
        page, strays = await self._uow.read(lambda tx: self._page(tx, self._after))
        self._after = (page[-1].bucket, page[-1].key) if page else ("", "")
        old = [each for each in strays if each.created_at < self._clock.now() - GRACE_SECONDS]
        if old:
            await self._uow.write(lambda tx: self._let_go(tx, old))
        return len(old)

    def _page(self, tx: Tx, after: tuple[str, str]) -> tuple[Sequence[StoredObject], Sequence[StoredObject]]:
        page = tx.storage.objects_after(*after, _PAGE)
        return page, self._find(tx, page)

    def _let_go(self, tx: Tx, candidates: Sequence[StoredObject]) -> None:
        """Delete rows, of the bytes too: a file without a row is what the collector sets aside."""
        for stored in self._find(tx, candidates):
            if tx.storage.object(stored.bucket, stored.key) != stored:
                continue
            _log.warning(
                "object %r of bucket %s (%d bytes, ETag %s) belongs to no session, file or output; its bytes (%s) are "
                "set aside", stored.key, stored.bucket, stored.size, stored.etag,
                ", ".join(sorted({extent.blob_id for extent in stored.extents})),
            )  # fmt: skip
            tx.storage.delete_object(stored.bucket, stored.key)
            tx.storage.delete_blobs({extent.blob_id for extent in stored.extents})
