"""``openvod adopt | restore``: repairs for a database, data folder and store of different installations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openvod.app.cli.administration import DEFAULT_DATA_DIR, DataDir, existing

if TYPE_CHECKING:
    from openvod.app.foundation import Foundation
    from openvod.storage.installation import Installation

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


def adopt(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    new_root_key: Annotated[
        bool, typer.Option("--new-root-key", help="Create a new root key; stored secrets are lost.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Make database, data folder and store one new installation; no file is deleted during the quarantine period."""
    from openvod.app.installation import adopt as adopt_all

    words = [
        "The database, the data folder and the store become one new installation.",
        "Other servers that use one of them are refused at their next start.",
    ]
    if new_root_key:
        words.append("A new root key is created: the secrets of keys and endpoints are lost; create them again.")
    _take_over(data_dir, words, yes, lambda base: adopt_all(base, new_root_key=new_root_key))


def restore(data_dir: DataDir = DEFAULT_DATA_DIR, yes: Yes = False) -> None:
    """Accept a restored, older database; files that it does not know are quarantined, not deleted."""
    from openvod.app.installation import restore as restore_older

    words = [
        "The older database is accepted: changes since its backup are lost.",
        "Files that it does not know move into quarantine; restoring a newer database brings them back.",
    ]
    _take_over(data_dir, words, yes, restore_older)


def _take_over(data_dir: Path, words: list[str], yes: bool, take: Callable[[Foundation], Installation]) -> None:
    from openvod.app.foundation import Foundation
    from openvod.app.settings import load_settings

    base = Foundation(existing(data_dir), load_settings(data_dir))
    try:
        base.lock()
        base.open_unchecked()
        days = base.settings.storage.quarantine_days
        for line in (*words, f"No file is deleted for {days:g} days (OPENVOD__STORAGE__QUARANTINE_DAYS)."):
            typer.echo(line, err=True)
        if not yes:
            typer.confirm("Go on?", abort=True, err=True)
        taken = take(base)
    finally:
        base.close()
    typer.echo(f"installation {taken.installation_id}")
