"""Every official client through every scenario that applies to it; ``make test-clients`` prints the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.drivers.base import Driver
from clients.drivers.browser import BrowserDriver, Browsers, CosJs
from clients.matrix import CELLS, Cell
from clients.play import play
from clients.stage import Stage, open_stage
from support.certificates import Certificates

pytestmark = [pytest.mark.clients, pytest.mark.browser, pytest.mark.slow]
_APPLICABLE = [
    pytest.param(cell, id=cell.name, marks=pytest.mark.xdist_group(cell.client.group))
    for cell in CELLS
    if not cell.why_not
]


@pytest.fixture(scope="session")
def stage(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates, video: Path, cover: Path
) -> Iterator[Stage]:
    """What all clients play on."""
    with open_stage(tmp_path_factory.mktemp("stage"), certificates, video, cover) as opened:
        yield opened


@pytest.fixture(scope="session")
def driver(stage: Stage, packages: Path) -> Iterator[Callable[[type[Driver]], Driver]]:
    """Make drivers; those of the browser share its Chromiums."""
    with Browsers(stage) as browsers:

        def make(client: type[Driver]) -> Driver:
            if issubclass(client, BrowserDriver | CosJs):
                return client(packages, browsers)
            return client(packages)

        yield make


@pytest.mark.parametrize("cell", _APPLICABLE)
def test_cell(cell: Cell, stage: Stage, driver: Callable[[type[Driver]], Driver], tmp_path: Path) -> None:
    """The stored bytes are the file's with one file and one event, or the client shows the refusal."""
    play(stage, driver(cell.client), cell.scenario, tmp_path)
