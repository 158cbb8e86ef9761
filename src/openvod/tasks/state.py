"""Transitions of tasks and sub-tasks. A terminal state is left by a re-run only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from openvod.kinds.failure import Failure
from openvod.tasks.model import SubTask, SubTaskStatus, Task, TaskStatus


def begun(task: Task, now: float) -> Task:
    """Mark a task as started; after a crash it keeps its first start time."""
    return replace(task, status=TaskStatus.PROCESSING, started_at=task.started_at or now)


def finished(task: Task, now: float) -> Task:
    """Mark a task as finished: every sub-task has a result."""
    return replace(task, status=TaskStatus.FINISH, finished_at=now)


def aborted(task: Task, now: float) -> Task:
    """Mark a task as aborted."""
    return replace(task, status=TaskStatus.ABORTED, finished_at=now, abort_requested=True)


def asked_to_abort(task: Task) -> Task:
    """Request an abort, which the task's worker reads."""
    return replace(task, abort_requested=True)


def started_over(task: Task) -> Task:
    """Start a new run of the task."""
    return replace(
        task, status=TaskStatus.WAITING, run=task.run + 1, started_at=None, finished_at=None, abort_requested=False
    )


def subtask_begun(subtask: SubTask, now: float, plan: str) -> SubTask:
    """Mark a sub-task as started; ``plan`` is its command line, for people."""
    return replace(
        subtask, status=SubTaskStatus.PROCESSING, began_at=subtask.began_at or now, plan=plan, progress=0, message=""
    )


def subtask_progressed(subtask: SubTask, progress: int) -> SubTask:
    """Raise a sub-task's progress, below 100 until it has a result."""
    return replace(subtask, progress=max(subtask.progress, min(progress, 99)))


def subtask_succeeded(subtask: SubTask, output: Mapping[str, Any], now: float, log: str = "") -> SubTask:
    """Record a sub-task's result."""
    return replace(
        subtask, status=SubTaskStatus.SUCCESS, err_code_ext="", message="SUCCESS", progress=100, output=dict(output),
        began_at=subtask.began_at or now, finished_at=now, log=log,
    )  # fmt: skip


def subtask_failed(subtask: SubTask, failure: Failure, now: float, log: str = "") -> SubTask:
    """Record a sub-task's failure."""
    return replace(
        subtask, status=SubTaskStatus.FAIL, err_code_ext=failure.err_code_ext, message=failure.message, output=None,
        began_at=subtask.began_at or now, finished_at=now, log=log,
    )  # fmt: skip


def as_new(subtask: SubTask) -> SubTask:
    """Return the sub-task as it was before its first run."""
    return SubTask(subtask.task_id, subtask.number, subtask.kind, subtask.input)
