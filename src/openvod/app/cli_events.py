"""``openvod events``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Database
from openvod.app.administration import DEFAULT_DATA_DIR, AsJson, DataDir, show, with_access, with_database
from openvod.app.cli_access import SubAppId
from openvod.events.codec import iso_time
from openvod.events.model import Event

events = typer.Typer(no_args_is_help=True, help="Events and where they go.")


@events.command("set-url")
def set_url(
    url: Annotated[str, typer.Argument(help="http(s) address that receives events; an empty text clears it.")],
    sign_key: Annotated[str | None, typer.Option(help="Key that signs event bodies; an empty text clears it.")] = None,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Set the callback URL of an application."""
    application = with_access(data_dir, lambda access: access.set_callback(sub_app_id, url, sign_key))
    typer.echo(f"application {application.sub_app_id} sends events to {application.callback_url or '(nowhere)'}")


@events.command("list")
def list_events(
    file_id: Annotated[str, typer.Option(help="Only those of one FileId.")] = "",
    after: Annotated[int, typer.Option(help="Only those with a greater event id.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List stored events."""

    async def use(_: DataFolder, database: Database) -> list[dict[str, Any]]:
        found = await database.read(lambda tx: tx.events.events(after, limit, file_id))
        return [_row(event, with_body=as_json) for event in found]

    show(with_database(data_dir, use), as_json)


def _row(event: Event, *, with_body: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "eventId": event.event_id,
        "type": event.type,
        "fileId": event.subject,
        "state": event.state.value,
        "attempts": event.attempts,
        "created": iso_time(event.created_at),
    }
    return row | ({"body": json.loads(event.payload)} if with_body else {})
