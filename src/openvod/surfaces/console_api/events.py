"""Events with their attempts, and the endpoints that they go to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from openvod.base.errors import NotFound
from openvod.events.model import Attempt, Event
from openvod.events.standing import DeliveryStanding, DeliveryStatus, EventStanding, event_standing
from openvod.events.types import EventType
from openvod.surfaces.console_api.audit import note
from openvod.surfaces.console_api.guard import Operator, Viewer
from openvod.surfaces.console_api.model import Json, Limit, SubAppId
from openvod.surfaces.console_api.services import ConsoleServices, ConsoleTx, Services
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["events"])
EventNumber = Annotated[int, Path(alias="eventId", ge=1, lt=2**62)]


class EventRow(Json):
    """An event. ``sequence`` is null before it is in the log; ``attempts`` are those at all endpoints."""

    event_id: int
    public_id: str
    sequence: int | None
    type: str
    file_id: str
    state: EventStanding
    attempts: int
    created_at: float


class Events(Json):
    """A page of an application's log from its end; ``next_cursor`` is 0 on the last one."""

    items: list[EventRow]
    next_cursor: int


class DeliveryRow(Json):
    """How an event stands at an endpoint."""

    endpoint: str
    state: DeliveryStanding
    attempts: int


class AttemptRow(Json):
    """One try; ``status`` is 0 when no answer came, ``endpoint`` empty when it was removed."""

    endpoint: str
    number: int
    started_at: float
    seconds: float
    status: int
    error: str


class EventDetail(EventRow):
    """An event with all that is known of it."""

    sub_app_id: int
    body: dict[str, Any] | None = Field(description="As receivers get it; null while it is not complete.")
    deliveries: list[DeliveryRow]
    attempt_log: list[AttemptRow]


class ResendRequest(Json):
    """Where to; empty: to all endpoints that had it."""

    endpoint: str = Field("", max_length=40)


class Resent(Json):
    """To how many endpoints the event is sent again."""

    endpoints: int


@router.get("/events")
async def list_events(
    _: Viewer,
    services: Services,
    sub_app_id: SubAppId = 0,
    event_type: Annotated[EventType | None, Query(alias="type")] = None,
    file_id: Annotated[str, Query(alias="fileId", max_length=64)] = "",
    cursor: Annotated[int, Query(ge=0, lt=2**62, description="`nextCursor` of the page before.")] = 0,
    limit: Limit = 50,
) -> Events:
    """List an application's events, the newest first."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id

    def work(tx: ConsoleTx) -> list[EventRow]:
        found = tx.events.newest(app_id, cursor, limit + 1, type=event_type or "", subject=file_id)
        return [event_row(each, tx.deliveries.statuses(each)) for each in found]

    rows = await services.uow.read(work)
    more = len(rows) > limit
    return Events(items=rows[:limit], next_cursor=(rows[limit - 1].sequence or 0) if more else 0)


@router.get("/events/{eventId}")
async def show_event(number: EventNumber, _: Viewer, services: Services) -> EventDetail:
    """Tell everything of one event."""
    return await event_detail(services, number)


@router.post("/events/{eventId}/resend")
async def resend_event(
    number: EventNumber, asked: ResendRequest, request: Request, who: Operator, services: Services
) -> Resent:
    """Send an event again, with the id that it has always had."""
    event, _ = await services.events.endpoints.status(number)
    count = await services.events.endpoints.resend(number, asked.endpoint)
    noted = {"eventId": number, "endpoint": asked.endpoint}
    await note(services, request, who, "console.ResendEvent", noted, event.sub_app_id)
    return Resent(endpoints=count)


async def event_detail(services: ConsoleServices, number: int) -> EventDetail:
    """Return everything of one event; ``NotFound("event.unknown")``."""

    def work(tx: ConsoleTx) -> EventDetail:
        event = tx.events.event(number)
        if event is None:
            raise NotFound("event.unknown", f"eventId: there is no event {number}; list them first", field="eventId")
        names = {each.endpoint_id: each.name for each in tx.endpoints.endpoints(event.sub_app_id)}
        return detail_of(event, tx.deliveries.statuses(event), tx.deliveries.attempts(number), names)

    return await services.uow.read(work)


def detail_of(
    event: Event, statuses: Sequence[DeliveryStatus], attempts: Sequence[Attempt], names: Mapping[int, str]
) -> EventDetail:
    """Return an event with its attempts."""
    row = event_row(event, statuses)
    return EventDetail(
        **row.model_dump(),
        sub_app_id=event.sub_app_id,
        body=json.loads(event.payload) if event.payload else None,
        deliveries=[DeliveryRow(endpoint=e.endpoint, state=e.state, attempts=e.attempts) for e in statuses],
        attempt_log=[
            AttemptRow(
                endpoint=names.get(each.endpoint_id, ""), number=each.number, started_at=each.started_at,
                seconds=each.seconds, status=each.status, error=each.error,
            )
            for each in attempts
        ],
    )  # fmt: skip


def event_row(event: Event, statuses: Sequence[DeliveryStatus]) -> EventRow:
    """Return an event as lists show it."""
    return EventRow(
        event_id=event.event_id, public_id=event.public_id, sequence=event.sequence, type=event.type,
        file_id=event.subject, state=event_standing(event, statuses),
        attempts=sum(each.attempts for each in statuses), created_at=event.created_at,
    )  # fmt: skip
