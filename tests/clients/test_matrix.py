"""Every official client through every scenario that applies to it; ``make test-clients`` prints the matrix."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.drivers.base import Driver
from clients.matrix import CELLS, Cell, due
from clients.play import play
from clients.scenarios import TOO_LARGE
from clients.stage import Stage

pytestmark = [pytest.mark.clients, pytest.mark.browser, pytest.mark.slow]
_APPLICABLE = [
    pytest.param(
        cell,
        id=cell.name,
        marks=[pytest.mark.xdist_group(cell.client.group), pytest.mark.timeout(cell.scenario.seconds * 1.5)],
    )
    for cell in due(CELLS, os.environ.get("OPENVOD_MATRIX_SHARE", "1/1"))
    if not cell.why_not
]


@pytest.mark.parametrize("cell", _APPLICABLE)
def test_cell(
    cell: Cell,
    stage: Stage,
    driver: Callable[[type[Driver]], Driver],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The stored bytes are the file's with one file and one event, or the client shows the refusal."""
    played = play(stage, driver(cell.client), cell.scenario, tmp_path)
    record_property("mark", played.mark)
    if cell.scenario.name == TOO_LARGE:
        record_property("shown", f"{played.shown} [{played.stored} bytes on disk]")
