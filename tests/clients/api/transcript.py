"""The table of calls, run once by one SDK; and the matrix of all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from clients.api.calls import ACTIONS, CALLS
from clients.api.sdks import SDKS, Program
from clients.api.table import Call, Memory, at, fault, filled
from openvod.signing import cos

_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Line:
    """A call, and how it went: ``fault`` is empty when it went well, ``lacks`` what the SDK does not know."""

    call: Call
    fault: str = ""
    lacks: str = ""


@dataclass(frozen=True)
class Missing:
    """Stands in the memory for what an SDK could not ask for."""

    what: str


def run_table(program: Program, url: str, clip: Path) -> Sequence[Line]:
    """Make every call of the table; ``url`` is the platform's address, ``clip`` what is uploaded."""
    memory: Memory = {}
    lines: list[Line] = []
    for call in CALLS:
        line = _run(call, program, memory, url, clip)
        if line.lacks:
            memory.update(dict.fromkeys(call.keeps, Missing(line.lacks)))
        lines.append(line)
    return lines


def _run(call: Call, program: Program, memory: Memory, url: str, clip: Path) -> Line:
    try:
        if call.stores:
            _store(url, memory, clip)
        parameters = filled(call.parameters, memory)
    except KeyError as error:
        return Line(call, f"{call.action} needs {error} of an earlier call, which failed")
    if missing := next(_missing(parameters), None):
        return Line(call, lacks=missing.what)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        said = program.call(call.action, parameters)
        if "lacks" in said:
            return Line(call, lacks=said["lacks"])
        wrong = fault(call, said, memory)
        if not (wrong and call.patient and "ok" in said) or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    if not wrong:
        memory.update({name: at(said["ok"], path) for name, path in call.keeps.items()})
    return Line(call, wrong)


def _missing(value: Any) -> Iterator[Missing]:
    if isinstance(value, Missing):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _missing(each)


def _store(url: str, memory: Memory, clip: Path) -> None:
    """Put the clip where ApplyUpload said, with the credential that it gave."""
    given: Mapping[str, Any] = memory["credential"]
    path = f"/{memory['bucket']}{memory['key']}"
    body, now = clip.read_bytes(), int(time.time())
    signed = {"host": httpx.URL(url).netloc.decode(), "content-length": str(len(body))}
    authorization = cos.sign(
        given["SecretId"], given["SecretKey"], method="PUT", path=path, query=[], headers=signed, start=now - 5,
        end=now + 600,
    )  # fmt: skip
    headers = {"Authorization": authorization, "x-cos-security-token": given["Token"]}
    httpx.put(url + path, content=body, headers=headers).raise_for_status()


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
