"""``openvod media``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from openvod.app.services import Services

from openvod.app.administration import DEFAULT_DATA_DIR, DataDir, with_services
from openvod.base.errors import NotFound

media = typer.Typer(no_args_is_help=True, help="Media assets.")


@media.command("show")
def show_media(
    file_id: Annotated[str, typer.Argument(help="The FileId.")], data_dir: DataDir = DEFAULT_DATA_DIR
) -> None:
    """Print everything known of a file (MediaInfo) as JSON."""
    from openvod.media.info import media_info

    async def use(services: Services) -> dict[str, Any]:
        await services.addresses.refresh()

        def work(tx: Any) -> dict[str, Any]:
            asset = tx.media.asset(file_id)
            if asset is None:
                raise NotFound("media.unknown", f"FileId {file_id} does not exist")
            return media_info(asset, tx.media.outputs(file_id), services.addresses.url)

        return await services.database.read(work)

    typer.echo(json.dumps(with_services(data_dir, use), ensure_ascii=False, indent=2))
