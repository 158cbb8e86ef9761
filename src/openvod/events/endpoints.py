"""Administration of endpoints and of how an application gets its events (``events.md`` 1.1, 6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openvod.base.errors import Invalid, NotFound
from openvod.base.exclusive import OneAtATime
from openvod.base.ports import Clock, Entropy, SecretBox, UnitOfWork
from openvod.events.legacy import has_legacy_form
from openvod.events.model import (
    ATTEMPT_TIMEOUT_SECONDS,
    DEFAULT_ENDPOINT,
    PULL_QUEUE,
    RETRY_DELAYS,
    Endpoint,
    Event,
    EventConfig,
    PayloadFormat,
    Transport,
)
from openvod.events.ports import AddressGuard, EventTx
from openvod.events.secrets import new_secret, open_secrets, seal_secret
from openvod.events.standing import DeliveryStatus
from openvod.events.types import event_types
from openvod.signing.webhook import secret_bytes

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LONGEST_TIMEOUT = 60.0
_MOST_RETRIES = 50
_LONGEST_DELAY = 7 * 86_400.0
_PAGE = 500


@dataclass(frozen=True)
class EndpointOptions:
    """What may be chosen for an endpoint; times in seconds, ``types`` empty for all."""

    format: PayloadFormat = PayloadFormat.CURRENT
    types: tuple[str, ...] = ()
    timeout_seconds: float = ATTEMPT_TIMEOUT_SECONDS
    retry_delays: tuple[float, ...] = RETRY_DELAYS
    sign_key: str = ""


class EndpointService:
    """Endpoints of applications. Ids of applications are real ones: 0 is resolved by the caller."""

    def __init__(
        self, uow: UnitOfWork[EventTx], guard: AddressGuard, box: SecretBox, clock: Clock, entropy: Entropy
    ) -> None:
        self._uow = OneAtATime(uow, lambda tx: tx.endpoints.alone())
        self._guard = guard
        self._box = box
        self._clock = clock
        self._entropy = entropy

    async def endpoints(self, sub_app_id: int = 0) -> Sequence[Endpoint]:
        """Return an application's endpoints, or all."""
        return await self._uow.read(lambda tx: tx.endpoints.endpoints(sub_app_id))

    async def add(
        self, sub_app_id: int, name: str, url: str, options: EndpointOptions, *, from_start: bool = False
    ) -> tuple[Endpoint, str]:
        """Add an endpoint; return it and its signing secret, which is returned only here.

        It gets events from now on, or all that the log has with ``from_start``.
        """
        if not _NAME.fullmatch(name) or name in (DEFAULT_ENDPOINT, PULL_QUEUE):
            raise Invalid(
                "endpoint.name",
                f"endpoint name {name[:50]!r} must have 1 to 40 of a-z, 0-9 and '-', and not be "
                f"{DEFAULT_ENDPOINT!r} or {PULL_QUEUE!r}",
            )
        check_options(options)
        await self._guard.check(url)
        secret = new_secret(self._entropy)
        blank = self._blank(sub_app_id, name, url)
        endpoint = replace(blank, **vars(options), secret=seal_secret(secret, blank, self._box))

        def work(tx: EventTx) -> Endpoint:
            cursor = 0 if from_start else tx.events.heads().get(sub_app_id, 0)
            return tx.endpoints.add(replace(endpoint, cursor=cursor))

        return await self._uow.write(work), secret

    async def remove(self, sub_app_id: int, name: str) -> None:
        """Remove an endpoint with what waits for it."""
        await self._uow.write(lambda tx: tx.endpoints.remove(_found(tx, sub_app_id, name).endpoint_id))

    async def set_enabled(self, sub_app_id: int, name: str, enabled: bool) -> None:
        """Stop an endpoint, or let it go on where it stopped."""
        await self._uow.write(lambda tx: tx.endpoints.put(replace(_found(tx, sub_app_id, name), enabled=enabled)))

    async def rotate(self, sub_app_id: int, name: str) -> str:
        """Give an endpoint a new secret and return it; the one before signs as well until the next rotation."""
        secret = new_secret(self._entropy)

        def work(tx: EventTx) -> None:
            found = _found(tx, sub_app_id, name)
            sealed = seal_secret(secret, found, self._box)
            tx.endpoints.put(replace(found, secret=sealed, previous_secret=found.secret))

        await self._uow.write(work)
        return secret

    async def set_url(self, sub_app_id: int, url: str, sign_key: str | None = None) -> tuple[Endpoint, str]:
        """Set the address of the default endpoint (empty: none), and its key if given.

        Return the endpoint and, if this call created it, its secret, which is returned only here; else "".
        Events in the log that no endpoint received are sent to it.
        """
        secret = new_secret(self._entropy)
        endpoint = await self.modify(sub_app_id, url=url, sign_key=sign_key, secret=secret)
        return endpoint, secret if secret_bytes(secret) in open_secrets(endpoint, self._box) else ""

    async def modify(
        self,
        sub_app_id: int,
        *,
        url: str | None = None,
        sign_key: str | None = None,
        config: Callable[[EventConfig], EventConfig] | None = None,
        secret: str = "",
    ) -> Endpoint:
        """Change what is given, in one transaction (``ModifyEventConfig``); return the default endpoint.

        ``config`` makes the new configuration of the present one. A new endpoint gets ``secret``, or one of its own.
        """
        if sign_key is not None:
            check_options(EndpointOptions(sign_key=sign_key))
        if url:
            await self._guard.check(url)

        def work(tx: EventTx) -> Endpoint:
            endpoint = self._default(tx, sub_app_id, secret or new_secret(self._entropy))
            changes: dict[str, Any] = {"url": url, "sign_key": sign_key}
            changed = replace(endpoint, **{name: value for name, value in changes.items() if value is not None})
            tx.endpoints.put(changed)
            if config is not None:
                self._configure(tx, changed, config)
            return changed

        return await self._uow.write(work)

    async def config(self, sub_app_id: int) -> tuple[EventConfig, Endpoint | None]:
        """Return the configuration and the default endpoint (``DescribeEventConfig``)."""
        return await self._uow.read(
            lambda tx: (tx.endpoints.config(sub_app_id), tx.endpoints.endpoint(sub_app_id, DEFAULT_ENDPOINT))
        )

    async def resend(self, event_id: int, name: str = "") -> int:
        """Send an event again to one endpoint, or to all that had it; return to how many."""

        def work(tx: EventTx) -> int:
            event = known_event(tx, event_id)
            pushed = [e for e in tx.endpoints.endpoints(event.sub_app_id) if e.transport is Transport.PUSH]
            chosen = [_found(tx, event.sub_app_id, name)] if name else pushed
            return sum(tx.deliveries.resend(endpoint, [event], self._clock.now()) for endpoint in chosen)

        return await self._uow.write(work)

    async def replay(self, sub_app_id: int, name: str, since: float, until: float) -> int:
        """Send an endpoint again what happened in a range of time (Unix seconds, ``until`` excluded); return how much.

        Its pending deliveries stay unchanged.
        """

        def page(tx: EventTx, endpoint: Endpoint, after: int) -> Sequence[Event]:
            return tx.events.log(sub_app_id, after, _PAGE)

        return await self._resend_pages(sub_app_id, name, page, lambda event: since <= event.created_at < until)

    async def replay_dead(self, sub_app_id: int, name: str) -> int:
        """Send an endpoint its dead letters again; return how many."""

        def page(tx: EventTx, endpoint: Endpoint, after: int) -> Sequence[Event]:
            return tx.deliveries.dead(endpoint.endpoint_id, after, _PAGE)

        return await self._resend_pages(sub_app_id, name, page, lambda event: True)

    async def status(self, event_id: int) -> tuple[Event, Sequence[DeliveryStatus]]:
        """Return an event and its state at every endpoint."""

        def work(tx: EventTx) -> tuple[Event, Sequence[DeliveryStatus]]:
            event = known_event(tx, event_id)
            return event, tx.deliveries.statuses(event)

        return await self._uow.read(work)

    async def _resend_pages(
        self,
        sub_app_id: int,
        name: str,
        page: Callable[[EventTx, Endpoint, int], Sequence[Event]],
        chosen: Callable[[Event], bool],
    ) -> int:
        """Resend page by page, so that no transaction is long."""

        def work(tx: EventTx) -> tuple[int, Sequence[Event]]:
            endpoint = _found(tx, sub_app_id, name)
            events = page(tx, endpoint, after)
            resent = tx.deliveries.resend(endpoint, [e for e in events if chosen(e)], self._clock.now())
            return resent, events

        after = total = 0
        while True:
            resent, events = await self._uow.write(work)
            total += resent
            if not events:
                return total
            after = events[-1].sequence or after

    def _default(self, tx: EventTx, sub_app_id: int, secret: str) -> Endpoint:
        """Return the default endpoint. A new one begins with the log: its events waited for an address."""
        found = tx.endpoints.endpoint(sub_app_id, DEFAULT_ENDPOINT, lock=True)
        if found:
            return found
        blank = self._blank(sub_app_id, DEFAULT_ENDPOINT, "")
        return tx.endpoints.add(replace(blank, secret=seal_secret(secret, blank, self._box)))

    def _configure(self, tx: EventTx, endpoint: Endpoint, change: Callable[[EventConfig], EventConfig]) -> None:
        """Change a configuration; after a change of mode the other transport continues at the same event."""
        sub_app_id, now = endpoint.sub_app_id, self._clock.now()
        before = tx.endpoints.config(sub_app_id)
        config = change(before)
        tx.endpoints.put_config(sub_app_id, config)
        if before.transport is config.transport:
            return
        queue = pull_queue(tx, sub_app_id, now)
        source, target = (endpoint, queue) if config.transport is Transport.PULL else (queue, endpoint)
        tx.deliveries.move(source, target, now)
        tx.endpoints.set_cursor(target.endpoint_id, source.cursor)

    def _blank(self, sub_app_id: int, name: str, url: str) -> Endpoint:
        return _blank(sub_app_id, name, url, Transport.PUSH, self._clock.now())


