"""Events, endpoints, deliveries and the retry schedule as values."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from openvod.events.types import EventType

#: Seconds until the next attempt, by number of failed ones: the original's two quick retries (``events.md`` 2), then a
#: back-off to a day. After the last one the event is a dead letter of its endpoint.
RETRY_DELAYS = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
ATTEMPT_TIMEOUT_SECONDS = 5.0
#: So many failures in a row, of whatever files, and an endpoint counts as failing.
FAILURES_TO_FAIL = 8
_LONGEST_PAUSE = 60.0
DEFAULT_ENDPOINT = "default"
PULL_QUEUE = "pull"


class EventState(StrEnum):
    """Life of an event until it is in its application's log.

    ``HELD``: waits for its payload; ``QUEUED``: complete, but behind a held one of its ``FileId``; ``PENDING``: in the
    log, for every endpoint to take.
    """

    HELD = "held"
    QUEUED = "queued"
    PENDING = "pending"


@dataclass(frozen=True)
class NewEvent:
    """An event to store, ``HELD`` or ``PENDING``. ``subject`` (a ``FileId``) orders delivery."""

    sub_app_id: int
    type: str
    subject: str
    payload: str
    state: EventState
    created_at: float


@dataclass(frozen=True)
class Event:
    """A stored event. ``sequence`` counts an application's events without gaps, in the order of their commits."""

    event_id: int
    sub_app_id: int
    sequence: int | None
    type: str
    subject: str
    payload: str
    state: EventState
    created_at: float

    @property
    def public_id(self) -> str:
        """What receivers see: the same over all attempts, and never that of another event, even after a restore."""
        digest = hashlib.sha256(f"{self.sub_app_id}/{self.event_id}/{self.created_at!r}".encode()).hexdigest()
        return f"evt_{self.event_id}_{digest[:16]}"


class Transport(StrEnum):
    """Who moves: the platform posts, or the app server calls ``PullEvents``."""

    PUSH = "push"
    PULL = "pull"


class PayloadFormat(StrEnum):
    """The wire's two formats (``events.md`` 1)."""

    CURRENT = "3.0"
    LEGACY = "2.0"


@dataclass(frozen=True)
class Endpoint:
    """Who gets an application's events: an address, or the pull queue.

    ``cursor``: every event up to it is delivered, waiting in a row of its own, or not wanted. ``types``: wanted event
    types, empty for all. ``secret``, ``previous_secret``: sealed; both sign while a secret is being replaced.
    ``failures``: attempts that failed since the last success.
    """

    endpoint_id: int
    sub_app_id: int
    name: str
    transport: Transport
    url: str
    format: PayloadFormat
    types: tuple[str, ...]
    timeout_seconds: float
    retry_delays: tuple[float, ...]
    enabled: bool
    sign_key: str
    secret: bytes | None
    previous_secret: bytes | None
    created_at: float
    cursor: int
    failures: int = 0
    failing_since: float | None = None
    last_error: str = ""

    @property
    def failing(self) -> bool:
        """Return whether the endpoint is failing, so that it is only probed from time to time."""
        return self.failures >= FAILURES_TO_FAIL


@dataclass(frozen=True)
class EventConfig:
    """How the original's two transports, the default endpoint and the pull queue, get an application's events.

    The three switches are ``events.md`` 1.1's. Endpoints beside the default one have filters of their own.
    """

    transport: Transport = Transport.PUSH
    upload_switch: bool = True
    delete_switch: bool = False
    persistence_switch: bool = False

    def switched_off(self) -> frozenset[str]:
        """Return the event types that are not sent."""
        switches = {
            EventType.NEW_FILE_UPLOAD: self.upload_switch,
            EventType.FILE_DELETED: self.delete_switch,
        }
        return frozenset(name for name, on in switches.items() if not on)


