"""Helpers of administrative commands: an open installation, and output for people and for programs.

Commands import their services inside the function that runs them, so that ``--help`` and completion load none.
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

    A server may run at the same time. Only ``create`` makes a new installation; without it a wrong path raises
    ``NotFound("data_dir.missing")``.
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

    Values are never truncated or wrapped, because they are arguments of other commands. Columns are aligned on a
    terminal and separated by tabs in a pipe.
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
