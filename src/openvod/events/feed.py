"""The log read by a cursor, and followed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from openvod.base.ports import UnitOfWork
from openvod.events.model import Event
from openvod.events.ports import EventTx
from openvod.events.watch import LogWatch

_PAGE = 200


class EventFeed:
    """An application's events in order, without a hole; a cursor is the sequence of the last event seen."""

    def __init__(self, uow: UnitOfWork[EventTx], watch: LogWatch) -> None:
        self._uow = uow
        self._watch = watch

    async def head(self, sub_app_id: int) -> int:
        """Return the last sequence."""
        return await self._uow.read(lambda tx: tx.events.heads().get(sub_app_id, 0))

    async def read(self, sub_app_id: int, after: int, limit: int = _PAGE) -> Sequence[Event]:
        """Return the events after a cursor."""
        return await self._uow.read(lambda tx: tx.events.log(sub_app_id, after, limit))

    async def follow(self, sub_app_id: int, after: int, *, silence: float) -> AsyncIterator[Sequence[Event]]:
        """Yield events as they come, and an empty page after each ``silence`` seconds; ends with the server."""
        while not self._watch.ended:
            events = await self.read(sub_app_id, after)
            if not events and await self._watch.beyond(sub_app_id, after, silence):
                continue
            yield events
            after = (events[-1].sequence or after) if events else after
