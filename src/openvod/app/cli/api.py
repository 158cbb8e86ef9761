"""``openvod api``: the reference of the server API."""

from __future__ import annotations

from typing import Annotated

import typer

from openvod import __version__
from openvod.app.cli.administration import print_json

api = typer.Typer(no_args_is_help=True, help="The server API 3.0, and the API of the console.")


@api.command("docs")
def docs(
    names: Annotated[list[str] | None, typer.Argument(help="Only these actions; all when none is named.")] = None,
) -> None:
    """Print the reference of every action in Markdown; needs no server."""
    from openvod.surfaces.api.catalogue import declared_actions
    from openvod.surfaces.api.reference import reference

    actions = declared_actions()
    unknown = sorted(set(names or ()) - {action.name for action in actions})
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such action", param_hint="NAMES")
    typer.echo(reference([action for action in actions if not names or action.name in names]), nl=False)


@api.command("openapi")
def openapi() -> None:
    """Print the OpenAPI description of /api/; needs no server. A server returns the same at /api/openapi.json."""
    from openvod.surfaces.api.catalogue import declared_actions
    from openvod.surfaces.console_api.application import description_of

    print_json(description_of(declared_actions(), __version__))
