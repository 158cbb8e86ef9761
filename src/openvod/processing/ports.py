"""Ports of the flow: programs, scratch folders and reviewers' frames."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from openvod.kinds.plan.model import Asset, Command
from openvod.kinds.results import ShareFiles


class Ending(StrEnum):
    """Why a program ended without doing its work."""

    FAILED = "failed"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out of memory"
    STALLED = "stalled"
    DEADLINE = "deadline"
    TOO_LARGE = "too large"
    DISK_FULL = "disk full"


class ProcessFailed(Exception):
    """A program that did not do its work.

    ``log`` is the end of what it said, ``signal`` what killed it, or 0, ``reached`` how far it came, in seconds.
    """

    def __init__(self, ending: Ending, log: str, signal: int = 0, reached: float = 0.0) -> None:
        super().__init__(f"{ending.value}: {log[-200:]}")
        self.ending = ending
        self.log = log
        self.signal = signal
        self.reached = reached


@dataclass(frozen=True)
class ProcessLimits:
    """What a program may use: wall seconds, seconds without progress, bytes of memory and of one file."""

    deadline: float
    stall: float
    memory: int
    file_size: int


#: Told the fraction done, 0 to 1; raises to end the program.
OnProgress = Callable[[float], Awaitable[None]]


class MediaProcess(Protocol):
    """Runs one command in a folder, without network, shell or more than its limits."""

    async def run(
        self, folder: str, command: Command, paths: Mapping[str, str], limits: ProcessLimits, on_progress: OnProgress
    ) -> str:
        """Return the end of the program's log; raises :class:`ProcessFailed`.

        ``paths`` are what the placeholders of the command stand for. Whatever ``on_progress`` raises ends the program
        with its whole group and comes out here.
        """
        ...


class JobFolder(Protocol):
    """A folder of its own for one job."""

    path: str

    async def put(self, asset: Asset, image_path: str) -> None:
        """Write a file that commands read: ``image_path`` is the stored picture of an image asset.

        Raises :class:`openvod.kinds.failure.Failure` for a picture, text or drawing that cannot be used.
        """
        ...

    def share(self, number: int, key: bytes) -> ShareFiles:
        """Return the files of one sub-task; ``key`` encrypts segments."""
        ...

    def frames(self, number: int) -> Sequence[str]:
        """Return the paths of the frames that a review looks at, in order."""
        ...

    def document(self, number: int, text: str) -> str:
        """Write a document that belongs to a review; return its path."""
        ...

    def share_path(self, number: int, name: str) -> str:
        """Return the path of one file of a sub-task."""
        ...


class ScratchSpace(Protocol):
    """Where jobs work; nothing in it outlives its task."""

    async def open(self, task_id: str, job: str, shares: Sequence[int]) -> JobFolder:
        """Return an empty folder; what an earlier attempt left is removed."""
        ...

    async def clear(self, task_id: str) -> None:
        """Remove everything of a task."""
        ...

    async def clear_all_but(self, task_ids: Sequence[str]) -> int:
        """Remove the folders of all other tasks; return how many."""
        ...
