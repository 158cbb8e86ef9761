"""``openvod media``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Database
from openvod.app.administration import DEFAULT_DATA_DIR, DataDir, base_url, with_database
from openvod.base.errors import NotFound
from openvod.media.info import media_info

media = typer.Typer(no_args_is_help=True, help="Media assets.")


@media.command("show")
def show_media(
    file_id: Annotated[str, typer.Argument(help="The FileId.")], data_dir: DataDir = DEFAULT_DATA_DIR
) -> None:
    """Print everything known of a file (MediaInfo) as JSON."""

    async def use(folder: DataFolder, database: Database) -> dict[str, Any]:
        base = base_url(folder)

        def work(tx: Any) -> dict[str, Any]:
            asset = tx.media.asset(file_id)
            if asset is None:
                raise NotFound("media.unknown", f"FileId {file_id} does not exist")
            return media_info(asset, tx.media.outputs(file_id), lambda key: f"{base}/{key}")

        return await database.read(work)

    typer.echo(json.dumps(with_database(data_dir, use), ensure_ascii=False, indent=2))
