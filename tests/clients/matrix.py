"""The cells of the matrix, and how it is printed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clients.drivers import DRIVERS
from clients.drivers.base import Driver
from clients.play import MARKS
from clients.scenarios import SCENARIOS, Scenario


@dataclass(frozen=True)
class Cell:
    """One client in one scenario."""

    client: type[Driver]
    scenario: Scenario

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.client.name}/{self.scenario.name}".replace(" ", "-")

    @property
    def why_not(self) -> str:
        """Why it does not apply; empty when it does."""
        return self.client.why_not(self.scenario)


CELLS = tuple(Cell(client, scenario) for client in DRIVERS for scenario in SCENARIOS)


def due(cells: Iterable[Cell], share: str) -> list[Cell]:
    """Return the part of the cells that a share such as ``1/2`` names; all shares together are all cells."""
    number, of = (int(each) for each in share.split("/"))
    return [cell for cell in cells if zlib.crc32(cell.name.encode()) % of == number - 1]


def render(verdicts: Mapping[str, str], shown: Mapping[str, str]) -> Iterable[str]:
    """Yield the lines of the matrix: a row for each scenario, a column for each client, then reasons and the sum.

    ``shown`` is what clients showed their users for a file that is too large.
    """
    reasons: dict[str, int] = {}
    width = max(len(scenario.name) for scenario in SCENARIOS)
    for number, client in enumerate(DRIVERS, 1):
        yield f"client {number:>2}: {client.name}"
    yield " " * width + "".join(f"{number:>8}" for number in range(1, len(DRIVERS) + 1))
    for scenario in SCENARIOS:
        marks = []
        for client in DRIVERS:
            cell = Cell(client, scenario)
            mark = verdicts.get(cell.name, "-")
            if cell.why_not:
                mark = f"n.a.{reasons.setdefault(cell.why_not, len(reasons) + 1)}"
            marks.append(f"{mark:>8}")
        yield scenario.name.ljust(width) + "".join(marks)
    yield from (f"n.a.{number}: {reason}" for reason, number in reasons.items())
    yield from (f"pass{mark}: {meaning}" for mark, meaning in MARKS.items())
    yield from (f"too large, {cell.partition('/')[0]}: {words}" for cell, words in shown.items())
    counts = [sum(v.startswith(verdict) for v in verdicts.values()) for verdict in ("pass", "FAIL")]
    yield "{} passed, {} failed".format(*counts)
