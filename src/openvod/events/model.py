"""Events, delivery attempts and the retry schedule as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Seconds until the next attempt, by number of failed ones; the last repeats (``events.md`` 2 [P], then back-off).
RETRY_DELAYS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
ATTEMPT_TIMEOUT_SECONDS = 5.0


class EventState(StrEnum):
    """Life of an event: held until its payload is complete, pending, delivered; waiting when no address is set."""

    HELD = "held"
    PENDING = "pending"
    DELIVERED = "delivered"


@dataclass(frozen=True)
class NewEvent:
    """An event to store. ``subject`` (a ``FileId``) orders delivery."""

    sub_app_id: int
    type: str
    subject: str
    payload: str
    state: EventState
    created_at: float


@dataclass(frozen=True)
class Event:
    """A stored event; ``event_id`` grows with time."""

    event_id: int
    sub_app_id: int
    type: str
    subject: str
    payload: str
    state: EventState
    attempts: int
    created_at: float
    next_attempt_at: float
    delivered_at: float | None


@dataclass(frozen=True)
class Callback:
    """Where events go; ``sign_key`` is empty for unsigned ones."""

    url: str
    sign_key: str


@dataclass(frozen=True)
class Attempt:
    """One try to deliver. ``status`` is the HTTP status, 0 when none came; ``error`` says why."""

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


def retry_delay(failed_attempts: int) -> float:
    """Seconds to wait after that many failed attempts."""
    return RETRY_DELAYS[min(failed_attempts, len(RETRY_DELAYS)) - 1]
