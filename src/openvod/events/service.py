"""Delivery: due events are posted, concurrently for different subjects, one at a time and in order for each."""

from __future__ import annotations

import asyncio

from openvod.base.errors import OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.events.codec import push_body
from openvod.events.model import ATTEMPT_TIMEOUT_SECONDS, Attempt, Event, retry_delay
from openvod.events.ports import EventTx, Poster

_BATCH = 64


class DeliveryService:
    """Posts due events to their application's callback URL until a 2xx."""

    def __init__(self, uow: UnitOfWork[EventTx], poster: Poster, clock: Clock) -> None:
        self._uow = uow
        self._poster = poster
        self._clock = clock
        self._in_flight: set[str] = set()

    async def run_once(self) -> int:
        """Deliver what is due; return how many attempts were made."""
        due = await self._uow.read(lambda tx: tx.events.due(self._clock.now(), _BATCH))
        ready = [event for event in due if event.subject not in self._in_flight]
        await asyncio.gather(*(self._deliver(event) for event in ready))
        return len(ready)

    async def _deliver(self, event: Event) -> None:
        self._in_flight.add(event.subject)
        try:
            attempt = await self._attempt(event)
            retry_at = None if attempt.succeeded else self._clock.now() + retry_delay(attempt.number)
            await self._uow.write(lambda tx: tx.events.record(attempt, retry_at=retry_at))
        finally:
            self._in_flight.discard(event.subject)

    async def _attempt(self, event: Event) -> Attempt:
        callback = await self._uow.read(lambda tx: tx.events.callback(event.sub_app_id))
        started = self._clock.now()
        status, error = 0, "no callback URL is set"
        if callback:
            body, headers = push_body(event.payload, callback.sign_key, started)
            try:
                status = await self._poster.post(callback.url, body, headers, ATTEMPT_TIMEOUT_SECONDS)
                error = "" if 200 <= status < 300 else f"HTTP {status}"
            except OpenVodError as problem:
                error = problem.message
        return Attempt(event.event_id, event.attempts + 1, started, self._clock.now() - started, status, error)
