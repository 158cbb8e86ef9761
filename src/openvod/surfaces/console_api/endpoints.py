"""Endpoints: the addresses that an application's events go to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from openvod.base.errors import Conflict
from openvod.events.endpoints import EndpointOptions
from openvod.events.model import (
    ATTEMPT_TIMEOUT_SECONDS,
    DEFAULT_ENDPOINT,
    RETRY_DELAYS,
    DeliveryState,
    Endpoint,
    PayloadFormat,
    Transport,
)
from openvod.events.types import EventType
from openvod.surfaces.console_api.audit import note
from openvod.surfaces.console_api.guard import Admin, Operator
from openvod.surfaces.console_api.model import Done, Json, SubAppId
from openvod.surfaces.console_api.services import ConsoleServices, ConsoleTx, Services
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["endpoints"])
Name = Annotated[str, Path(max_length=40, description="The endpoint.")]
_WAITING = (DeliveryState.WAITING, DeliveryState.BEHIND, DeliveryState.LEASED)


class EndpointRow(Json):
    """An endpoint with its health. The one named ``default`` is the application's callback URL.

    ``unread``: events of the log it has not come to; ``waiting``: to be tried (again); ``dead``: given up.
    """

    name: str
    url: str
    format: PayloadFormat
    types: list[str]
    timeout_seconds: float
    retry_delays: list[float]
    enabled: bool
    has_sign_key: bool
    failing: bool
    failing_since: float | None
    last_error: str
    unread: int
    waiting: int
    dead: int


class Endpoints(Json):
    """An application's endpoints."""

    items: list[EndpointRow]


class NewEndpoint(Json):
    """An endpoint to make."""

    name: str = Field(max_length=50)
    url: str = Field(max_length=2048)
    format: PayloadFormat = PayloadFormat.CURRENT
    types: list[EventType] = Field([], max_length=50, description="Event types; none: all.")
    timeout_seconds: float = ATTEMPT_TIMEOUT_SECONDS
    retry_delays: tuple[float, ...] = RETRY_DELAYS
    sign_key: str = Field("", max_length=32)
    from_start: bool = Field(False, description="Send everything that the log has.")


class EndpointSecret(Json):
    """The signing secret (Standard Webhooks); returned only here."""

    name: str
    secret: str


class EndpointChange(Json):
    """What changes; null stays. Address and key of ``default`` alone can be changed."""

    enabled: bool | None = None
    url: str | None = Field(None, max_length=2048, description="Of `default`; empty: nowhere.")
    sign_key: str | None = Field(None, max_length=32, description="Of `default`; empty: none.")


class Replayed(Json):
    """How many events are sent again."""

    events: int


@router.get("/endpoints")
async def list_endpoints(_: Operator, services: Services, sub_app_id: SubAppId = 0) -> Endpoints:
    """List an application's endpoints with their health."""
    return await _list(services, await _app(services, sub_app_id))


@router.post("/endpoints")
async def add_endpoint(
    asked: NewEndpoint, request: Request, who: Admin, services: Services, sub_app_id: SubAppId = 0
) -> EndpointSecret:
    """Add an endpoint. Its secret is shown now and never again."""
    app_id = await _app(services, sub_app_id)
    options = EndpointOptions(
        asked.format, tuple(asked.types), asked.timeout_seconds, asked.retry_delays, asked.sign_key
    )
    added, secret = await services.events.endpoints.add(
        app_id, asked.name, asked.url, options, from_start=asked.from_start
    )
    await note(services, request, who, "console.AddEndpoint", {"name": asked.name, "url": asked.url}, app_id)
    return EndpointSecret(name=added.name, secret=secret)


@router.patch("/endpoints/{name}")
async def change_endpoint(
    name: Name, asked: EndpointChange, request: Request, who: Admin, services: Services, sub_app_id: SubAppId = 0
) -> Endpoints:
    """Stop an endpoint or let it go on; set the callback URL and its key."""
    app_id = await _app(services, sub_app_id)
    if asked.url is not None or asked.sign_key is not None:
        if name != DEFAULT_ENDPOINT:
            raise Conflict(
                "endpoint.default",
                f"url: address and key of {DEFAULT_ENDPOINT!r} alone can be changed; remove {name!r} and add it anew",
                field="url",
            )
        await services.events.endpoints.modify(app_id, url=asked.url, sign_key=asked.sign_key)
    if asked.enabled is not None:
        await services.events.endpoints.set_enabled(app_id, name, asked.enabled)
    noted = {"name": name, "url": asked.url, "enabled": asked.enabled}
    await note(services, request, who, "console.ChangeEndpoint", noted, app_id)
    return await _list(services, app_id)


@router.post("/endpoints/{name}/rotate")
async def rotate_secret(
    name: Name, request: Request, who: Admin, services: Services, sub_app_id: SubAppId = 0
) -> EndpointSecret:
    """Make a new secret; the one before signs as well until the next rotation."""
    app_id = await _app(services, sub_app_id)
    secret = await services.events.endpoints.rotate(app_id, name)
    await note(services, request, who, "console.RotateEndpoint", {"name": name}, app_id)
    return EndpointSecret(name=name, secret=secret)


@router.post("/endpoints/{name}/replay-dead")
async def replay_dead(
    name: Name, request: Request, who: Operator, services: Services, sub_app_id: SubAppId = 0
) -> Replayed:
    """Send an endpoint its dead letters again."""
    app_id = await _app(services, sub_app_id)
    count = await services.events.endpoints.replay_dead(app_id, name)
    await note(services, request, who, "console.ReplayDead", {"name": name}, app_id)
    return Replayed(events=count)


@router.delete("/endpoints/{name}")
async def remove_endpoint(
    name: Name, request: Request, who: Admin, services: Services, sub_app_id: SubAppId = 0
) -> Done:
    """Remove an endpoint with what waits for it."""
    app_id = await _app(services, sub_app_id)
    await services.events.endpoints.remove(app_id, name)
    await note(services, request, who, "console.RemoveEndpoint", {"name": name}, app_id)
    return Done()


async def _app(services: ConsoleServices, sub_app_id: int) -> int:
    return (await services.installation.access.application(sub_app_id)).sub_app_id


async def _list(services: ConsoleServices, app_id: int) -> Endpoints:
    def work(tx: ConsoleTx) -> Endpoints:
        head = tx.events.heads().get(app_id, 0)
        found = [each for each in tx.endpoints.endpoints(app_id) if each.transport is Transport.PUSH]
        return Endpoints(items=[_row(tx, each, head) for each in found])

    return await services.uow.read(work)


def _row(tx: ConsoleTx, endpoint: Endpoint, head: int) -> EndpointRow:
    counts = tx.deliveries.counts(endpoint.endpoint_id)
    return EndpointRow(
        name=endpoint.name, url=endpoint.url, format=endpoint.format, types=list(endpoint.types),
        timeout_seconds=endpoint.timeout_seconds, retry_delays=list(endpoint.retry_delays), enabled=endpoint.enabled,
        has_sign_key=bool(endpoint.sign_key), failing=endpoint.failing, failing_since=endpoint.failing_since,
        last_error=endpoint.last_error, unread=head - endpoint.cursor,
        waiting=sum(counts.get(state, 0) for state in _WAITING), dead=counts.get(DeliveryState.DEAD, 0),
    )  # fmt: skip
