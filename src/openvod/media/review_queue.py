"""The review queue: files whose newest review asks for a person, and what people decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from openvod.base.errors import NotFound
from openvod.base.ports import Clock, UnitOfWork
from openvod.media.figures import FigureTx
from openvod.media.model import FORBIDDEN, NORMAL, MediaAsset
from openvod.media.outputs import forbid, recover
from openvod.media.ports import LibraryTx
from openvod.tasks.model import SubTask, SubTaskStatus

_NEWEST_TASKS = 20


@dataclass(frozen=True)
class ReviewDecision:
    """What a person decided over a file, ``decided_at`` in Unix seconds."""

    file_id: str
    decided_at: float
    sub_app_id: int
    accepted: bool
    decided_by: str
    note: str


@dataclass(frozen=True)
class Evidence:
    """A suspicious part of a file; times in seconds, ``picture`` is an address that ends soon, empty without one."""

    start: float
    end: float
    label: str
    confidence: float
    suggestion: str
    picture: str


@dataclass(frozen=True)
class ReviewItem:
    """A file in the queue."""

    asset: MediaAsset
    task_id: str
    evidence: Sequence[Evidence]
    decisions: Sequence[ReviewDecision]


class ReviewTables(Protocol):
    """The queue and the decisions inside one transaction."""

    def waiting(self, sub_app_id: int, after: tuple[float, str] | None, limit: int) -> Sequence[MediaAsset]:
        """Return files without a decision since their newest review, the newest first."""
        ...

    def put_decision(self, decision: ReviewDecision) -> None:
        """Insert."""
        ...

    def decisions(self, file_id: str) -> Sequence[ReviewDecision]:
        """Return what was decided over a file, by age."""
        ...


class ReviewTx(LibraryTx, FigureTx, Protocol):
    """A transaction over the queue, the files and their tasks."""

    @property
    def reviews(self) -> ReviewTables:
        """The queue."""
        ...


class ReviewQueue:
    """Shows what reviews found and carries out what people decide. ``fresh`` signs an address of evidence anew."""

    def __init__(self, uow: UnitOfWork[ReviewTx], clock: Clock, fresh: Callable[[str], str]) -> None:
        self._uow = uow
        self._clock = clock
        self._fresh = fresh

    async def waiting(self, sub_app_id: int, after: tuple[float, str] | None, limit: int) -> Sequence[ReviewItem]:
        """Return a page of the queue, the newest file first."""

        def work(tx: ReviewTx) -> Sequence[ReviewItem]:
            return [self._item(tx, asset) for asset in tx.reviews.waiting(sub_app_id, after, limit)]

        return await self._uow.read(work)

    async def item(self, sub_app_id: int, file_id: str) -> ReviewItem:
        """Return what is known of one file, decided or not; ``NotFound("media.unknown")``."""
        return await self._uow.read(lambda tx: self._item(tx, _known(tx, sub_app_id, file_id)))

    async def decide(self, sub_app_id: int, file_id: str, *, accepted: bool, by: str, note: str = "") -> ReviewDecision:
        """Write a decision down, and take the file out of playback or give it back, in one transaction."""
        now = self._clock.now()
        decision = ReviewDecision(file_id, now, sub_app_id, accepted, by, note)

        def work(tx: ReviewTx) -> None:
            _known(tx, sub_app_id, file_id)
            asset = tx.media.asset(file_id, lock=True)
            if asset and asset.status != (NORMAL if accepted else FORBIDDEN):
                (recover if accepted else forbid)(tx, asset, now)
            tx.reviews.put_decision(decision)

        await self._uow.write(work)
        return decision

    def _item(self, tx: ReviewTx, asset: MediaAsset) -> ReviewItem:
        reviews = [
            subtask
            for task in tx.tasks.tasks(file_id=asset.file_id, limit=_NEWEST_TASKS)
            for subtask in tx.tasks.subtasks(task.task_id)
            if subtask.kind.is_review and subtask.status is SubTaskStatus.SUCCESS and subtask.output
        ]
        newest = max(reviews, key=lambda each: each.finished_at or 0.0, default=None)
        evidence = [self._evidence(each) for each in _segments(newest)]
        decisions = tx.reviews.decisions(asset.file_id)
        return ReviewItem(asset, newest.task_id if newest else "", evidence, decisions)

    def _evidence(self, segment: Mapping[str, Any]) -> Evidence:
        key = urlsplit(str(segment.get("Url", ""))).path.lstrip("/")
        return Evidence(
            float(segment["StartTimeOffset"]),
            float(segment["EndTimeOffset"]),
            str(segment.get("SubLabel") or segment["Label"]),
            float(segment["Confidence"]),
            str(segment["Suggestion"]),
            self._fresh(key) if key else "",
        )


def _segments(newest: SubTask | None) -> Sequence[Mapping[str, Any]]:
    return () if newest is None or newest.output is None else newest.output.get("SegmentSet") or ()


def _known(tx: ReviewTx, sub_app_id: int, file_id: str) -> MediaAsset:
    asset = tx.media.asset(file_id)
    if asset is None or asset.sub_app_id != sub_app_id:
        raise NotFound("media.unknown", f"FileId {file_id[:40]!r} does not exist in this application", field="fileId")
    return asset
