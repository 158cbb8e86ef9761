"""Sums for dashboards, and the review queue, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Integer, and_, case, cast, exists, func, insert, or_, select
from sqlalchemy.sql.elements import ColumnElement

from openvod.adapters.sql.account_schema import review_decisions
from openvod.adapters.sql.event_schema import event_deliveries, event_endpoints
from openvod.adapters.sql.media_tables import asset_of
from openvod.adapters.sql.rows import fetch_all, values
from openvod.adapters.sql.schema import media_assets, media_outputs, subtasks, tasks
from openvod.adapters.sql.task_tables import task_of
from openvod.events.model import DeliveryState
from openvod.kinds.registry import SubTaskKind
from openvod.media.figures import DAY_SECONDS, Progress, Uploads
from openvod.media.model import MediaAsset
from openvod.media.review_queue import ReviewDecision
from openvod.review.model import Suggestion
from openvod.tasks.model import SubTaskStatus, Task, TaskStatus

_OPEN = (TaskStatus.WAITING.value, TaskStatus.PROCESSING.value)
_ASKING = (Suggestion.REVIEW.value, Suggestion.BLOCK.value)
_REVIEWS = tuple(kind.value for kind in SubTaskKind if kind.is_review)


class SqlFigureTables:
    """See :class:`openvod.media.figures.FigureTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def uploads(self, sub_app_id: int, since: float) -> Sequence[Uploads]:
        """Sum the uploads, from an index alone."""
        moment = media_assets.c.created_at / float(DAY_SECONDS)
        # Casts round in PostgreSQL; SQLite need not have floor().
        whole = func.floor(moment) if self._connection.dialect.name == "postgresql" else moment
        day = cast(whole, Integer)
        statement = (
            select(day.label("day"), func.count().label("files"), func.sum(media_assets.c.size).label("size"))
            .where(media_assets.c.sub_app_id == sub_app_id, media_assets.c.created_at >= since)
            .group_by(day)
            .order_by(day)
        )
        return [Uploads(int(row.day), int(row.files), int(row.size)) for row in self._connection.execute(statement)]

    def totals(self, sub_app_id: int) -> tuple[int, int]:
        """Return files and bytes."""
        statement = select(func.count(), func.coalesce(func.sum(media_assets.c.size), 0))
        row = self._connection.execute(statement.where(media_assets.c.sub_app_id == sub_app_id)).one()
        return int(row[0]), int(row[1])

    def open_tasks(self, sub_app_id: int) -> Mapping[TaskStatus, int]:
        """Count tasks that have not ended."""
        statement = (
            select(tasks.c.status, func.count())
            .where(tasks.c.status.in_(_OPEN), tasks.c.sub_app_id == sub_app_id)
            .group_by(tasks.c.status)
        )
        return {TaskStatus(row[0]): int(row[1]) for row in self._connection.execute(statement)}

    def failures(self, sub_app_id: int, since: float) -> int:
        """Count sub-tasks that failed since a moment."""
        statement = (
            select(func.count())
            .select_from(subtasks.join(tasks, tasks.c.task_id == subtasks.c.task_id))
            .where(
                subtasks.c.status == SubTaskStatus.FAIL.value,
                subtasks.c.finished_at >= since,
                tasks.c.sub_app_id == sub_app_id,
            )
        )
        return int(self._connection.scalar(statement) or 0)

    def dead_letters(self, sub_app_id: int) -> int:
        """Count dead letters."""
        endpoints = select(event_endpoints.c.endpoint_id).where(event_endpoints.c.sub_app_id == sub_app_id)
        statement = select(func.count()).where(
            event_deliveries.c.endpoint_id.in_(endpoints), event_deliveries.c.state == DeliveryState.DEAD.value
        )
        return int(self._connection.scalar(statement) or 0)

    def waiting_reviews(self, sub_app_id: int) -> int:
        """Count files that wait for a reviewer's decision."""
        statement = select(func.count()).select_from(media_assets).where(*_waiting(sub_app_id))
        return int(self._connection.scalar(statement) or 0)

    def progress(self, task_ids: Collection[str]) -> Mapping[str, Progress]:
        """Return the progress of tasks."""
        ended = subtasks.c.status.in_((SubTaskStatus.SUCCESS.value, SubTaskStatus.FAIL.value))
        failed = subtasks.c.status == SubTaskStatus.FAIL.value
        statement = (
            select(
                subtasks.c.task_id,
                func.sum(case((ended, 100), else_=subtasks.c.progress)).label("percent"),
                func.count().label("total"),
                func.sum(case((ended, 1), else_=0)).label("done"),
                func.sum(case((failed, 1), else_=0)).label("failed"),
            )
            .where(subtasks.c.task_id.in_(task_ids))
            .group_by(subtasks.c.task_id)
        )
        return {row.task_id: _progress(row) for row in self._connection.execute(statement)}

    def running(self, sub_app_id: int, limit: int) -> Sequence[Task]:
        """Return the running tasks."""
        statement = (
            select(tasks)
            .where(tasks.c.status == TaskStatus.PROCESSING.value, tasks.c.sub_app_id == sub_app_id)
            .order_by(tasks.c.created_at.desc(), tasks.c.task_id)
            .limit(limit)
        )
        return [task_of(row) for row in self._connection.execute(statement)]


class SqlReviewTables:
    """See :class:`openvod.media.review_queue.ReviewTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self, sub_app_id: int, after: tuple[float, str] | None, limit: int) -> Sequence[MediaAsset]:
        """Return files without a decision since their newest review."""
        created, file_id = media_assets.c.created_at, media_assets.c.file_id
        where = _waiting(sub_app_id)
        if after:
            where.append(or_(created < after[0], and_(created == after[0], file_id < after[1])))
        # ``+ 0`` keeps SQLite from scanning all files in order; few files wait for a decision.
        page = select(file_id).where(*where).order_by((created + 0).desc(), file_id.desc()).limit(limit)
        ids = self._connection.execute(page).scalars().all()
        found = {row.file_id: asset_of(row) for row in fetch_all(self._connection, media_assets, file_id.in_(ids))}
        return [found[each] for each in ids]

    def put_decision(self, decision: ReviewDecision) -> None:
        """Insert."""
        self._connection.execute(insert(review_decisions).values(**values(decision)))

    def decisions(self, file_id: str) -> Sequence[ReviewDecision]:
        """Return the decisions about a file, oldest first."""
        table = review_decisions
        rows = fetch_all(self._connection, table, table.c.file_id == file_id, order=[table.c.decided_at])
        return [ReviewDecision(**row._mapping) for row in rows]


def _waiting(sub_app_id: int) -> list[ColumnElement[bool]]:
    """Return the condition for files in the review queue without a decision since their newest review."""
    asked = (
        select(func.coalesce(func.max(media_outputs.c.created_at), 0.0))
        .where(media_outputs.c.file_id == media_assets.c.file_id, media_outputs.c.kind.in_(_REVIEWS))
        .scalar_subquery()
    )
    answered = exists().where(
        review_decisions.c.file_id == media_assets.c.file_id, review_decisions.c.decided_at >= asked
    )
    return [media_assets.c.sub_app_id == sub_app_id, media_assets.c.review.in_(_ASKING), ~answered]


def _progress(row: Any) -> Progress:
    return Progress(int(row.percent) // int(row.total), int(row.total), int(row.done), int(row.failed))
