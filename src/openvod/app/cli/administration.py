"""What the administrative commands share: an open installation, output for people and for programs.

Commands import what they run inside the function that runs it: ``--help`` and completion load none of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from openvod.base.errors import NotFound
from openvod.base.text import printable

if TYPE_CHECKING:
    from openvod.access.service import AccessService
    from openvod.app.services import Services
    from openvod.events.endpoints import EndpointService

R = TypeVar("R")
DataDir = Annotated[Path, typer.Option("--data-dir", help="Folder that holds everything.", envvar="OPENVOD_DATA_DIR")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DEFAULT_DATA_DIR = Path("openvod-data")


def with_access(data_dir: Path, use: Callable[[AccessService], Awaitable[R]], *, create: bool = False) -> R:
    """Run ``use`` with the access service of a data folder; see :func:`with_services`."""
    return with_services(data_dir, lambda services: use(services.access.applications), create=create)


def with_services(data_dir: Path, use: Callable[[Services], Awaitable[R]], *, create: bool = False) -> R:
    """Run ``use`` with the services of a data folder and its settings, on an open database.

    A server may run on it meanwhile. Only with ``create`` is a new installation made; otherwise a spelling mistake in
    the path raises ``NotFound("data_dir.missing")``.
    """
    if not create:
        existing(data_dir)
    import asyncio

    from openvod.access.service import ensure_defaults
    from openvod.app.foundation import Foundation
    from openvod.app.services import Services
    from openvod.app.settings import load_settings

    async def run(services: Services) -> R:
        await services.database.write(lambda tx: ensure_defaults(tx.access, services.clock.now()))
        return await use(services)

    with Foundation(data_dir, load_settings(data_dir)) as base:
        return asyncio.run(run(Services(base)))


def existing(data_dir: Path) -> Path:
    """Return a folder that holds an installation, or raise ``NotFound("data_dir.missing")``."""
    if not any((data_dir / name).exists() for name in ("root.key", "openvod.sqlite3", "blobs")):
        raise NotFound(
            "data_dir.missing",
            f"--data-dir {data_dir}: no installation in {data_dir.absolute()}; name the folder of yours, "
            "or make a new one with 'openvod serve' or 'openvod keys create'",
        )
    return data_dir


def with_endpoints(data_dir: Path, sub_app_id: int, use: Callable[[EndpointService, int], Awaitable[R]]) -> R:
    """Run ``use`` with the endpoints of a data folder and an application's real id (0: the main one)."""

    async def work(services: Services) -> R:
        application = await services.access.applications.application(sub_app_id)
        return await use(services.endpoints, application.sub_app_id)

    return with_services(data_dir, work)


def show(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Print rows as columns, or as a JSON array.

    Values are never cut or wrapped, since the next command needs them whole. On a terminal columns are aligned; in a
    pipe a tab stands between them.
    """
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo("(none)", err=True)
    else:
        lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
        for line in _aligned(lines) if sys.stdout.isatty() else lines:
            typer.echo("\t".join(line))


def _cell(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return printable(" ".join(text.split()))


def _aligned(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return [
        ["  ".join(text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)).rstrip()]
        for line in lines
    ]


def print_json(value: object) -> None:
    """Print one JSON document."""
    typer.echo(printable(json.dumps(value, ensure_ascii=False)))
