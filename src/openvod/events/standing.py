"""The delivery state of an event, in one vocabulary for console, command line and API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from openvod.events.model import Event


class DeliveryStanding(StrEnum):
    """The delivery state of an event at one endpoint.

    ``DISABLED`` and ``NO_ADDRESS``: it waits in the log until the endpoint is enabled or has an address.
    """

    DEAD = "dead"
    PENDING = "pending"
    DELIVERED = "delivered"
    DISABLED = "disabled"
    SKIPPED = "skipped"
    NO_ADDRESS = "no_address"


class EventStanding(StrEnum):
    """State of an event over all endpoints. ``HELD``, ``QUEUED``: not in the log yet; ``NO_RECEIVER``: no endpoint."""

    HELD = "held"
    QUEUED = "queued"
    DEAD = "dead"
    PENDING = "pending"
    DELIVERED = "delivered"
    DISABLED = "disabled"
    SKIPPED = "skipped"
    NO_RECEIVER = "no_receiver"


@dataclass(frozen=True)
class DeliveryStatus:
    """One event at one endpoint, for people."""

    endpoint: str
    state: DeliveryStanding
    attempts: int


#: The standing that asks most for a look comes first.
_ORDER = (
    DeliveryStanding.DEAD,
    DeliveryStanding.PENDING,
    DeliveryStanding.DELIVERED,
    DeliveryStanding.DISABLED,
    DeliveryStanding.SKIPPED,
)


def event_standing(event: Event, statuses: Sequence[DeliveryStatus]) -> EventStanding:
    """Return the state of an event from its states at each endpoint."""
    if event.sequence is None:
        return EventStanding(event.state.value)
    found = {each.state for each in statuses}
    return next((EventStanding(each.value) for each in _ORDER if each in found), EventStanding.NO_RECEIVER)
