"""What the events room asks of a database and of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from openvod.events.model import Attempt, Callback, Event, NewEvent


class EventTables(Protocol):
    """Rows of the events room inside one transaction."""

    def add(self, event: NewEvent) -> int:
        """Insert; return the event's id."""
        ...

    def held(self, subject: str) -> Sequence[Event]:
        """Return the events of a subject that wait for their payload."""
        ...

    def release(self, event_id: int, payload: str, now: float) -> None:
        """Complete a held event and make it deliverable."""
        ...

    def due(self, now: float, limit: int) -> Sequence[Event]:
        """Return pending events whose time has come and that are the oldest undelivered of their subject.

        Events of applications without a callback URL are not due.
        """
        ...

    def callback(self, sub_app_id: int) -> Callback | None:
        """Return where an application wants its events, ``None`` when nowhere."""
        ...

    def events(self, after: int, limit: int, subject: str = "") -> Sequence[Event]:
        """Return events by id after ``after``."""
        ...

    def attempts(self, event_id: int) -> Sequence[Attempt]:
        """Return an event's attempts by number."""
        ...

    def record(self, attempt: Attempt, *, retry_at: float | None) -> None:
        """Store an attempt; ``retry_at`` is ``None`` when it delivered the event."""
        ...


class EventTx(Protocol):
    """A transaction over the outbox."""

    @property
    def events(self) -> EventTables:
        """The outbox."""
        ...


class Poster(Protocol):
    """Sends one HTTP POST."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> int:
        """Return the status; raises ``Unavailable("delivery.…")`` when none came within ``seconds``."""
        ...
