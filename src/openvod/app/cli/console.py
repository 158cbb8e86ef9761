"""``openvod console``."""

from __future__ import annotations

from typing import Annotated

import typer

from openvod.access.account_model import Role
from openvod.app.cli.administration import DEFAULT_DATA_DIR, AsJson, DataDir, print_json, with_services

console = typer.Typer(no_args_is_help=True, help="The console: who may sign in.")


@console.callback()
def _group() -> None:
    """Keep ``invite`` a command of its own, also while it is the only one."""


@console.command("invite")
def invite(
    role: Annotated[Role, typer.Option(help="What the new user may do.")] = Role.ADMIN,
    user: Annotated[str, typer.Option(help="A user who is to choose a new password; default: a new user.")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Print a link by which somebody chooses a password and is signed in; it is good once, for a day."""
    from openvod.app.invitations import invitation

    link = with_services(data_dir, lambda services: invitation(services, role, user, "openvod console"))
    print_json({"link": link}) if as_json else typer.echo(link)
