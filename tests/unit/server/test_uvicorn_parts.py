"""What is taken of uvicorn without a promise is known by name, and checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import uvicorn.protocols.http.httptools_impl as uvicorn_protocol

from openvod import server
from openvod.server.uvicorn_parts import MODULE, PARTS, missing_parts

#: How the room's code names uvicorn's objects.
_USES = re.compile(r"(?:\b_?cycle|\bconnection\.flow|\bself\.flow)\.(\w+)")


def test_the_installed_uvicorn_has_every_part() -> None:
    """Nothing is missing."""
    assert list(missing_parts()) == []


def test_what_the_room_uses_is_listed() -> None:
    """Each attribute of a cycle or a flow that the room's code names is one that is checked."""
    room = Path(str(server.__file__)).parent
    used = {name for path in room.glob("*.py") for name in _USES.findall(path.read_text())}
    assert used
    assert used <= {*PARTS["RequestResponseCycle"], *PARTS["FlowControl"]}


def test_a_part_that_went_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renamed class, attribute or method is found, as is a module that went."""

    class Renamed:
        def __init__(self) -> None:
            self.has_more_body = True

    monkeypatch.setattr(uvicorn_protocol, "RequestResponseCycle", Renamed)
    monkeypatch.delattr(uvicorn_protocol, "FlowControl")
    missing = missing_parts()
    assert "RequestResponseCycle.more_body" in missing
    assert "RequestResponseCycle.send" in missing
    assert "FlowControl" in missing
    monkeypatch.setattr("openvod.server.uvicorn_parts.MODULE", f"{MODULE}_that_went")
    assert list(missing_parts()) == [f"{MODULE}_that_went"]
