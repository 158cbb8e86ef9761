"""What the administrative commands share: an open database, output for people and for programs, errors."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from openvod.access.service import AccessService, ensure_defaults
from openvod.app.foundation import Foundation
from openvod.app.services import Services
from openvod.app.settings import load_settings
from openvod.base.errors import OpenVodError
from openvod.events.endpoints import EndpointService

R = TypeVar("R")
DataDir = Annotated[Path, typer.Option("--data-dir", help="Folder that holds everything.", envvar="OPENVOD_DATA_DIR")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DEFAULT_DATA_DIR = Path("openvod-data")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn a foreseen error into one line on standard error and exit status 1."""
    try:
        yield
    except OpenVodError as error:
        typer.secho(f"openvod: {error.message}", err=True, fg="red")
        raise typer.Exit(1) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = "__".join(str(part) for part in first["loc"]).upper()
        typer.secho(f"openvod: setting OPENVOD__{field}: {first['msg']}", err=True, fg="red")
        raise typer.Exit(1) from error


def with_access(data_dir: Path, use: Callable[[AccessService], Awaitable[R]]) -> R:
    """Run ``use`` with the access service of a data folder; a server may run on it meanwhile."""
    return with_services(data_dir, lambda services: use(services.access))


def with_services(data_dir: Path, use: Callable[[Services], Awaitable[R]]) -> R:
    """Run ``use`` with the services of a data folder and its settings, on an open database."""

    async def run(services: Services) -> R:
        await services.database.write(lambda tx: ensure_defaults(tx.access, services.clock.now()))
        return await use(services)

    with plain_errors(), Foundation(data_dir, load_settings(data_dir)) as base:
        return asyncio.run(run(Services(base)))


def with_endpoints(data_dir: Path, sub_app_id: int, use: Callable[[EndpointService, int], Awaitable[R]]) -> R:
    """Run ``use`` with the endpoints of a data folder and an application's real id (0: the main one)."""

    async def work(services: Services) -> R:
        application = await services.access.application(sub_app_id)
        return await use(services.endpoints, application.sub_app_id)

    return with_services(data_dir, work)


def show(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Print rows as a table, or as a JSON array."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        typer.echo("(none)")
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console(soft_wrap=not sys.stdout.isatty()).print(table)


def print_json(value: object) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False))
