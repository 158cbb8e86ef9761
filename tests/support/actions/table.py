"""What a row of the table of calls is, and how one is judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: What earlier answers held, by the names that later rows use.
Memory = dict[str, Any]
#: In ``shows``: a member is there, whatever it holds.
THERE = object()
_PLACE = re.compile(r"\{([a-z_]+)(\.text)?\}")


@dataclass(frozen=True)
class Call:
    """One call, for every client.

    ``parameters`` and ``shows`` may have places: ``"{file_id}"`` is what an earlier row kept, in its own type;
    ``"{file_id.text}"`` the same as a text. ``codes`` are those of which one must surface; none: the call succeeds.
    ``keeps`` and ``shows`` go by paths in the answer, such as ``TaskSet.0.TaskId``. ``stores``: the file is put where
    ApplyUpload said first. ``patient``: repeated until the answer shows what it should, as who polls does.
    """

    action: str
    parameters: Mapping[str, Any]
    codes: tuple[str, ...] = ()
    keeps: Mapping[str, str] = field(default_factory=dict)
    shows: Mapping[str, Any] = field(default_factory=dict)
    stores: bool = False
    patient: bool = False


def filled(value: Any, memory: Memory) -> Any:
    """Return ``value`` with its places filled; raises ``KeyError`` when an earlier row did not keep what is needed."""
    if isinstance(value, Mapping):
        return {name: filled(each, memory) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, memory) for each in value]
    if not isinstance(value, str):
        return value
    if (whole := _PLACE.fullmatch(value)) and not whole[2]:
        return memory[whole[1]]
    return _PLACE.sub(lambda place: str(memory[place[1]]), value)


def at(answer: Any, path: str) -> Any:
    """Return what lies at a path of names and numbers; ``None`` when nothing does."""
    for step in path.split("."):
        if isinstance(answer, Mapping):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdigit() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer


def fault(call: Call, said: Mapping[str, Any], memory: Memory) -> str:
    """Return what is wrong with the answer to a call; empty when nothing is."""
    if call.codes:
        return _fault_of_refusal(call, said)
    if "ok" not in said:
        return f"{call.action} failed: {said}"
    for path, wanted in call.shows.items():
        expected, found = wanted if wanted is THERE else filled(wanted, memory), at(said["ok"], path)
        # SDKs leave empty lists out of what they decoded.
        if not (found is not None if expected is THERE else found == expected or (expected == [] and not found)):
            return f"{call.action} answered {path} = {found!r} instead of {expected!r}"
    lost = [path for path in call.keeps.values() if at(said["ok"], path) is None]
    return f"{call.action} answered no {', '.join(lost)}" if lost else ""


def _fault_of_refusal(call: Call, said: Mapping[str, Any]) -> str:
    if said.get("error") not in call.codes:
        return f"{call.action} gave {said} instead of {' or '.join(call.codes)}"
    if not said.get("message") or not said.get("requestId"):
        return f"{call.action} was refused without message or request id: {said}"
    return ""
