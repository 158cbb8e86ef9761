"""What a driver is: one official client behind one interface. Adding a client means adding one of these."""

from __future__ import annotations

import json
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from clients.scenarios import Scenario
from clients.stage import Stage

#: What no client can show for now.
NOT_YET: dict[str, str] = {"manifest": "no HLS directory upload in this client"}
if "OPENVOD_LARGE" not in os.environ:
    NOT_YET["20 GB"] = "minutes for each client: `make test-large` runs it"
PROGRAMS = Path(__file__).parents[1] / "programs"


@dataclass(frozen=True)
class Job:
    """One upload that a client is asked for. ``state`` is the folder for what the client remembers between runs."""

    media: Path | None
    cover: Path | None
    state: Path
    file_id: str = ""


@dataclass(frozen=True)
class Outcome:
    """How an upload ended for the app: ids and addresses, or ``error``, which is what the client showed."""

    file_id: str = ""
    media_url: str = ""
    cover_url: str = ""
    error: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Outcome:
        """Read the object that programs and pages report."""
        return cls(*(str(said.get(name) or "") for name in ("fileId", "mediaUrl", "coverUrl", "error")))


class Run(ABC):
    """An upload on its way."""

    @abstractmethod
    def wait(self, timeout: float) -> Outcome:
        """Wait for the end."""

    @abstractmethod
    def kill(self) -> None:
        """End the client without a word; what it remembers on disk stays."""

    def strike(self) -> bool:
        """Send SIGKILL from another thread than the one that waits, which sees the end; false if it had ended."""
        raise NotImplementedError

    @abstractmethod
    def tell(self, command: str, *arguments: object) -> None:
        """Have the app ``pause``, ``proceed``, ``cancel``, ``reload``, start ``again``, or ``shift`` its clock."""

    def close(self) -> None:
        """Release what is left of it."""
        self.kill()


class Driver:
    """One client. ``lacks`` maps needs of scenarios, or their names, to the reason why they do not apply."""

    name: str
    #: Clients of one group share a test process.
    group = "programs"
    lacks: ClassVar[Mapping[str, str]] = {}
    #: Speaks API 3.0 with the secret key itself, so that refusals carry API codes.
    speaks_api: bool = False
    #: Speaks to storage alone, so that refusals carry storage's codes.
    stores_only: bool = False
    #: Scenarios that end in another refusal here than in general (``""``: that succeed); each with a comment why.
    differs: ClassVar[Mapping[str, str]] = {}

    def __init__(self, packages: Path) -> None:
        self.packages = packages

    @classmethod
    def why_not(cls, scenario: Scenario) -> str:
        """Return why a scenario does not apply; empty when it does."""
        wanted = [scenario.name, *scenario.needs]
        if scenario.cover:
            wanted.append("cover")
        if scenario.resumes:
            wanted.append("resume")
        return next((cls.lacks[need] for need in wanted if need in cls.lacks), "")

    def refusal(self, scenario: Scenario) -> str:
        """Return the words that the client must show at the end; empty when it must succeed."""
        if scenario.name in self.differs:
            return self.differs[scenario.name]
        if scenario.refusal is None:
            return ""
        if self.stores_only:
            return scenario.refusal.storage
        return scenario.refusal.api if self.speaks_api else scenario.refusal.ugc

    def display_name(self, media: Path) -> str:
        """The name that the stored file has: most clients announce that of the file without its extension."""
        return media.name.rpartition(".")[0]

    def begin(self, stage: Stage) -> None:
        """Forget everything that earlier scenarios left on the client's side."""

    def start(self, stage: Stage, job: Job) -> Run:
        """Start an upload."""
        raise NotImplementedError

    def check(self, stage: Stage) -> None:
        """Assert what only this client's calls must show, after it has succeeded."""

    def end(self) -> None:
        """Release what ``begin`` made."""


class ProgramRun(Run):
    """A client in a process: reads commands as lines on standard input, prints one JSON object at the end."""

    def __init__(self, command: Sequence[str], request: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [*command, json.dumps(request)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(environment),
        )

    def wait(self, timeout: float) -> Outcome:
        """Wait for the program's last line."""
        output, errors = self._process.communicate(timeout=timeout)
        lines = output.splitlines()
        if not lines:
            raise AssertionError(f"the client said nothing: {errors[-3000:]}")
        return Outcome.of(json.loads(lines[-1]))

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.communicate()

    def strike(self) -> bool:
        """SIGKILL, and no more."""
        alive = self._process.poll() is None
        self._process.kill()
        return alive

    def tell(self, command: str, *arguments: object) -> None:
        """Write a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, [command, *arguments])) + "\n")
        self._process.stdin.flush()
