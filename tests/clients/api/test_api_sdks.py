"""Every action of section 1 through every official API SDK; the matrix is printed at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from clients.api.sdks import SDKS, Sdk
from support.actions.calls import ACTIONS, CALLS
from support.actions.transcript import Line

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(600)]
_CELLS = [
    pytest.param(sdk, action, id=f"{sdk.name}/{action}".replace(" ", "-"), marks=pytest.mark.xdist_group(sdk.name))
    for sdk in SDKS
    for action in ACTIONS
]


@pytest.mark.parametrize(("sdk", "action"), _CELLS)
def test_cell(
    sdk: Sdk,
    action: str,
    transcript: Callable[[Sdk], Sequence[Line]],
    record_property: Callable[[str, object], None],
) -> None:
    """The call succeeds and shows what it should in the SDK's own types; the refusal surfaces with its code."""
    record_property("api cell", (sdk.name, action))
    lines = [line for line in transcript(sdk) if line.call.action == action]
    faults = [line.fault for line in lines if line.fault]
    if lines and all(line.lacks for line in lines):
        record_property("verdict", "n.a.")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("sdk", [pytest.param(s, id=s.name, marks=pytest.mark.xdist_group(s.name)) for s in SDKS])
def test_what_an_sdk_lacks_is_known(
    sdk: Sdk, transcript: Callable[[Sdk], Sequence[Line]], record_property: Callable[[str, object], None]
) -> None:
    """No cell is left out but for what is written down as missing in that version."""
    lacks = {line.lacks for line in transcript(sdk) if line.lacks}
    if lacks:
        record_property("api lacks", (sdk.name, ", ".join(sorted(lacks))))
    assert lacks == sdk.lacks


def test_every_action_has_its_rows() -> None:
    """Each action of section 1 has a call that succeeds and one that is refused, and no other action has rows."""
    succeed = {call.action for call in CALLS if not call.codes}
    refused = {call.action for call in CALLS if call.codes}
    assert sorted(set(ACTIONS) - succeed) == []
    assert sorted(set(ACTIONS) - refused) == []
    assert succeed | refused == set(ACTIONS)
