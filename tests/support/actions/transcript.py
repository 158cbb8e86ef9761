"""The table of calls, run once by one client."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from openvod.signing import cos
from support.actions.table import Call, Memory, at, fault, filled

_PATIENCE_SECONDS = 20.0


class Client(Protocol):
    """Calls actions with its own key: an official SDK, or a call signed by hand."""

    def call(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make one call and return what came of it: ``ok``, ``error`` or ``lacks``."""
        ...


@dataclass(frozen=True)
class Line:
    """A call, and how it went: ``fault`` is empty when it went well, ``lacks`` what the client does not know."""

    call: Call
    fault: str = ""
    lacks: str = ""


@dataclass(frozen=True)
class Missing:
    """Stands in the memory for what a client could not ask for."""

    what: str


def run_table(client: Client, calls: Iterable[Call], url: str, clip: Path) -> Sequence[Line]:
    """Make calls of the table, in order; ``url`` is the platform's address, ``clip`` what is uploaded."""
    memory: Memory = {}
    lines: list[Line] = []
    for call in calls:
        line = _run(call, client, memory, url, clip)
        if line.lacks:
            memory.update(dict.fromkeys(call.keeps, Missing(line.lacks)))
        lines.append(line)
    return lines


def _run(call: Call, client: Client, memory: Memory, url: str, clip: Path) -> Line:
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
        said = client.call(call.action, parameters)
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