def pull_queue(tx: EventTx, sub_app_id: int, now: float) -> Endpoint:
    """Return an application's pull queue, locked to the end of the transaction."""
    found = tx.endpoints.endpoint(sub_app_id, PULL_QUEUE, lock=True)
    return found or tx.endpoints.add(_blank(sub_app_id, PULL_QUEUE, "", Transport.PULL, now))


def known_event(tx: EventTx, event_id: int) -> Event:
    """Return an event, or raise ``NotFound("event.unknown")``."""
    event = tx.events.event(event_id)
    if event is None:
        raise NotFound("event.unknown", f"event {event_id} does not exist; list events with 'openvod events list'")
    return event


def check_options(options: EndpointOptions) -> None:
    """Raise ``Invalid`` for what an endpoint cannot have."""
    key = options.sign_key
    if key and not (len(key) <= 32 and key.isascii() and key.isalnum()):
        raise Invalid("callback.sign_key", "the sign key must have at most 32 characters of A-Z, a-z and 0-9")
    types = event_types(options.types, "types")
    if types and options.format is PayloadFormat.LEGACY and not any(map(has_legacy_form, types)):
        raise Invalid(
            "event.no_legacy_form", f"format 2.0 has no event {', '.join(types)}; choose format 3.0 or others"
        )
    if not 0.1 <= options.timeout_seconds <= _LONGEST_TIMEOUT:
        raise Invalid("endpoint.timeout", f"the timeout must be 0.1 to {_LONGEST_TIMEOUT:g} seconds")
    delays = options.retry_delays
    if not 1 <= len(delays) <= _MOST_RETRIES or not all(0 <= delay <= _LONGEST_DELAY for delay in delays):
        raise Invalid(
            "endpoint.retry_delays",
            f"retry delays must be 1 to {_MOST_RETRIES} numbers of 0 to {_LONGEST_DELAY:g} seconds",
        )


def _blank(sub_app_id: int, name: str, url: str, transport: Transport, now: float) -> Endpoint:
    return Endpoint(
        endpoint_id=0,
        sub_app_id=sub_app_id,
        name=name,
        transport=transport,
        url=url,
        format=PayloadFormat.CURRENT,
        types=(),
        timeout_seconds=ATTEMPT_TIMEOUT_SECONDS,
        retry_delays=RETRY_DELAYS,
        enabled=True,
        sign_key="",
        secret=None,
        previous_secret=None,
        created_at=now,
        cursor=0,
    )


def _found(tx: EventTx, sub_app_id: int, name: str) -> Endpoint:
    found = tx.endpoints.endpoint(sub_app_id, name, lock=True)
    if found is None or found.transport is Transport.PULL:
        raise NotFound(
            "endpoint.unknown",
            f"application {sub_app_id} has no endpoint {name!r}; see 'openvod events endpoints list'",
        )
    return found
