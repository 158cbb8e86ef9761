"""Ports of the flow: programs, scratch folders and reviewers' frames."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from openvod.kinds.plan.model import Asset, Command
from openvod.kinds.results import ShareFiles


class Ending(StrEnum):
    """Why a program failed."""

    FAILED = "failed"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out of memory"
    STALLED = "stalled"
    DEADLINE = "deadline"
    TOO_LARGE = "too large"
    DISK_FULL = "disk full"


class ProcessFailed(Exception):
    """A failed program.

    ``log`` is the end of its output, ``signal`` the signal that killed it or 0, ``reached`` its progress in seconds.
    """

    def __init__(self, ending: Ending, log: str, signal: int = 0, reached: float = 0.0) -> None:
        super().__init__(f"{ending.value}: {log[-200:]}")
        self.ending = ending
        self.log = log
        self.signal = signal
        self.reached = reached


@dataclass(frozen=True)
class ProcessLimits:
    """Limits of a program: wall seconds, seconds without progress, bytes of memory, of one file, of all its files."""

    deadline: float
    stall: float
    memory: int
    file_size: int
    folder_size: int


#: Receives the fraction done, 0 to 1; an exception ends the program.
OnProgress = Callable[[float], Awaitable[None]]


class MediaProcess(Protocol):
    """Runs one command in a folder, without a shell or network, within limits; it reads and writes no other files."""

    async def run(
        self, folder: str, command: Command, paths: Mapping[str, str], limits: ProcessLimits, on_progress: OnProgress
    ) -> str:
        """Return the end of the program's log; raises :class:`ProcessFailed`.

        ``paths`` are the values of the command's placeholders. An exception of ``on_progress`` ends the program with
        its process group and is raised here.
        """
        ...


class JobFolder(Protocol):
    """The scratch folder of one job."""

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
    """Scratch folders of jobs; each is deleted with its task."""

    async def open(self, task_id: str, job: str, shares: Sequence[int]) -> JobFolder:
        """Return an empty folder; files of an earlier attempt are deleted."""
        ...

    async def clear(self, task_id: str) -> None:
        """Delete every folder of a task."""
        ...

    async def clear_all_but(self, task_ids: Sequence[str]) -> int:
        """Remove the folders of all other tasks; return how many."""
        ...
