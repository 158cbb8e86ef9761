"""``openvod media``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvod.app.cli.access import SubAppId
from openvod.app.cli.administration import DEFAULT_DATA_DIR, AsJson, DataDir, show, with_services
from openvod.base.errors import NotFound

if TYPE_CHECKING:
    from openvod.app.services import Services

media = typer.Typer(no_args_is_help=True, help="Media assets.")


@media.command("list")
def list_media(
    text: Annotated[str, typer.Option(help="Only files with this text in name or description.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List files with their states, newest first."""
    from openvod.events.codec import iso_time
    from openvod.media.query import MediaQuery
    from openvod.media.states import file_status, percents_of, sentence

    async def use(services: Services) -> list[dict[str, Any]]:
        application = (await services.access.applications.application(sub_app_id)).sub_app_id
        now = services.clock.now()
        query = MediaQuery(application, now=now, text=text, limit=limit)

        def work(tx: Any) -> list[dict[str, Any]]:
            rows = []
            for asset in tx.media.search(query).assets:
                status = file_status(asset, tx.media.outputs(asset.file_id), percents_of(tx, asset.file_id))
                row = {"fileId": asset.file_id, "state": sentence(status), "name": asset.name, "type": asset.type}
                rows.append(row | {"size": asset.size, "created": iso_time(asset.created_at)})
            return rows

        return await services.database.read(work)

    show(with_services(data_dir, use), as_json)


@media.command("show")
def show_media(
    file_id: Annotated[str, typer.Argument(help="The FileId.")], data_dir: DataDir = DEFAULT_DATA_DIR
) -> None:
    """Print a file's MediaInfo and state as JSON."""
    from openvod.media.info import media_info
    from openvod.media.states import file_status, percents_of

    async def use(services: Services) -> dict[str, Any]:
        await services.addresses.refresh()

        def work(tx: Any) -> dict[str, Any]:
            asset = tx.media.asset(file_id)
            if asset is None:
                raise NotFound("media.unknown", f"FileId {file_id} does not exist")
            outputs = tx.media.outputs(file_id)
            status = file_status(asset, outputs, percents_of(tx, file_id))
            return {"State": asdict(status)} | media_info(asset, outputs, services.addresses.url)

        return await services.database.read(work)

    typer.echo(json.dumps(with_services(data_dir, use), ensure_ascii=False, indent=2))
