"""``PullEvents`` and ``ConfirmEvents`` (``events.md`` 6): the log read by the app server itself.

The pull queue is one more endpoint of the application's log. What is handed out has a row with a handle until it is
confirmed; after the lease it is handed out again under a new handle. Any number of pullers may share a queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openvod.base.errors import Invalid
from openvod.base.identifiers import new_file_id
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.events.endpoints import pull_queue
from openvod.events.model import PULL_QUEUE, DeliveryState, Endpoint, Event, Subscription, Transport
from openvod.events.ports import EventTx
from openvod.events.watch import LogWatch

MOST_EVENTS = 16
LEASE_SECONDS = 30.0
LONGEST_WAIT = 5.0
KEPT_SECONDS = 4 * 86_400.0
_SCAN = 64
#: Seconds between checks while a caller waits: an expiring lease adds nothing to the log.
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class PulledEvent:
    """An event in a puller's hands; ``handle``: 19 decimal digits, opaque."""

    handle: str
    event: Event


class PullService:
    """Hands events out and takes confirmations."""

    def __init__(self, uow: UnitOfWork[EventTx], watch: LogWatch, clock: Clock, entropy: Entropy) -> None:
        self._uow = uow
        self._watch = watch
        self._clock = clock
        self._entropy = entropy

    async def pull(self, sub_app_id: int, *, seconds: float = LONGEST_WAIT) -> Sequence[PulledEvent]:
        """Return up to 16 events, waiting up to ``seconds`` for the first; none when nothing came, or in mode PUSH."""
        ends = self._clock.now() + seconds
        while True:
            # Most polls find nothing, and need no writer for that.
            if await self._uow.read(lambda tx: self._anything(tx, sub_app_id)):
                found = await self._uow.write(lambda tx: self._hand_out(tx, sub_app_id))
                if found:
                    return found
            head = await self._uow.read(lambda tx: tx.events.heads().get(sub_app_id, 0))
            left = ends - self._clock.now()
            if left <= 0 or self._watch.ended:
                return ()
            await self._watch.beyond(sub_app_id, head, min(left, _LOOK_SECONDS))

    async def confirm(self, sub_app_id: int, handles: Sequence[str]) -> None:
        """End the leases of 1 to 16 handles, all or none.

        ``Invalid("event.handle")``: one is unknown, was confirmed already, or its 30 s are over.
        """
        wanted = sorted(set(handles))
        if not 1 <= len(wanted) <= MOST_EVENTS:
            raise Invalid(
                "event.handles", f"EventHandles must name 1 to {MOST_EVENTS} events; confirm in several calls"
            )

        def work(tx: EventTx) -> None:
            queue = tx.endpoints.endpoint(sub_app_id, PULL_QUEUE, lock=True)
            if queue is None or tx.deliveries.confirm(queue.endpoint_id, wanted, self._clock.now()) != len(wanted):
                raise Invalid(
                    "event.handle",
                    "EventHandles names an event that was not handed out, was confirmed already, or was handed out "
                    f"more than {LEASE_SECONDS:g} s ago; pull again and confirm the new handle",
                )

        await self._uow.write(work)

    async def waiting(self, sub_app_id: int) -> int:
        """Return about how many events wait to be pulled (``DescribeEventsState``)."""

        def work(tx: EventTx) -> int:
            queue = tx.endpoints.endpoint(sub_app_id, PULL_QUEUE)
            if queue is None or tx.endpoints.config(sub_app_id).transport is not Transport.PULL:
                return 0
            handed = tx.deliveries.counts(queue.endpoint_id).get(DeliveryState.LEASED, 0)
            return handed + tx.events.heads().get(sub_app_id, 0) - queue.cursor

        return await self._uow.read(work)

    def _anything(self, tx: EventTx, sub_app_id: int) -> bool:
        if tx.endpoints.config(sub_app_id).transport is not Transport.PULL:
            return False
        queue = tx.endpoints.endpoint(sub_app_id, PULL_QUEUE)
        if queue is None or tx.events.heads().get(sub_app_id, 0) > queue.cursor:
            return True
        return bool(tx.deliveries.due(queue.endpoint_id, self._clock.now(), 1, DeliveryState.LEASED))

    def _hand_out(self, tx: EventTx, sub_app_id: int) -> Sequence[PulledEvent]:
        queue, now = pull_queue(tx, sub_app_id, self._clock.now()), self._clock.now()
        events = self._returned(tx, queue, now)
        if len(events) < MOST_EVENTS:
            events += self._unread(tx, queue, now, MOST_EVENTS - len(events))
        pulled = [PulledEvent(new_file_id(self._entropy), event) for event in events]
        for each in pulled:
            tx.deliveries.lease(queue.endpoint_id, each.event, each.handle, now + LEASE_SECONDS)
        return pulled

    def _returned(self, tx: EventTx, queue: Endpoint, now: float) -> list[Event]:
        """Return what was handed out and not confirmed in time; drop what is too old."""
        found = [each.event for each in tx.deliveries.due(queue.endpoint_id, now, MOST_EVENTS, DeliveryState.LEASED)]
        old = [event for event in found if event.created_at < now - KEPT_SECONDS]
        tx.deliveries.drop(queue.endpoint_id, [event.sequence for event in old if event.sequence is not None])
        return [event for event in found if event not in old]

    def _unread(self, tx: EventTx, queue: Endpoint, now: float, most: int) -> list[Event]:
        """Return wanted events after the cursor, and move it past what was looked at."""
        subscription = Subscription(queue, tx.endpoints.config(queue.sub_app_id))
        found: list[Event] = []
        cursor = queue.cursor
        while len(found) < most:
            # Not more than may be found: the cursor passes everything that is read.
            read_to, fresh = tx.deliveries.fresh(queue, cursor, min(_SCAN, most - len(found)))
            if read_to == cursor:
                break
            cursor = read_to
            events = [delivery.event for delivery, _ in fresh]
            found += [e for e in events if subscription.wants(e.type) and e.created_at >= now - KEPT_SECONDS]
        tx.endpoints.set_cursor(queue.endpoint_id, cursor)
        return found
