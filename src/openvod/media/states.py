"""The state of a file as a pure function of its rows; console, player, command line and API use the same names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from openvod.base.ports import Clock, UnitOfWork
from openvod.events.ports import EventTables
from openvod.kinds.probe import ProbeResult
from openvod.media.figures import FigureTables
from openvod.media.model import FORBIDDEN, MediaAsset, MediaOutput, ProbeState
from openvod.media.playable import Hindrance, HindranceKind, hindrance, plays_processed
from openvod.media.ports import MediaTables
from openvod.tasks.model import Task
from openvod.tasks.ports import TaskTables

_LATEST_TASKS = 20
_UNPROBED = {"media.probe_timeout": "probe_timeout"}


class FileState(StrEnum):
    """The state of a file.

    ``CHECKING``: it is committed, and not probed yet. ``PROCESSING``: a task flow runs or waits. ``READY``: it plays,
    or is a picture. ``NOT_PLAYABLE``: browsers do not play it, and nothing that plays was made of it. ``DAMAGED``: no
    media can be read in it. ``BLOCKED``: it was taken out of playback. ``DELETED``: only its story is left.
    """

    CHECKING = "checking"
    PROCESSING = "processing"
    READY = "ready"
    NOT_PLAYABLE = "not_playable"
    DAMAGED = "damaged"
    BLOCKED = "blocked"
    DELETED = "deleted"


@dataclass(frozen=True)
class FileStatus:
    """A state with what explains it.

    ``percent`` is that of the flows on their way. ``reason`` names why, empty where nothing has to be explained: a
    :class:`HindranceKind`, ``malformed``, ``probe_timeout``, ``probe_failed`` or ``no_original``; ``detail`` is the
    container or codec that it speaks of. ``playable``: something of the file plays now, while flows run as well.
    """

    state: FileState
    percent: int = 0
    reason: str = ""
    detail: str = ""
    playable: bool = False


def file_status(asset: MediaAsset | None, outputs: Sequence[MediaOutput], flows: Sequence[int]) -> FileStatus:
    """Return the state of a file; ``flows`` are the percentages of its unfinished tasks."""
    if asset is None:
        return FileStatus(FileState.DELETED)
    if asset.status == FORBIDDEN:
        return FileStatus(FileState.BLOCKED)
    if asset.probe_state is ProbeState.PENDING:
        return FileStatus(FileState.CHECKING)
    error = str(asset.probe.get("error") or "malformed") if asset.probe_state is ProbeState.FAILED else ""
    if error == "media.malformed":
        return FileStatus(FileState.DAMAGED, reason="malformed")
    hindered = _hindrance(asset) if not error else Hindrance(HindranceKind.CONTAINER)
    plays = plays_processed(asset, outputs) or (asset.has_original and hindered is None)
    if flows:
        return FileStatus(FileState.PROCESSING, sum(flows) // len(flows), playable=plays)
    if plays or asset.category == "Image":
        return FileStatus(FileState.READY, playable=plays)
    if error:
        return FileStatus(FileState.NOT_PLAYABLE, reason=_UNPROBED.get(error, "probe_failed"))
    if not asset.has_original:
        return FileStatus(FileState.NOT_PLAYABLE, reason="no_original")
    return FileStatus(FileState.NOT_PLAYABLE, reason=hindered.kind.value if hindered else "", detail=_name_of(hindered))


def _hindrance(asset: MediaAsset) -> Hindrance | None:
    return hindrance(ProbeResult.from_json(asset.probe)) if asset.probe else None


def _name_of(hindered: Hindrance | None) -> str:
    return hindered.name if hindered else ""


_WORDS = {
    FileState.CHECKING: "Checking",
    FileState.PROCESSING: "Processing",
    FileState.READY: "Ready",
    FileState.NOT_PLAYABLE: "Not playable here",
    FileState.DAMAGED: "Damaged",
    FileState.BLOCKED: "Blocked",
    FileState.DELETED: "Deleted",
}
_REASONS = {
    HindranceKind.ENCRYPTED.value: "encrypted",
    HindranceKind.CONTAINER.value: "browsers do not open {}",
    HindranceKind.VIDEO_CODEC.value: "browsers do not play {} pictures",
    HindranceKind.PIXEL_FORMAT.value: "browsers do not play {} pictures",
    HindranceKind.AUDIO_CODEC.value: "browsers do not play {} sound",
    "malformed": "no media can be read in it",
    "probe_timeout": "reading it took too long",
    "probe_failed": "reading it failed",
    "no_original": "the original was deleted",
}


def sentence(status: FileStatus) -> str:
    """Return a state in plain English, with why: ``Not playable here (browsers do not play hevc pictures)``."""
    words = _WORDS[status.state]
    if status.state is FileState.PROCESSING:
        return f"{words} {status.percent} %"
    reason = _REASONS.get(status.reason, "").format(status.detail or "it")
    return f"{words} ({reason})" if reason else words


class StateTx(Protocol):
    """A transaction over the tables that a file's state follows from."""

    @property
    def media(self) -> MediaTables:
        """Files and results."""
        ...

    @property
    def tasks(self) -> TaskTables:
        """Task flows."""
        ...

    @property
    def figures(self) -> FigureTables:
        """How far they are."""
        ...

    @property
    def events(self) -> EventTables:
        """What remembers deleted files."""
        ...


def status_in(tx: StateTx, sub_app_id: int, file_id: str, now: float) -> FileStatus | None:
    """Return the state of an application's file, or None when no such file ever existed."""
    found = tx.media.assets(sub_app_id, [file_id], now)
    if not found:
        first = tx.events.events(0, 1, file_id)
        return file_status(None, (), ()) if first and first[0].sub_app_id == sub_app_id else None
    return file_status(found[0], tx.media.outputs(file_id), percents_of(tx, file_id))


def percents_of(tx: StateTx, file_id: str) -> list[int]:
    """Return how far the tasks of a file are that have not ended."""
    running: list[Task] = [
        each for each in tx.tasks.tasks(file_id=file_id, limit=_LATEST_TASKS) if not each.status.terminal
    ]
    progress = tx.figures.progress([each.task_id for each in running]) if running else {}
    return [progress[each.task_id].percent if each.task_id in progress else 0 for each in running]


class FileStates:
    """Returns the states of files."""

    def __init__(self, uow: UnitOfWork[StateTx], clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def states(self, sub_app_id: int, file_ids: Collection[str]) -> dict[str, FileStatus]:
        """Return the state of each file of which anything is known, in the order asked for."""
        now = self._clock.now()

        def work(tx: StateTx) -> dict[str, FileStatus]:
            found = {file_id: status_in(tx, sub_app_id, file_id, now) for file_id in dict.fromkeys(file_ids)}
            return {file_id: status for file_id, status in found.items() if status}

        return await self._uow.read(work)
