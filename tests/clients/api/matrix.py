"""The matrix of actions and SDKs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clients.api.sdks import SDKS
from support.actions.calls import ACTIONS


def render(verdicts: Mapping[tuple[str, str], str], lacks: Mapping[str, str]) -> Iterable[str]:
    """Yield the matrix: a row for each action, a column for each SDK; then what SDKs lack, then the sum.

    ``verdicts`` go by the names of SDK and action; ``lacks`` are lists of names by the SDK's name.
    """
    width = max(map(len, ACTIONS))
    yield " " * width + "".join(f"{sdk.name:>16}" for sdk in SDKS)
    for action in ACTIONS:
        yield action.ljust(width) + "".join(f"{verdicts.get((sdk.name, action), '-'):>16}" for sdk in SDKS)
    yield from (f"n.a. in {name}, which lacks: {names}" for name, names in lacks.items())
    counts = [list(verdicts.values()).count(verdict) for verdict in ("pass", "FAIL", "n.a.")]
    yield "{} passed, {} failed, {} not in the SDK".format(*counts)
