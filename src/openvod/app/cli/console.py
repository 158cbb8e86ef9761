"""``openvod console``."""

from __future__ import annotations

from typing import Annotated

import typer

from openvod.access.account_model import Role
from openvod.app.cli.administration import DEFAULT_DATA_DIR, AsJson, DataDir, print_json, with_services

console = typer.Typer(no_args_is_help=True, help="Users of the console.")


@console.callback()
def _group() -> None:
    """Keep ``invite`` a subcommand although it is the only one."""


@console.command("invite")
def invite(
    role: Annotated[Role, typer.Option(help="Role of the new user.")] = Role.ADMIN,
    user: Annotated[str, typer.Option(help="An existing user who needs a new password; default: a new user.")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Print a link to choose a password and sign in; it is valid once, for a day."""
    from openvod.app.invitations import invitation

    link = with_services(data_dir, lambda services: invitation(services, role, user, "openvod console"))
    print_json({"link": link}) if as_json else typer.echo(link)
