"""``openvod adopt | restore``: the ways out when database, data folder and store do not belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openvod.app.cli.administration import DEFAULT_DATA_DIR, DataDir, existing

if TYPE_CHECKING:
    from openvod.app.foundation import Foundation
    from openvod.storage.installation import Installation

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def adopt(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    new_root_key: Annotated[
        bool, typer.Option("--new-root-key", help="Make another root key; stored secrets are lost.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Make database, data folder and store one installation, as they are; nothing is erased for some days."""
    from openvod.app.installation import adopt as adopt_all

    words = [
        "The database, the data folder and its store become one new installation, as they are.",
        "Another server that uses one of them is refused from its next start on.",
    ]
    if new_root_key:
        words.append("A new root key is made: secrets of keys and endpoints are lost, make them anew.")
    _take_over(data_dir, words, yes, lambda base: adopt_all(base, new_root_key=new_root_key))


def restore(data_dir: DataDir = DEFAULT_DATA_DIR, yes: Yes = False) -> None:
    """Accept a restored, older database beside newer files; nothing is erased for some days."""
    from openvod.app.installation import restore as restore_older

    words = [
        "The older database is accepted: what happened after its backup is forgotten.",
        "Files that it does not know go into quarantine; a newer database that is put back gets them again.",
    ]
    _take_over(data_dir, words, yes, restore_older)


def _take_over(data_dir: Path, words: list[str], yes: bool, take: Callable[[Foundation], Installation]) -> None:
    from openvod.app.foundation import Foundation
    from openvod.app.settings import load_settings

    base = Foundation(existing(data_dir), load_settings(data_dir))
    try:
        base.lock()
        base.open_whatever()
        days = base.settings.storage.quarantine_days
        for line in (*words, f"No byte is erased for {days:g} days (OPENVOD__STORAGE__QUARANTINE_DAYS)."):
            typer.echo(line, err=True)
        if not yes:
            typer.confirm("Go on?", abort=True, err=True)
        taken = take(base)
    finally:
        base.close()
    typer.echo(f"installation {taken.installation_id}")
