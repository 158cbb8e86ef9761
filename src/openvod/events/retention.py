"""How long events are kept: for a time, and longer while an endpoint has not got them."""

from __future__ import annotations

from openvod.base.ports import Clock, UnitOfWork
from openvod.events.ports import EventTx

_AT_ONCE = 500


class Retention:
    """Forgets events that are older than ``keep_seconds``, with their attempts; 0 keeps everything."""

    def __init__(self, uow: UnitOfWork[EventTx], clock: Clock, keep_seconds: float) -> None:
        self._uow = uow
        self._clock = clock
        self._keep_seconds = keep_seconds

    async def forget_old(self) -> int:
        """Forget a bounded number of events of each application; return how many."""
        if not self._keep_seconds:
            return 0
        before = self._clock.now() - self._keep_seconds
        heads = await self._uow.read(lambda tx: tx.events.heads())
        return sum([await self._forget(sub_app_id, head, before) for sub_app_id, head in heads.items()])

    async def _forget(self, sub_app_id: int, head: int, before: float) -> int:
        def work(tx: EventTx) -> int:
            # Endpoints with a URL must get every event first; a pull queue unread for this long has lost its own.
            cursors = [each.cursor for each in tx.endpoints.endpoints(sub_app_id) if each.url]
            return tx.events.forget(sub_app_id, min(cursors, default=head), before, _AT_ONCE)

        # Most looks find nothing old, and need no writer for that.
        oldest = await self._uow.read(lambda tx: tx.events.log(sub_app_id, 0, 1))
        return await self._uow.write(work) if oldest and oldest[0].created_at < before else 0
