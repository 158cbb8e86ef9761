"""A database knows which data folder it belongs to, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openvod.app.foundation import Foundation
from openvod.app.installation import adopt, advance
from openvod.app.settings import Settings
from openvod.base.errors import OpenVodError
from support.server import run_async


def test_one_folder_and_one_database(database_url: str, tmp_path: Path) -> None:
    """A second folder on the same database is refused until it is adopted; from then on the first one is."""

    def opened(name: str) -> Foundation:
        return Foundation(tmp_path / name, Settings.model_validate({"database": {"url": database_url}}))

    def refused(name: str) -> str:
        with pytest.raises(OpenVodError) as error, opened(name):
            pass
        return error.value.code

    with opened("first") as first:
        assert run_async(advance(first))
    assert refused("second") == "installation.folder_missing"
    (tmp_path / "second" / "root.key").write_bytes((tmp_path / "first" / "root.key").read_bytes())
    (tmp_path / "second" / "root.key").chmod(0o600)
    second = opened("second")
    second.open_unchecked()
    adopt(second)
    second.close()
    with opened("second") as second:
        assert run_async(advance(second))
    assert refused("first") == "installation.differs"


def test_servers_that_start_first_at_once(database_url: str, tmp_path: Path) -> None:
    """Of two folders that begin on one empty database at the same moment, one gets it."""

    def start(name: str) -> str:
        try:
            with Foundation(tmp_path / name, Settings.model_validate({"database": {"url": database_url}})):
                return "started"
        except OpenVodError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(start, ["first", "second"]))
    assert sorted(told)[-1] == "started"
    assert told.count("started") == 1
