"""Delivery: events leave their application's log for each endpoint on its own, in order for each ``FileId``.

One :class:`EndpointSender` serves one endpoint. It reads ahead in the log, posts a bounded number of events at a time,
and writes the outcomes in batches. A file's next event leaves only after the outcome of the one before is durable, so
that a crash repeats the last event of a file at most, and never an earlier one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from openvod.base.errors import OpenVodError
from openvod.base.ports import Clock, SecretBox, UnitOfWork
from openvod.events.codec import Signers, push_request
from openvod.events.legacy import has_legacy_form
from openvod.events.model import (
    Attempt,
    Delivery,
    DeliveryResults,
    Endpoint,
    Health,
    Outcome,
    PayloadFormat,
    Subscription,
    health_after,
    outcome_of,
    pause_of,
)
from openvod.events.model import DeliveryState as State
from openvod.events.ports import Claims, EventTx, Poster
from openvod.events.secrets import open_secrets

#: Posts on their way to one endpoint at a time.
CONCURRENCY = 32
#: Deliveries of one endpoint that are held in memory.
_WINDOW = 256
#: Seconds over which outcomes are collected into one write.
_GATHER_SECONDS = 0.02
_AFTER_TROUBLE_SECONDS = 1.0
_log = logging.getLogger("openvod.events")


@dataclass(frozen=True)
class Tools:
    """What senders share."""

    uow: UnitOfWork[EventTx]
    poster: Poster
    box: SecretBox
    clock: Clock


class DeliveryService:
    """Keeps a sender for every endpoint that has work and that no other server serves.

    ``claims`` is ``None`` where there is no other server: SQLite's data folder is locked by one.
    """

    def __init__(
        self,
        uow: UnitOfWork[EventTx],
        poster: Poster,
        box: SecretBox,
        clock: Clock,
        claims: Claims | None = None,
    ) -> None:
        self._tools = Tools(uow, poster, box, clock)
        self._claims = claims
        self._senders: dict[int, tuple[EndpointSender, asyncio.Task[None]]] = {}

    async def run_once(self) -> int:
        """Start a sender for each endpoint with work; return 0, as senders go on by themselves."""
        tools = self._tools
        for subscription in await tools.uow.read(lambda tx: tx.endpoints.with_work(tools.clock.now())):
            key = subscription.endpoint.endpoint_id
            sender, task = self._senders.get(key, (None, None))
            if sender is not None and task is not None and not task.done():
                sender.wake()
            else:
                sender = EndpointSender(subscription, tools)
                self._senders[key] = sender, asyncio.create_task(self._serve(key, sender))
        return 0

    async def _serve(self, endpoint_id: int, sender: EndpointSender) -> None:
        if self._claims is None:
            await sender.run()
        elif await self._claims.claim(endpoint_id):
            running = asyncio.create_task(sender.run())
            lost = asyncio.create_task(self._claims.until_lost(endpoint_id))
            try:
                await asyncio.wait({running, lost}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in (running, lost):
                    each.cancel()
                await asyncio.gather(running, lost, return_exceptions=True)
                await self._claims.release(endpoint_id)

    async def close(self) -> None:
        """Stop the senders; what is on its way is offered again by the next start."""
        tasks = [task for _, task in self._senders.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class _News:
    """What a sender read: its endpoint, deliveries that are due, and what the log has since; see the ports."""

    subscription: Subscription | None
    due: Sequence[Delivery]
    read_to: int
    fresh: Sequence[tuple[Delivery, bool]]


class EndpointSender:
    """Serves one endpoint until nothing is left to do."""

    def __init__(self, subscription: Subscription, tools: Tools) -> None:
        self._subscription = subscription
        self._tools = tools
        self._signers = signers_of(subscription.endpoint, tools.box)
        self._health = _health_of(subscription.endpoint)
        self._hasten = False
        self._paused_until = self._failing_from = 0.0
        #: Unknown until the first reading: who sent this sender may have looked before another one had ended.
        self._read_to: int | None = None
        self._written_to = 0
        #: Sequences that were read and are neither delivered nor in a row: the cursor stays before them.
        self._open: set[int] = set()
        #: By file, what is on its way or next (the first), and what follows.
        self._lines: dict[str, deque[Delivery]] = {}
        self._ready: deque[Delivery] = deque()
        self._posts: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._behind: list[Delivery] = []
        self._awake = asyncio.Event()
        #: The endpoint was stopped: what has not left yet is left to the sender after this one.
        self._leaving = False

    def wake(self) -> None:
        """There may be something new."""
        self._awake.set()

    async def run(self) -> None:
        """Work until nothing is left."""
        try:
            while await self._turn() or (self._awake.is_set() and not self._leaving):
                self._dispatch()
                await self._rest()
        finally:
            for post in self._posts:
                post.cancel()
            await asyncio.gather(*self._posts, return_exceptions=True)

    async def _turn(self) -> bool:
        """Write the outcomes, read the next deliveries; return whether any are left."""
        self._awake.clear()
        try:
            found = await self._exchange()
        except Exception:
            # What happened is kept and written by the next turn: forgetting it would send everything again.
            _log.exception(
                "deliveries of endpoint %s could not be written; they will be retried", self._endpoint.endpoint_id
            )
            await asyncio.sleep(_AFTER_TROUBLE_SECONDS)
            self._awake.set()
            return True
        return bool(found or self._lines or self._behind or self._outcomes)

    async def _rest(self) -> None:
        """Wait for an outcome, for news, or for the end of a pause."""
        if self._lines and not self._behind:
            pause = self._paused_until - self._tools.clock.now()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), pause if pause > 0 else None)
        if self._outcomes:
            await asyncio.sleep(_GATHER_SECONDS)

    async def _exchange(self) -> bool:
        """Record results and read in one transaction, so that no read is older than the results before it."""
        # A copy: posts end while this waits for the database.
        outcomes, behind = list(self._outcomes), self._behind
        if self._read_to is None:
            await self._begin()
        results = self._delivery_results(outcomes, behind)
        room, after = self._room(len(outcomes)), self._read_to or 0
        endpoint_id, now = self._endpoint.endpoint_id, results.now

        def work(tx: EventTx) -> _News:
            if needed:
                tx.deliveries.record_results(endpoint_id, results)
            subscription = tx.endpoints.subscription(endpoint_id)
            if subscription is None or not subscription.active or not room:
                return _News(subscription, (), after, ())
            due = tx.deliveries.due(endpoint_id, now, room + len(self._lines))
            read_to, fresh = tx.deliveries.fresh(subscription.endpoint, after, room)
            if failing and read_to == after and not due:
                due = tx.deliveries.probe(endpoint_id)
            return _News(subscription, due, read_to, fresh)

        failing = self._health_pause() > 0
        needed = bool(outcomes or behind or results.cursor != self._written_to)
        uow = self._tools.uow
        try:
            news = await (uow.write(work) if needed else uow.read(work))
        except BaseException:
            self._hasten = results.hasten
            raise
        self._on_recorded(outcomes, results)
        self._follow(news.subscription)
        self._read_to = news.read_to
        return self._admit(news) or news.read_to != after

    def _on_recorded(self, outcomes: Sequence[Outcome], results: DeliveryResults) -> None:
        """Discard results that are stored."""
        self._outcomes = self._outcomes[len(outcomes) :]
        self._open.difference_update(each.sequence for each in results.behind)
        self._behind = []
        self._written_to = results.cursor
        for outcome in outcomes:
            self._leave(outcome)

    async def _begin(self) -> None:
        """Start at the endpoint's cursor."""
        endpoint_id = self._endpoint.endpoint_id
        found = await self._tools.uow.read(lambda tx: tx.endpoints.subscription(endpoint_id))
        endpoint = (found or self._subscription).endpoint
        self._read_to = self._written_to = endpoint.cursor
        self._health = _health_of(endpoint)

    def _delivery_results(self, outcomes: Sequence[Outcome], behind: list[Delivery]) -> DeliveryResults:
        """Collect the results; deliveries in memory that follow a failed one of their file go into rows behind it."""
        for outcome in outcomes:
            if outcome.state is State.WAITING:
                line = self._lines[outcome.delivery.line]
                while len(line) > 1:
                    behind.append(line.pop())
        recorded = {each.delivery.sequence for each in outcomes} | {each.sequence for each in behind}
        still_open = self._open - recorded
        cursor = min(still_open) - 1 if still_open else self._read_to or 0
        hasten, self._hasten = self._hasten, False
        return DeliveryResults(tuple(outcomes), tuple(behind), cursor, self._health, hasten, self._tools.clock.now())

    def _room(self, leaving: int) -> int:
        """How many deliveries may be read: one while the endpoint is failing, so that a dead one parks no others."""
        if self._leaving:
            return 0
        held = sum(len(line) for line in self._lines.values()) - leaving
        return max(0, (1 if self._health_pause() else _WINDOW) - held)

    def _leave(self, outcome: Outcome) -> None:
        """Take a recorded delivery out of its line; the next of its file may leave now."""
        delivery = outcome.delivery
        self._open.discard(delivery.sequence)
        line = self._lines[delivery.line]
        line.popleft()
        if line:
            self._ready.append(line[0])
        else:
            del self._lines[delivery.line]

    def _follow(self, subscription: Subscription | None) -> None:
        """Take over what was changed about the endpoint meanwhile; without it, forget what has not left yet."""
        if subscription is not None and subscription.active:
            before, self._subscription = self._endpoint, subscription
            if _signing(before) != _signing(self._endpoint):
                self._signers = signers_of(self._endpoint, self._tools.box)
            if before.url != self._endpoint.url:
                self._health, self._paused_until = Health(), 0.0
            return
        self._leaving = True
        for delivery in self._ready:
            del self._lines[delivery.line]
        self._ready.clear()
        for line in self._lines.values():
            while len(line) > 1:
                line.pop()

    def _admit(self, news: _News) -> bool:
        """Queue the deliveries that were read; return whether there were any."""
        admitted = False
        for delivery in news.due:
            if delivery.line not in self._lines:
                self._lines[delivery.line] = deque([delivery])
                self._ready.append(delivery)
                admitted = True
        for delivery, comes_behind in news.fresh:
            if not self._wants(delivery.event.type):
                continue
            self._open.add(delivery.sequence)
            admitted = True
            if comes_behind:
                self._behind.append(delivery)
            elif line := self._lines.get(delivery.line):
                line.append(delivery)
            else:
                self._lines[delivery.line] = deque([delivery])
                self._ready.append(delivery)
        return admitted

    def _wants(self, event_type: str) -> bool:
        legacy = self._endpoint.format is PayloadFormat.LEGACY
        return self._subscription.wants(event_type) and (not legacy or has_legacy_form(event_type))

    def _dispatch(self) -> None:
        """Post what may leave."""
        limit = 1 if self._health_pause() else CONCURRENCY
        if self._tools.clock.now() < self._paused_until:
            return
        while self._ready and len(self._posts) < limit:
            post = asyncio.create_task(self._post(self._ready.popleft()))
            self._posts.add(post)
            post.add_done_callback(self._posted)

    def _posted(self, post: asyncio.Task[None]) -> None:
        self._posts.discard(post)
        if not post.cancelled():
            self._dispatch()
            self._awake.set()

    async def _post(self, delivery: Delivery) -> None:
        attempt = await self._attempt(delivery)
        self._note(attempt)
        self._outcomes.append(outcome_of(delivery, attempt, self._endpoint.retry_delays))

    def _note(self, attempt: Attempt) -> None:
        """Keep the endpoint's health: a failing one is tried now and then, and when it answers all is due at once."""
        was_failing = self._health_pause() > 0
        if was_failing and not attempt.succeeded and attempt.started_at < self._failing_from:
            # One outage fails all that was on its way: only later tries make the pause longer.
            return
        self._hasten = self._hasten or (attempt.succeeded and was_failing)
        self._health = health_after(self._health, attempt)
        pause, ended = self._health_pause(), attempt.started_at + attempt.seconds
        if pause and not was_failing:
            self._failing_from = ended
        self._paused_until = ended + pause if pause else 0.0

    def _health_pause(self) -> float:
        return pause_of(self._health.failures)

    async def _attempt(self, delivery: Delivery) -> Attempt:
        clock, endpoint = self._tools.clock, self._endpoint
        started = clock.now()
        status, error = 0, ""
        try:
            request = push_request(delivery.event, endpoint.format, self._signers, started)
            status = await self._tools.poster.post(
                endpoint.url, request.body, request.headers, endpoint.timeout_seconds
            )
            error = "" if 200 <= status < 300 else f"HTTP {status}"
        except OpenVodError as problem:
            error = problem.message
        except Exception as problem:
            # A body that cannot be made must not stop the endpoint: it fails like an attempt, and is seen there.
            _log.exception("event %s could not be sent", delivery.event.event_id)
            error = f"internal: {type(problem).__name__}"
        number, seconds = delivery.attempts + 1, clock.now() - started
        return Attempt(endpoint.endpoint_id, delivery.event.event_id, number, started, seconds, status, error)

    @property
    def _endpoint(self) -> Endpoint:
        return self._subscription.endpoint


def _health_of(endpoint: Endpoint) -> Health:
    return Health(endpoint.failures, endpoint.failing_since, endpoint.last_error)


def _signing(endpoint: Endpoint) -> tuple[str, bytes | None, bytes | None]:
    return endpoint.sign_key, endpoint.secret, endpoint.previous_secret


def signers_of(endpoint: Endpoint, box: SecretBox) -> Signers:
    """Open what signs an endpoint's pushes."""
    return Signers(endpoint.sign_key, open_secrets(endpoint, box))
