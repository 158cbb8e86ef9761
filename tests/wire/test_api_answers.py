"""Every action's answer, held against the type that the action declares (``support/server/answers.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openvod.surfaces.api.catalogue import declared_actions
from support.actions.calls import BEYOND, CALLS, EMPTY_POLL
from support.actions.transcript import run_table
from support.server import PlatformServer
from support.server.api import paced
from support.server.wire import Wire


class _Signed:
    """Calls by hand, which holds each answer against its type; ``held`` names the actions whose answer was."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.held: set[str] = set()

    def call(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """See :class:`support.actions.transcript.Client`."""
        answer = paced(self._wire, action, parameters)
        if error := answer.get("Error"):
            return {"error": error["Code"], "message": error["Message"], "requestId": answer["RequestId"]}
        self.held.add(action)
        return {"ok": answer}


def test_every_answer_is_of_its_type(tmp_path: Path, video: Path) -> None:
    """Each action, called as the table says, answers what it declares; an action without a row fails here."""
    calls = [call for call in (*CALLS, *BEYOND) if call is not EMPTY_POLL]
    with PlatformServer(tmp_path / "data", {"OPENVOD__TASKS__WORKERS": "0"}) as server:
        wire = Wire(server.url, server.create_key())
        client = _Signed(wire)
        with wire.http:
            lines = run_table(client, calls, server.url, video)
    assert [line.fault for line in lines if line.fault] == []
    assert client.held == {action.name for action in declared_actions()}
