"""Figures of an application for people: what came in, what waits, what failed. Cheap with any number of files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from openvod.base.ports import Clock, UnitOfWork
from openvod.tasks.model import Task, TaskStatus

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Uploads:
    """Files that are there and came in on a day (days since 1970, UTC)."""

    day: int
    files: int
    size: int


@dataclass(frozen=True)
class Progress:
    """How far a task is: ``percent`` is the mean of its sub-tasks."""

    percent: int
    total: int
    done: int
    failed: int


@dataclass(frozen=True)
class Overview:
    """What a dashboard shows of an application.

    ``failures``: sub-tasks that failed within a day; ``dead_letters``: events that endpoints will not get.
    """

    uploads: Sequence[Uploads]
    files: int
    size: int
    waiting: int
    processing: int
    failures: int
    dead_letters: int
    reviews: int


@dataclass(frozen=True)
class DiskSpace:
    """Bytes of the file system that holds the data folder."""

    total: int
    free: int


class Disk(Protocol):
    """The file system that holds everything."""

    def space(self) -> DiskSpace:
        """Return how much there is and how much is free."""
        ...


class FigureTables(Protocol):
    """Sums over rows of other rooms."""

    def uploads(self, sub_app_id: int, since: float) -> Sequence[Uploads]:
        """Return files and bytes by day from a moment on; days without uploads are left out."""
        ...

    def totals(self, sub_app_id: int) -> tuple[int, int]:
        """Return files and bytes."""
        ...

    def open_tasks(self, sub_app_id: int) -> Mapping[TaskStatus, int]:
        """Count tasks that have not ended."""
        ...

    def failures(self, sub_app_id: int, since: float) -> int:
        """Count sub-tasks that failed from a moment on."""
        ...

    def dead_letters(self, sub_app_id: int) -> int:
        """Count events that were given up."""
        ...

    def waiting_reviews(self, sub_app_id: int) -> int:
        """Count files that wait for a person's decision."""
        ...

    def progress(self, task_ids: Collection[str]) -> Mapping[str, Progress]:
        """Return how far tasks are; those without sub-tasks are left out."""
        ...

    def running(self, sub_app_id: int, limit: int) -> Sequence[Task]:
        """Return tasks that a worker has, the newest first."""
        ...


class FigureTx(Protocol):
    """A transaction that reaches the figures."""

    @property
    def figures(self) -> FigureTables:
        """Sums."""
        ...


class Figures:
    """What a dashboard and live lists show."""

    def __init__(self, uow: UnitOfWork[FigureTx], disk: Disk, clock: Clock) -> None:
        self._uow = uow
        self._disk = disk
        self._clock = clock

    async def overview(self, sub_app_id: int, days: int) -> Overview:
        """Return the figures, with the uploads per day of the last ``days`` days including today."""
        now = self._clock.now()
        first = int(now // DAY_SECONDS) - days + 1

        def work(tx: FigureTx) -> Overview:
            files, size = tx.figures.totals(sub_app_id)
            open_tasks = tx.figures.open_tasks(sub_app_id)
            return Overview(
                tx.figures.uploads(sub_app_id, float(first * DAY_SECONDS)),
                files,
                size,
                open_tasks.get(TaskStatus.WAITING, 0),
                open_tasks.get(TaskStatus.PROCESSING, 0),
                tx.figures.failures(sub_app_id, now - DAY_SECONDS),
                tx.figures.dead_letters(sub_app_id),
                tx.figures.waiting_reviews(sub_app_id),
            )

        found = await self._uow.read(work)
        known = {each.day: each for each in found.uploads}
        every = [known.get(day, Uploads(day, 0, 0)) for day in range(first, first + days)]
        return Overview(**{**vars(found), "uploads": every})

    def space(self) -> DiskSpace:
        """Return how much room is left."""
        return self._disk.space()

    async def progress(self, tasks: Sequence[Task]) -> Mapping[str, Progress]:
        """Return how far tasks are."""
        ids = [task.task_id for task in tasks]
        return await self._uow.read(lambda tx: tx.figures.progress(ids))

    async def running(self, sub_app_id: int, limit: int) -> Sequence[tuple[Task, Progress | None]]:
        """Return tasks that a worker has, with their progress."""

        def work(tx: FigureTx) -> Sequence[tuple[Task, Progress | None]]:
            tasks = tx.figures.running(sub_app_id, limit)
            progress = tx.figures.progress([task.task_id for task in tasks])
            return [(task, progress.get(task.task_id)) for task in tasks]

        return await self._uow.read(work)

    async def waiting_reviews(self, sub_app_id: int) -> int:
        """Count files that wait for a person's decision."""
        return await self._uow.read(lambda tx: tx.figures.waiting_reviews(sub_app_id))
