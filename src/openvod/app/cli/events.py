"""``openvod events``."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from openvod.adapters.sql.database import Transaction
    from openvod.app.services import Services
    from openvod.events.endpoints import EndpointService

from openvod.app.cli.access import SubAppId
from openvod.app.cli.administration import (
    DEFAULT_DATA_DIR,
    AsJson,
    DataDir,
    print_json,
    show,
    with_endpoints,
    with_services,
)
from openvod.base.errors import Invalid
from openvod.events.codec import iso_time
from openvod.events.model import (
    ATTEMPT_TIMEOUT_SECONDS,
    DEFAULT_ENDPOINT,
    Attempt,
    DeliveryState,
    Endpoint,
    Event,
    PayloadFormat,
)
from openvod.events.standing import DeliveryStatus, event_standing
from openvod.signing.stream_token import stream_token

events = typer.Typer(no_args_is_help=True, help="Events, and the endpoints that receive them.")
endpoints = typer.Typer(no_args_is_help=True, help="Addresses that receive an application's events.")
events.add_typer(endpoints, name="endpoints")
_EVENT_ID = re.compile(r"(?:evt_)?([0-9]{1,18})(?:_[0-9a-f]+)?")
_TAIL_SECONDS = 0.1
_LONGEST_TOKEN = 86_400
EventId = Annotated[str, typer.Argument(help="Event id, as a number or as receivers see it (webhook-id).")]
EndpointName = Annotated[str, typer.Argument(help="The endpoint's name.")]


@events.command("set-url")
def set_url(
    url: Annotated[str, typer.Argument(help="http(s) address that receives events; an empty text clears it.")],
    sign_key: Annotated[str | None, typer.Option(help="Key that signs event bodies; an empty text clears it.")] = None,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Set the callback URL of an application: the URL of its default endpoint.

    The first call prints the endpoint's secret, which receivers need to verify webhook-signature.
    """
    changed, secret = with_endpoints(data_dir, sub_app_id, lambda service, app: service.set_url(app, url, sign_key))
    if as_json:
        print_json({"subAppId": changed.sub_app_id, "name": changed.name, "url": changed.url, "secret": secret})
        return
    typer.echo(f"application {changed.sub_app_id} sends events to {changed.url or '(nowhere)'}")
    if secret:
        _print_secret(changed.name, secret, as_json=False)


