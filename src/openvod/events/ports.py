"""What the events room asks of a database, of a cipher and of the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from openvod.events.model import (
    Attempt,
    Delivery,
    DeliveryResults,
    DeliveryState,
    Endpoint,
    Event,
    EventConfig,
    NewEvent,
    Subscription,
)
from openvod.events.standing import DeliveryStatus


class EventTables(Protocol):
    """The applications' logs inside one transaction."""

    def add(self, event: NewEvent) -> int:
        """Insert; return the event's id. A complete one enters the log unless a held one of its subject is before."""
        ...

    def held(self, subject: str) -> Sequence[Event]:
        """Return the events of a subject that wait for their payload."""
        ...

    def release(self, event_id: int, payload: str) -> None:
        """Complete a held event; it enters the log, and after it those that were kept back by it."""
        ...

    def heads(self) -> Mapping[int, int]:
        """Return the last sequence of every application that has events."""
        ...

    def log(self, sub_app_id: int, after: int, limit: int) -> Sequence[Event]:
        """Return an application's events with a greater sequence, in order."""
        ...

    def newest(self, sub_app_id: int, before: int, limit: int, *, type: str = "", subject: str = "") -> Sequence[Event]:
        """Return an application's log from its end; ``before`` is the sequence of the last one seen, 0 for none."""
        ...

    def events(self, after: int, limit: int, subject: str = "") -> Sequence[Event]:
        """Return events of all applications by id after ``after``, held ones included."""
        ...

    def event(self, event_id: int) -> Event | None:
        """Return one event."""
        ...

    def forget(self, sub_app_id: int, up_to: int, before: float, limit: int) -> int:
        """Delete an application's oldest events with all that is known of their deliveries; return how many.

        Only those up to a sequence, older than a moment, and waited for by no endpoint; of the first ``limit``.
        """
        ...


class EndpointTables(Protocol):
    """Endpoints and configurations inside one transaction."""

    def alone(self) -> None:
        """Keep other transactions that ask the same out until this one ends."""
        ...

    def config(self, sub_app_id: int) -> EventConfig:
        """Return an application's configuration; the defaults when none was stored."""
        ...

    def put_config(self, sub_app_id: int, config: EventConfig) -> None:
        """Store a configuration."""
        ...

    def endpoints(self, sub_app_id: int = 0) -> Sequence[Endpoint]:
        """Return the endpoints of an application (0: of all), by application and age."""
        ...

    def endpoint(self, sub_app_id: int, name: str, *, lock: bool = False) -> Endpoint | None:
        """Return one endpoint."""
        ...

    def add(self, endpoint: Endpoint) -> Endpoint:
        """Insert under a new id; raises ``Conflict("endpoint.exists")`` when the name is taken."""
        ...

    def put(self, endpoint: Endpoint) -> None:
        """Replace everything but ``cursor`` and health, which delivery writes."""
        ...

    def set_cursor(self, endpoint_id: int, cursor: int) -> None:
        """Move the cursor."""
        ...

    def remove(self, endpoint_id: int) -> None:
        """Delete an endpoint with its deliveries; its attempts stay readable."""
        ...

    def subscription(self, endpoint_id: int) -> Subscription | None:
        """Return an endpoint with its application's configuration."""
        ...

    def with_work(self, now: float) -> Sequence[Subscription]:
        """Return the active endpoints that are behind their log, or have deliveries that are due or may be probes."""
        ...


class DeliveryTables(Protocol):
    """Events at endpoints inside one transaction."""

    def due(
        self, endpoint_id: int, now: float, limit: int, state: DeliveryState = DeliveryState.WAITING
    ) -> Sequence[Delivery]:
        """Return stored deliveries of a state whose moment has come, in order."""
        ...

    def probe(self, endpoint_id: int) -> Sequence[Delivery]:
        """Return the one delivery that waits and was tried least, before its time: to see if an endpoint answers."""
        ...

    def fresh(self, endpoint: Endpoint, after: int, limit: int) -> tuple[int, Sequence[tuple[Delivery, bool]]]:
        """Return how far the log was read, and the deliveries without a row, each with "another one comes first"."""
        ...

    def record_results(self, endpoint_id: int, results: DeliveryResults) -> None:
        """Store the results of attempts."""
        ...

    def resend(self, endpoint: Endpoint, events: Sequence[Event], now: float) -> int:
        """Make events due again that the endpoint has passed; return how many."""
        ...

    def dead(self, endpoint_id: int, after: int, limit: int) -> Sequence[Event]:
        """Return an endpoint's dead letters by sequence."""
        ...

    def counts(self, endpoint_id: int) -> Mapping[DeliveryState, int]:
        """Return how many deliveries of each state there are."""
        ...

    def attempts(self, event_id: int) -> Sequence[Attempt]:
        """Return an event's attempts at all endpoints, by endpoint and number."""
        ...

    def statuses(self, event: Event) -> Sequence[DeliveryStatus]:
        """Return an event's delivery state at every endpoint of its application."""
        ...

    def lease(self, endpoint_id: int, event: Event, handle: str, until: float) -> None:
        """Hand an event to a puller."""
        ...

    def confirm(self, endpoint_id: int, handles: Sequence[str], now: float) -> int:
        """End leases that have not run out; return how many there were."""
        ...

    def drop(self, endpoint_id: int, sequences: Iterable[int]) -> None:
        """Forget deliveries."""
        ...

    def move(self, source: Endpoint, target: Endpoint, now: float) -> None:
        """Hand everything that is not delivered from one of the original's transports to the other."""
        ...


class EventTx(Protocol):
    """A transaction over the logs, the endpoints and the deliveries."""

    @property
    def events(self) -> EventTables:
        """The logs."""
        ...

    @property
    def endpoints(self) -> EndpointTables:
        """The endpoints."""
        ...

    @property
    def deliveries(self) -> DeliveryTables:
        """The deliveries."""
        ...


class Claims(Protocol):
    """Proof that no other server serves an endpoint: two would break the order of its files."""

    async def claim(self, endpoint_id: int) -> bool:
        """Take an endpoint; false while another server has it. A server that dies loses what it has."""
        ...

    async def release(self, endpoint_id: int) -> None:
        """Give an endpoint back."""
        ...

    async def until_lost(self, endpoint_id: int) -> None:
        """Return when another server has taken the endpoint, which it can while the connection is lost."""
        ...


class Poster(Protocol):
    """Sends one HTTP POST to an address that it judges itself, follows nothing."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> int:
        """Return the status; raises ``Unavailable("delivery.…")`` when none came within ``seconds``.

        ``Denied("address.…")`` says that the address may not be dialled.
        """
        ...


class AddressGuard(Protocol):
    """Judges where the platform may connect to on others' word."""

    async def check(self, url: str) -> None:
        """Raise ``Invalid("address.url")`` or ``Denied("address.…")`` with the reason; resolves the name."""
        ...
