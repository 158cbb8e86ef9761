"""Transitions of tasks and sub-tasks. A terminal state is left by a re-run only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from openvod.kinds.failure import Failure
from openvod.tasks.model import SubTask, SubTaskStatus, Task, TaskStatus


def begun(task: Task, now: float) -> Task:
    """A worker has the task; taken up again after a crash it keeps its first moment."""
    return replace(task, status=TaskStatus.PROCESSING, started_at=task.started_at or now)


def finished(task: Task, now: float) -> Task:
    """Every sub-task has its result."""
    return replace(task, status=TaskStatus.FINISH, finished_at=now)


def aborted(task: Task, now: float) -> Task:
    """Somebody stopped the task."""
    return replace(task, status=TaskStatus.ABORTED, finished_at=now, abort_requested=True)


def asked_to_abort(task: Task) -> Task:
    """The worker that has the task will see this."""
    return replace(task, abort_requested=True)


def started_over(task: Task) -> Task:
    """A new run of the same task."""
    return replace(
        task, status=TaskStatus.WAITING, run=task.run + 1, started_at=None, finished_at=None, abort_requested=False
    )


def subtask_begun(subtask: SubTask, now: float, plan: str) -> SubTask:
    """The sub-task's program starts; ``plan`` is the command line for people."""
    return replace(
        subtask, status=SubTaskStatus.PROCESSING, began_at=subtask.began_at or now, plan=plan, progress=0, message=""
    )


def subtask_progressed(subtask: SubTask, progress: int) -> SubTask:
    """Progress only grows, and stays below 100 until the result stands."""
    return replace(subtask, progress=max(subtask.progress, min(progress, 99)))


def subtask_succeeded(subtask: SubTask, output: Mapping[str, Any], now: float, log: str = "") -> SubTask:
    """The result stands."""
    return replace(
        subtask, status=SubTaskStatus.SUCCESS, err_code_ext="", message="SUCCESS", progress=100, output=dict(output),
        began_at=subtask.began_at or now, finished_at=now, log=log,
    )  # fmt: skip


def subtask_failed(subtask: SubTask, failure: Failure, now: float, log: str = "") -> SubTask:
    """The sub-task will not get a result."""
    return replace(
        subtask, status=SubTaskStatus.FAIL, err_code_ext=failure.err_code_ext, message=failure.message, output=None,
        began_at=subtask.began_at or now, finished_at=now, log=log,
    )  # fmt: skip


def as_new(subtask: SubTask) -> SubTask:
    """The sub-task as it was before it ran."""
    return SubTask(subtask.task_id, subtask.number, subtask.kind, subtask.input)
