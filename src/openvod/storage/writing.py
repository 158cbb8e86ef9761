"""Bodies on their way into blobs: ledger row first, then bytes; what fails is doomed."""

from __future__ import annotations

from asyncio import shield
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.storage.blobs import Blobs, Body, WritesAtOffset
from openvod.storage.model import MAX_PART_SIZE, Blob, BlobState, Received
from openvod.storage.placement import SlotBoard
from openvod.storage.ports import StorageTx

Check = Callable[[Received], None]


@dataclass(frozen=True)
class Incoming:
    """A request body on its way in. ``length`` is ``None`` for a chunked one; ``check`` refuses after reading.

    ``largest`` is what the whole object may have at most by its permission, ``None`` without a limit.
    """

    body: Body
    length: int | None
    limit: int = MAX_PART_SIZE
    check: Check = lambda received: None
    largest: int | None = None

    def within(self, taken: int) -> Incoming:
        """Return the same body, bounded by what the permission leaves after ``taken`` bytes."""
        return self if self.largest is None else replace(self, limit=min(self.limit, self.largest - taken))


class BlobWriter:
    """Writes request bodies into new blobs and records them in the ledger; ``slots`` are this process's open writes."""

    def __init__(
        self, uow: UnitOfWork[StorageTx], blobs: Blobs, clock: Clock, entropy: Entropy, slots: SlotBoard
    ) -> None:
        self._uow = uow
        self._blobs = blobs
        self._clock = clock
        self._entropy = entropy
        self.slots = slots

    def new_id(self) -> str:
        """Return the id of a new blob."""
        return new_hex(self._entropy, 32)

    @asynccontextmanager
    async def pending(self) -> AsyncIterator[str]:
        """Enter a new blob in the ledger while the block writes it; doom it when the block fails."""
        blob_id = self.new_id()
        pending = Blob(blob_id, BlobState.PENDING, self._clock.now())
        with self.slots.writing(blob_id):
            await self._uow.write(lambda tx: tx.storage.add_blob(pending))
            try:
                yield blob_id
            except BaseException:
                # Shielded: a cancelled request leaves no bytes behind either.
                await shield(self._discard(blob_id))
                raise

    async def _discard(self, blob_id: str) -> None:
        await self._uow.write(lambda tx: tx.storage.set_blob_state([blob_id], BlobState.DOOMED))
        await self._blobs.store.delete(blob_id)

    async def receive(self, blob_id: str, incoming: Incoming) -> Received:
        """Write a body durably as the new blob that :meth:`pending` made; raises what ``incoming.check`` raises."""
        received = await self._blobs.store.put(blob_id, incoming.body, length=incoming.length, limit=incoming.limit)
        incoming.check(received)
        return received

    async def receive_at(self, offsets: WritesAtOffset, blob_id: str, offset: int, incoming: Incoming) -> Received:
        """Write a body durably into a range of a blob; a body that ``incoming.check`` refuses is erased."""
        received = await offsets.put_at(blob_id, offset, incoming.body, length=incoming.length, limit=incoming.limit)
        try:
            incoming.check(received)
        except Exception:
            await self.erase(blob_id, offset, received.size)
            raise
        return received

    async def erase(self, blob_id: str, offset: int, length: int) -> None:
        """Free a range of a shared blob where the store can."""
        if self._blobs.ranges:
            await self._blobs.ranges.erase(blob_id, offset, length)