@events.command("list")
def list_events(
    file_id: Annotated[str, typer.Option(help="Only those of one FileId.")] = "",
    after: Annotated[int, typer.Option(help="Only those with a greater event id.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List stored events."""

    async def use(services: Services) -> list[dict[str, Any]]:
        def work(tx: Transaction) -> list[dict[str, Any]]:
            found = tx.events.events(after, limit, file_id)
            return [_row(event, tx.deliveries.statuses(event), with_body=as_json) for event in found]

        return await services.database.read(work)

    show(with_services(data_dir, use), as_json)


@events.command("show")
def show_event(event_id: EventId, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Print an event with its status at every endpoint and all attempts, as JSON."""
    from openvod.events.endpoints import known_event

    async def use(services: Services) -> dict[str, Any]:
        number = _event_number(event_id)
        names = {
            each.endpoint_id: each.name for each in await services.database.read(lambda tx: tx.endpoints.endpoints())
        }
        attempts = await services.database.read(lambda tx: tx.deliveries.attempts(number))
        event = await services.database.read(lambda tx: known_event(tx, number))
        statuses = await services.database.read(lambda tx: tx.deliveries.statuses(event))
        return _row(event, statuses, with_body=True) | {
            "id": event.public_id,
            "endpoints": [asdict(each) for each in statuses],
            "attempts": [_attempt_row(each, names) for each in attempts],
        }

    print_json(with_services(data_dir, use))


@events.command("tail")
def tail(
    sub_app_id: SubAppId = 0,
    after: Annotated[int | None, typer.Option(help="Start after this sequence; default: the end of the log.")] = None,
    follow: Annotated[bool, typer.Option(help="Wait for more.")] = True,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print an application's events as they happen, one JSON document a line, until Ctrl-C."""

    async def use(services: Services) -> None:
        application = (await services.access.applications.application(sub_app_id)).sub_app_id
        watch, feed = services.watch, services.feed
        seen = await feed.head(application) if after is None else after
        while True:
            found = await feed.read(application, seen)
            for event in found:
                print_json({"id": event.public_id, "sequence": event.sequence, "event": json.loads(event.payload)})
            seen = (found[-1].sequence or seen) if found else seen
            if not found and not follow:
                return
            if not found:
                await watch.look()
                await watch.beyond(application, seen, _TAIL_SECONDS)

    with suppress(KeyboardInterrupt):
        with_services(data_dir, use)


@events.command("resend")
def resend(
    event_id: EventId,
    endpoint: Annotated[str, typer.Option(help="Only to this endpoint; default: all that had it.")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Send an event again, with the same id."""
    number = _event_number(event_id)
    count = with_endpoints(data_dir, 0, lambda service, _: service.resend(number, endpoint))
    typer.echo(f"event {number} is sent again to {count} endpoints")


@events.command("replay")
def replay(
    since: Annotated[str, typer.Option(help="From this moment, e.g. 2026-05-01T08:00:00Z.")] = "",
    until: Annotated[str, typer.Option(help="Before this moment; default: now.")] = "",
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters, of any time.")] = False,
    endpoint: Annotated[str, typer.Option(help="The endpoint.")] = DEFAULT_ENDPOINT,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Resend an endpoint's events of a time range, or its dead letters."""
    if bool(since) == dead:
        raise typer.BadParameter("give either --since or --dead")

    async def use(service: EndpointService, app: int) -> int:
        if dead:
            return await service.replay_dead(app, endpoint)
        ends = _moment(until) if until else time.time()
        return await service.replay(app, endpoint, _moment(since), ends)

    typer.echo(f"{with_endpoints(data_dir, sub_app_id, use)} events are sent again")


@events.command("token")
def token(
    seconds: Annotated[int, typer.Option(min=1, max=_LONGEST_TOKEN, help="Seconds that the token is valid.")] = 3600,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Create a token for reading an application's live events (GET /events/stream)."""

    async def use(services: Services) -> dict[str, Any]:
        application = await services.access.applications.application(sub_app_id)
        expires = int(services.clock.now()) + seconds
        text = stream_token(services.base.keys.event_stream_token, application.sub_app_id, expires)
        return {"token": text, "url": f"{services.base.public_url}/events/stream", "expires": iso_time(expires)}

    made = with_services(data_dir, use)
    print_json(made) if as_json else typer.echo(f"curl -N -H 'Authorization: Bearer {made['token']}' {made['url']}")


@endpoints.command("add")
def add_endpoint(
    name: EndpointName,
    url: Annotated[str, typer.Argument(help="http(s) address.")],
    types: Annotated[str, typer.Option(help="Event types, separated by commas; default: all.")] = "",
    payload_format: Annotated[PayloadFormat, typer.Option("--format", help="Payload format.")] = PayloadFormat.CURRENT,
    timeout: Annotated[float, typer.Option(help="Seconds for one attempt.")] = ATTEMPT_TIMEOUT_SECONDS,
    retry_delays: Annotated[str, typer.Option(help="Seconds before each retry, separated by commas.")] = "",
    sign_key: Annotated[str, typer.Option(help="Key of Sign and T, the original's signature.")] = "",
    from_start: Annotated[bool, typer.Option("--from-start", help="Start at the beginning of the log.")] = False,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Add an endpoint. Its secret (Standard Webhooks) is shown only once."""
    from openvod.events.endpoints import EndpointOptions

    given: dict[str, Any] = {"retry_delays": _delays(retry_delays)} if retry_delays else {}
    wanted = tuple(filter(None, (each.strip() for each in types.split(","))))
    options = EndpointOptions(payload_format, wanted, timeout, sign_key=sign_key, **given)
    added, secret = with_endpoints(
        data_dir, sub_app_id, lambda service, app: service.add(app, name, url, options, from_start=from_start)
    )
    _print_secret(added.name, secret, as_json)


@endpoints.command("list")
def list_endpoints(sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """List an application's endpoints with their health."""

    async def use(services: Services) -> list[dict[str, Any]]:
        application = await services.access.applications.application(sub_app_id)

        def work(tx: Transaction) -> list[dict[str, Any]]:
            head = tx.events.heads().get(application.sub_app_id, 0)
            return [
                _endpoint_row(each, head, tx.deliveries.counts(each.endpoint_id))
                for each in tx.endpoints.endpoints(application.sub_app_id)
            ]

        return await services.database.read(work)

    show(with_services(data_dir, use), as_json)


@endpoints.command("remove")
def remove_endpoint(name: EndpointName, sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Delete an endpoint and its pending deliveries."""
    _administer(data_dir, sub_app_id, lambda service, app: service.remove(app, name))


@endpoints.command("enable")
def enable_endpoint(name: EndpointName, sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Enable an endpoint; delivery resumes at its cursor."""
    _administer(data_dir, sub_app_id, lambda service, app: service.set_enabled(app, name, True))


@endpoints.command("disable")
def disable_endpoint(name: EndpointName, sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Disable an endpoint; its events wait until it is enabled."""
    _administer(data_dir, sub_app_id, lambda service, app: service.set_enabled(app, name, False))


@endpoints.command("rotate")
def rotate_secret(
    name: EndpointName, sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False
) -> None:
    """Create a new secret; the previous one also signs until the next rotation."""
    secret = with_endpoints(data_dir, sub_app_id, lambda service, app: service.rotate(app, name))
    _print_secret(name, secret, as_json)


def _administer(data_dir: Path, sub_app_id: int, use: Callable[[EndpointService, int], Awaitable[None]]) -> None:
    with_endpoints(data_dir, sub_app_id, use)


def _print_secret(name: str, secret: str, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "secret": secret})
        return
    typer.echo(f"endpoint   {name}\nsecret     {secret}")
    typer.echo("Keep the secret now: it is not shown again.", err=True)


def _row(event: Event, statuses: Sequence[DeliveryStatus], *, with_body: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "eventId": event.event_id,
        "sequence": event.sequence,
        "type": event.type,
        "fileId": event.subject,
        "state": event_standing(event, statuses).value,
        "attempts": sum(each.attempts for each in statuses),
        "created": iso_time(event.created_at),
    }
    return row | ({"body": json.loads(event.payload)} if with_body else {})


def _attempt_row(attempt: Attempt, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "endpoint": names.get(attempt.endpoint_id, f"(removed {attempt.endpoint_id})"),
        "number": attempt.number,
        "started": iso_time(attempt.started_at),
        "seconds": round(attempt.seconds, 3),
        "status": attempt.status,
        "error": attempt.error,
    }


def _endpoint_row(endpoint: Endpoint, head: int, counts: Mapping[DeliveryState, int]) -> dict[str, Any]:
    waiting = sum(counts.get(state, 0) for state in (DeliveryState.WAITING, DeliveryState.BEHIND, DeliveryState.LEASED))
    return {
        "name": endpoint.name,
        "url": endpoint.url or "(none)",
        "format": endpoint.format.value,
        "types": ",".join(endpoint.types) or "all",
        "enabled": endpoint.enabled,
        "health": f"failing since {iso_time(endpoint.failing_since or 0)}" if endpoint.failing else "good",
        "unread": head - endpoint.cursor,
        "waiting": waiting,
        "dead": counts.get(DeliveryState.DEAD, 0),
        "lastError": endpoint.last_error,
    }


def _event_number(text: str) -> int:
    match = _EVENT_ID.fullmatch(text)
    if match is None:
        raise typer.BadParameter("an event id is a number, or evt_… as receivers see it")
    return int(match[1])


def _delays(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("--retry-delays are numbers, separated by commas") from error


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("events.moment", f"{text!r} is not a time; write it like 2026-05-01T08:00:00Z") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