@dataclass(frozen=True)
class Subscription:
    """An endpoint with its application's configuration."""

    endpoint: Endpoint
    config: EventConfig

    @property
    def active(self) -> bool:
        """Return whether events are posted to it; the mode decides between the original's two transports."""
        endpoint = self.endpoint
        if endpoint.transport is Transport.PULL or not (endpoint.enabled and endpoint.url):
            return False
        return endpoint.name != DEFAULT_ENDPOINT or self.config.transport is Transport.PUSH

    def wants(self, event_type: str) -> bool:
        """Return whether the endpoint subscribes to an event type."""
        if self.endpoint.name in (DEFAULT_ENDPOINT, PULL_QUEUE) and event_type in self.config.switched_off():
            return False
        return not self.endpoint.types or event_type in self.endpoint.types


class DeliveryState(StrEnum):
    """An event at one endpoint, as far as it needs a row.

    ``WAITING``: to be tried at a moment; ``BEHIND``: another one of its ``FileId`` comes first; ``LEASED``: handed to a
    puller; ``DONE``: delivered before an older event, which keeps the cursor back; ``DEAD``: given up.
    """

    WAITING = "waiting"
    BEHIND = "behind"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True)
class Delivery:
    """A due delivery. ``attempts`` were made, ``budget`` are allowed; ``fresh``: it has no row yet.

    Tried before ``due_at`` (Unix seconds) it is a probe of a failing endpoint, which costs it nothing.
    """

    event: Event
    attempts: int
    budget: int
    fresh: bool
    due_at: float = 0.0

    @property
    def sequence(self) -> int:
        """The event's place in the log."""
        return self.event.sequence or 0

    @property
    def line(self) -> str:
        """What waits for one another: the events of a ``FileId``."""
        return self.event.subject or f"#{self.sequence}"


@dataclass(frozen=True)
class Attempt:
    """One try to deliver. ``status`` is the HTTP status, 0 when none came; ``error`` says why."""

    endpoint_id: int
    event_id: int
    number: int
    started_at: float
    seconds: float
    status: int
    error: str

    @property
    def succeeded(self) -> bool:
        """Any 2xx counts (``events.md`` 2)."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Outcome:
    """What an attempt led to; ``retry_at`` matters to ``WAITING`` alone."""

    delivery: Delivery
    attempt: Attempt
    state: DeliveryState
    retry_at: float


@dataclass(frozen=True)
class Health:
    """An endpoint's failures since its last success (0: it answers)."""

    failures: int = 0
    failing_since: float | None = None
    last_error: str = ""


@dataclass(frozen=True)
class DeliveryResults:
    """Results of deliveries to one endpoint, written in one transaction.

    ``behind``: deliveries queued behind an earlier one of their file. ``hasten``: the endpoint answers again, so its
    waiting deliveries are due now.
    """

    outcomes: Sequence[Outcome]
    behind: Sequence[Delivery]
    cursor: int
    health: Health
    hasten: bool
    now: float


def outcome_of(delivery: Delivery, attempt: Attempt, retry_delays: Sequence[float]) -> Outcome:
    """Decide what follows an attempt: delivered, tried again, or given up."""
    if attempt.succeeded:
        return Outcome(delivery, attempt, DeliveryState.DONE, 0.0)
    if attempt.started_at < delivery.due_at:
        return Outcome(replace(delivery, budget=delivery.budget + 1), attempt, DeliveryState.WAITING, delivery.due_at)
    if attempt.number >= delivery.budget:
        return Outcome(delivery, attempt, DeliveryState.DEAD, 0.0)
    tried = len(retry_delays) + 1 - (delivery.budget - attempt.number)
    delay = retry_delays[min(max(tried, 1), len(retry_delays)) - 1]
    return Outcome(delivery, attempt, DeliveryState.WAITING, attempt.started_at + attempt.seconds + delay)


def health_after(health: Health, attempt: Attempt) -> Health:
    """Count an attempt."""
    if attempt.succeeded:
        return Health()
    since = attempt.started_at if health.failing_since is None else health.failing_since
    return Health(health.failures + 1, since, attempt.error)


def pause_of(failures: int) -> float:
    """Seconds between tries of a failing endpoint; 0 while it is not."""
    return 0.0 if failures < FAILURES_TO_FAIL else min(_LONGEST_PAUSE, 2.0 ** (failures - FAILURES_TO_FAIL))
