"""Tasks with progress, plan and log; doing them again, ending them; plans before they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from openvod.base.errors import Invalid
from openvod.kinds.names import TemplateKind
from openvod.kinds.registry import SubTaskKind
from openvod.media.figures import Progress
from openvod.surfaces.console_api.audit import note
from openvod.surfaces.console_api.cursors import cursor_of, place_of
from openvod.surfaces.console_api.guard import Operator, Viewer
from openvod.surfaces.console_api.model import Cursor, Json, Limit, SubAppId
from openvod.surfaces.console_api.services import ConsoleServices, Services
from openvod.surfaces.console_api.text_route import TextRoute
from openvod.tasks.model import SubTask, SubTaskStatus, Task, TaskQuery, TaskStatus, TaskType

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["tasks"])
TaskId = Annotated[str, Path(alias="taskId", max_length=120)]


class TaskRow(Json):
    """A task; ``progress`` is 0 to 100, times are Unix seconds."""

    task_id: str
    sub_app_id: int
    type: TaskType
    file_id: str
    status: TaskStatus
    procedure: str
    priority: int
    run: int
    abort_requested: bool
    progress: int
    sub_tasks: int
    done: int
    failed: int
    created_at: float
    started_at: float | None
    finished_at: float | None


class Tasks(Json):
    """A page of tasks; ``next_cursor`` is empty on the last one."""

    items: list[TaskRow]
    next_cursor: str


class SubTaskRow(Json):
    """A sub-task; ``plan`` and ``log`` (the end of its program's output) are for people to read."""

    number: int
    kind: SubTaskKind
    definition: int
    status: SubTaskStatus
    progress: int
    err_code_ext: str
    message: str
    began_at: float | None
    finished_at: float | None
    input: dict[str, Any]
    output: dict[str, Any] | None
    plan: str
    log: str
    attempts: int


class TaskDetail(TaskRow):
    """A task with its sub-tasks."""

    session_id: str
    session_context: str
    items: list[SubTaskRow]


class Retry(Json):
    """What to do again."""

    number: int | None = Field(None, ge=0, description="One sub-task; null: all that failed.")


class PreviewRequest(Json):
    """What to plan: exactly one of ``procedure``, ``draft`` and ``template``."""

    sub_app_id: int = 0
    file_id: str = Field(max_length=64)
    procedure: str = Field("", max_length=2000, description="A procedure's name or a legacy call.")
    draft: dict[str, Any] | None = Field(None, description="A procedure's wire members, stored or not.")
    template: TemplateDraft | None = None


class TemplateDraft(Json):
    """A template: stored, by ``definition``, or not stored yet, by ``body``."""

    kind: TemplateKind
    definition: int = 0
    body: dict[str, Any] | None = Field(None, description="Wire members, without Name and Comment.")


class SharedSubTask(Json):
    """A sub-task that a job serves."""

    number: int
    type: str
    definition: int


class PlannedJob(Json):
    """Commands that run one after another; ``{source}`` stands for the file."""

    name: str
    work: str
    sub_tasks: list[SharedSubTask]
    commands: list[str]
    assets: list[str]
    estimated_cpu_seconds: float


class PlannedFailure(Json):
    """A sub-task that cannot run on this file."""

    number: int
    err_code_ext: str
    message: str


class PlanPreview(Json):
    """What would run."""

    source: dict[str, Any]
    jobs: list[PlannedJob]
    failures: list[PlannedFailure]


PreviewRequest.model_rebuild()


@router.get("/tasks")
async def list_tasks(
    _: Viewer,
    services: Services,
    sub_app_id: SubAppId = 0,
    status: TaskStatus | None = None,
    file_id: Annotated[str, Query(alias="fileId", max_length=64)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Tasks:
    """List an application's tasks with their progress, the newest first."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    query = TaskQuery(app_id, status, file_id, limit=limit + 1, after=place_of(cursor))
    found = await services.media.processing.tasks(query)
    page = found[:limit]
    token = cursor_of(*query.place(page[-1])) if len(found) > limit else ""
    progress = await services.media.figures.progress(page)
    return Tasks(items=[task_row(task, progress.get(task.task_id)) for task in page], next_cursor=token)


@router.get("/tasks/{taskId}")
async def show_task(task_id: TaskId, _: Viewer, services: Services) -> TaskDetail:
    """Tell everything of one task: state, plan and log of every sub-task."""
    return await _detail(services, task_id)


@router.post("/tasks/{taskId}/retry")
async def retry_task(task_id: TaskId, asked: Retry, request: Request, who: Operator, services: Services) -> TaskDetail:
    """Do a finished task again: one sub-task, or all that failed. Its event is sent again at the end."""
    task = await services.media.tasks.rerun(task_id, asked.number)
    await note(
        services, request, who, "console.RetryTask", {"taskId": task_id, "number": asked.number}, task.sub_app_id
    )
    return await _detail(services, task_id)


@router.post("/tasks/{taskId}/abort")
async def abort_task(task_id: TaskId, request: Request, who: Operator, services: Services) -> TaskDetail:
    """End a waiting task at once; stop a running one within a second or two."""
    task, _ = await services.media.tasks.show(task_id)
    await services.media.processing.abort(task.sub_app_id, task_id)
    await note(services, request, who, "console.AbortTask", {"taskId": task_id}, task.sub_app_id)
    return await _detail(services, task_id)


@router.post("/plan-preview")
async def preview_plan(asked: PreviewRequest, _: Viewer, services: Services) -> PlanPreview:
    """Show what a procedure or a template would run on a file, without running it."""
    if sum((bool(asked.procedure), asked.draft is not None, asked.template is not None)) != 1:
        raise Invalid("plan.subject", "procedure: send exactly one of procedure, draft and template", field="procedure")
    app_id = (await services.installation.access.application(asked.sub_app_id)).sub_app_id
    if asked.template is not None:
        wanted = asked.template
        made = await services.media.previews.of_template(
            app_id, asked.file_id, wanted.kind, wanted.definition, wanted.body
        )
    elif asked.draft is not None:
        made = await services.media.previews.of_draft(app_id, asked.file_id, asked.draft)
    else:
        made = await services.media.previews.of_procedure(app_id, asked.file_id, asked.procedure)
    return PlanPreview.model_validate(made)


async def _detail(services: ConsoleServices, task_id: str) -> TaskDetail:
    task, subtasks = await services.media.tasks.show(task_id)
    return detail_of(task, subtasks)


def detail_of(task: Task, subtasks: Sequence[SubTask]) -> TaskDetail:
    """Return a task with its sub-tasks."""
    ended = [each for each in subtasks if each.status.terminal]
    failed = sum(each.status is SubTaskStatus.FAIL for each in subtasks)
    percent = sum(100 if each.status.terminal else each.progress for each in subtasks)
    progress = Progress(percent // len(subtasks), len(subtasks), len(ended), failed) if subtasks else None
    return TaskDetail(
        **task_row(task, progress).model_dump(),
        session_id=task.session_id,
        session_context=task.session_context,
        items=[_subtask(each) for each in subtasks],
    )


def task_row(task: Task, progress: Progress | None) -> TaskRow:
    """Return a task as lists show it."""
    known = progress or Progress(100 if task.status is TaskStatus.FINISH else 0, 0, 0, 0)
    return TaskRow(
        task_id=task.task_id, sub_app_id=task.sub_app_id, type=task.type, file_id=task.file_id, status=task.status,
        procedure=task.procedure.name, priority=task.priority, run=task.run, abort_requested=task.abort_requested,
        progress=known.percent, sub_tasks=known.total, done=known.done, failed=known.failed,
        created_at=task.created_at, started_at=task.started_at, finished_at=task.finished_at,
    )  # fmt: skip


def _subtask(each: SubTask) -> SubTaskRow:
    return SubTaskRow(
        number=each.number, kind=each.kind, definition=each.definition, status=each.status, progress=each.progress,
        err_code_ext=each.err_code_ext, message=each.message, began_at=each.began_at, finished_at=each.finished_at,
        input=dict(each.input), output=None if each.output is None else dict(each.output), plan=each.plan,
        log=each.log, attempts=each.attempts,
    )  # fmt: skip
