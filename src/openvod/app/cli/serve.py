"""``openvod serve | app-server | config | storage``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from openvod.app.services import Services
    from openvod.app.settings import Settings
    from openvod.storage.collector import Collected, Discrepancies

from openvod.app.cli.administration import (
    DEFAULT_DATA_DIR,
    AsJson,
    DataDir,
    existing,
    print_json,
    with_services,
)
from openvod.app.logs import set_up_logging

config = typer.Typer(no_args_is_help=True, help="Settings.")
storage = typer.Typer(no_args_is_help=True, help="Maintenance of the store.")


def serve(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 chooses a free one.")] = None,
    public_url: Annotated[str | None, typer.Option(help="Base of generated URLs.")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the platform until SIGTERM."""
    from openvod.app import serve as serve_module
    from openvod.app.settings import load_settings

    settings = _with_options(load_settings(data_dir), host, port, public_url)
    set_up_logging(log_level, settings.log.format)
    serve_module.serve(
        data_dir,
        settings,
        lambda url: typer.echo(f"OpenVOD is ready at {url}", err=True),
        lambda link: typer.echo(f"No user can sign in to the console yet; choose a password at {link}", err=True),
    )


def worker(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    public_url: Annotated[str | None, typer.Option(help="Base of generated URLs.")] = None,
    parent: Annotated[int, typer.Option(hidden=True)] = 0,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run task flows beside a server, until SIGTERM; any number of workers share a data folder."""
    from openvod.app import worker as worker_module
    from openvod.app.foundation import Foundation
    from openvod.app.settings import load_settings, received_settings

    # A server passes its settings to its workers on standard input.
    settings = received_settings(sys.stdin.read()) if parent else load_settings(existing(data_dir))
    settings = _with_options(settings, None, None, public_url)
    set_up_logging(log_level, settings.log.format)
    worker_module.run_worker(Foundation(data_dir, settings, is_worker=True), parent=parent)


def app_server(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8090,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    log_format: Annotated[str, typer.Option(help="text or json.")] = "text",
) -> None:
    """Run the reference app server (signature distribution, event receiver); settings: OPENVOD_APP_SERVER__*."""
    from openvod.app import app_server as reference

    set_up_logging(log_level, "json" if log_format == "json" else "text")
    reference.run(reference.load_settings(), host, port)


@config.command("show")
def show_config(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Print the effective settings; secrets are hidden."""
    from openvod.app.settings import load_settings

    print_json(load_settings(data_dir).model_dump(mode="json"))


@config.command("reference")
def config_reference() -> None:
    """Print every setting with its default and meaning."""
    from openvod.app.settings import CONFIG_FILE, Settings

    typer.echo(f"Environment variables, or the same names as tables in {CONFIG_FILE} of the data folder.\n")
    for section, field in Settings.model_fields.items():
        defaults = field.get_default()
        plain = defaults.model_dump(mode="json")
        for name, entry in type(defaults).model_fields.items():
            variable = f"OPENVOD__{section.upper()}__{name.upper()}"
            shown = json.dumps(plain[name]) if isinstance(plain[name], list | dict) else str(getattr(defaults, name))
            typer.echo(f"{variable} = {shown}\n    {entry.description}")


@storage.command("collect")
def collect(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Free unreferenced storage; refused while a server runs, since the server does this periodically."""

    async def use(services: Services) -> Collected:
        services.base.lock()
        await services.storage.collector.start()
        return await services.storage.collector.collect(slack=True)

    freed = with_services(data_dir, use)
    print_json(vars(freed)) if as_json else typer.echo(str(freed))


@storage.command("check")
def check_storage(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    repair: Annotated[bool, typer.Option("--repair", help="Show the repairs, then ask and apply.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Compare the files on disk with the ledger, without a running server; exit status 1 when they differ.

    Changes nothing without --repair.
    """
    from openvod.storage.collector import repairs

    async def use(services: Services) -> Discrepancies:
        services.base.lock()
        found = await _examined(services)
        if repair and not found.clean:
            for line in repairs(found, services.base.settings.storage.quarantine_days):
                typer.echo(line, err=True)
            if not yes:
                typer.confirm("Go on?", abort=True, err=True)
            await services.storage.collector.start()
            await services.storage.collector.collect(slack=True)
            return await _examined(services)
        return found

    found = with_services(data_dir, use)
    print_json(vars(found) | {"clean": found.clean})
    if not found.clean:
        raise typer.Exit(1)


async def _examined(services: Services) -> Discrepancies:
    from openvod.storage.collector import check

    found = await check(services.database, services.base.blobs)
    lost = await services.storage.strays.all()
    return replace(found, stray_objects=[f"{each.bucket}/{each.key}" for each in lost])


def _with_options(settings: Settings, host: str | None, port: int | None, public_url: str | None) -> Settings:
    """Apply command-line options, which override environment and file."""
    given = {"host": host, "port": port, "public_url": public_url}
    return settings.with_server(**{name: value for name, value in given.items() if value is not None})
