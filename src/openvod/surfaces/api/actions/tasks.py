"""Tasks: one in detail, many by filter, and their end (``procedures-and-api.md`` 6.2)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from openvod.base.errors import Invalid
from openvod.base.text import json_value
from openvod.base.wire import Wire
from openvod.events.codec import iso_time, read_time
from openvod.processing.flow_records import FlowState, UrlOf, described
from openvod.processing.service import ProcessingService
from openvod.surfaces.api.declaration import Action, Audit, Caller, FileId, Group, Limit, Nothing, Request, Role
from openvod.tasks.codec import review_audio_video_task
from openvod.tasks.model import Task, TaskQuery, TaskStatus, TaskType
from openvod.upload.pulls import PullUploads

_TaskId = Annotated[str, Field(pattern=r"^[0-9]+-[A-Za-z0-9]+-[0-9a-f]+t[0-9]*$", max_length=120)]


def _moment(value: object) -> float:
    """ISO 8601 with any offset; without one it is UTC (2.6)."""
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "input should be a valid string")
    try:
        return read_time(value)
    except ValueError as error:
        raise ValueError("must look like 2024-05-01T08:00:00Z") from error


_Moment = Annotated[float, BeforeValidator(_moment, json_schema_input_type=str)]


class TimeRange(Wire):
    """A range of time; both ends count."""

    after: _Moment | None = Field(None, description="From this moment on.")
    before: _Moment | None = Field(None, description="Up to this moment.")

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """Unix seconds. The wire has whole seconds, tasks have fractions: the last second is included."""
        return self.after, None if self.before is None else self.before + 0.999_999


class TaskSort(Wire):
    """An order."""

    field: Literal["CreateTime", "FinishTime"] = Field("CreateTime", description="CreateTime or FinishTime.")
    order: Literal["Asc", "Desc"] = Field("Desc", description="Asc or Desc.")


class DescribeTaskDetail(Request):
    """Parameters of DescribeTaskDetail."""

    task_id: _TaskId = Field(description="The task.")


class DescribeTasks(Request):
    """Parameters of DescribeTasks."""

    status: Literal["", "WAITING", "PROCESSING", "FINISH", "ABORTED"] = Field("", description="Only those in it.")
    file_id: FileId = ""
    create_time: TimeRange = Field(TimeRange(), description="When they were opened.")
    finish_time: TimeRange = Field(TimeRange(), description="When they ended.")
    sort: TaskSort = Field(TaskSort(), description="Their order; the newest first.")
    limit: Limit = 10
    scroll_token: str = Field("", max_length=300, description="From the page before.")


class ManageTask(Request):
    """Parameters of ManageTask."""

    task_id: _TaskId = Field(description="The task.")
    operation_type: str = Field(description="Abort; only while the task waits.")


class TaskTimes(TypedDict):
    """When a task was opened, began and ended."""

    CreateTime: Annotated[str, Field(description="when it was opened")]
    BeginProcessTime: Annotated[str, Field(description="when it began, empty before")]
    FinishTime: Annotated[str, Field(description="when it ended, empty before")]


class TaskDetail(TaskTimes):
    """The answer of DescribeTaskDetail: the member of the task's type is as in its event, the others are null."""

    TaskType: Annotated[str, Field(description="Procedure, ReviewAudioVideo or PullUpload")]
    Status: Annotated[str, Field(description="WAITING, PROCESSING, FINISH or ABORTED")]
    ProcedureTask: Annotated[dict[str, Any] | None, Field(description="a task of type Procedure, as in its event")]
    ReviewAudioVideoTask: Annotated[
        dict[str, Any] | None, Field(description="a task of type ReviewAudioVideo, as in its event")
    ]
    PullUploadTask: Annotated[dict[str, Any] | None, Field(description="a task of type PullUpload, as in its event")]
    EditMediaTask: Annotated[None, Field(description="always null")]
    ComposeMediaTask: Annotated[None, Field(description="always null")]
    SplitMediaTask: Annotated[None, Field(description="always null")]


class TaskSummary(TaskTimes):
    """A task."""

    TaskId: str
    Status: str
    FileId: str
    TaskType: str
    SessionId: str
    SessionContext: str


class TaskPage(TypedDict):
    """The answer of DescribeTasks."""

    TaskSet: Annotated[
        list[TaskSummary], Field(description="TaskId, Status, FileId, TaskType, times, SessionId, SessionContext")
    ]
    ScrollToken: Annotated[str, Field(description="for the next page; empty on the last one")]


class TaskActions:
    """Carries the actions out."""

    def __init__(self, processing: ProcessingService, pulls: PullUploads, url: UrlOf) -> None:
        self._processing = processing
        self._pulls = pulls
        self._url = url

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        return (
            Action(
                "DescribeTaskDetail", "Tell everything of one task.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED,
                DescribeTaskDetail, TaskDetail, self._detail,
                ("InvalidParameterValue.TaskId", "ResourceNotFound"),
            ),
            Action(
                "DescribeTasks", "List tasks.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED, DescribeTasks,
                TaskPage, self._list,
                ("InvalidParameterValue", "InvalidParameterValue.Status"),
            ),
            Action(
                "ManageTask", "End a task that waits.", Group.PROCESS, Role.OPERATOR, Audit.LOGGED, ManageTask, Nothing,
                self._manage,
                ("InvalidParameterValue.TaskId", "InvalidParameterValue.InvalidOperationType", "FailedOperation"),
                {"task.unknown": "InvalidParameterValue.TaskId", "task.not_waiting": "FailedOperation",
                 "task.operation": "InvalidParameterValue.InvalidOperationType"},
            ),
        )  # fmt: skip

    async def _detail(self, caller: Caller, asked: DescribeTaskDetail) -> TaskDetail:
        state = await self._processing.state(caller.sub_app_id, asked.task_id)
        task, member = state.task, dict(await self._member(state))
        return {
            "TaskType": task.type.value,
            "Status": task.status.value,
            **_times(task),
            "ProcedureTask": member if task.type is TaskType.PROCEDURE else None,
            "ReviewAudioVideoTask": member if task.type is TaskType.REVIEW_AUDIO_VIDEO else None,
            "PullUploadTask": member if task.type is TaskType.PULL_UPLOAD else None,
            "EditMediaTask": None,
            "ComposeMediaTask": None,
            "SplitMediaTask": None,
        }

    async def _member(self, state: FlowState) -> Mapping[str, Any]:
        """Return the same object as the task's event has."""
        if state.task.type is TaskType.PULL_UPLOAD:
            return await self._pulls.detail(state.task.task_id)
        if state.task.type is TaskType.REVIEW_AUDIO_VIDEO:
            return review_audio_video_task(state.task, state.subtasks[0] if state.subtasks else None)
        return described(state, self._url)

    async def _list(self, caller: Caller, asked: DescribeTasks) -> TaskPage:
        query = TaskQuery(
            caller.sub_app_id,
            TaskStatus(asked.status) if asked.status else None,
            asked.file_id,
            asked.create_time.ends,
            asked.finish_time.ends,
            by_finish=asked.sort.field == "FinishTime",
            descending=asked.sort.order == "Desc",
            # One row more than the page has shows whether another page follows.
            limit=asked.limit + 1,
            after=_place(asked.scroll_token) if asked.scroll_token else None,
        )
        found = await self._processing.tasks(query)
        page = found[: asked.limit]
        token = _token(query.place(page[-1])) if len(found) > asked.limit else ""
        return {"TaskSet": [_row(task) for task in page], "ScrollToken": token}

    async def _manage(self, caller: Caller, asked: ManageTask) -> Nothing:
        if asked.operation_type != "Abort":
            raise Invalid("task.operation", f"OperationType {asked.operation_type[:40]!r} is unknown; send Abort")
        state = await self._processing.state(caller.sub_app_id, asked.task_id)
        service = self._processing if state.task.type.is_flow else self._pulls
        await service.abort_waiting(caller.sub_app_id, asked.task_id)
        return {}


def _row(task: Task) -> TaskSummary:
    return {
        "TaskId": task.task_id,
        "Status": task.status.value,
        "FileId": task.file_id,
        "TaskType": task.type.value,
        **_times(task),
        "SessionId": task.session_id,
        "SessionContext": task.session_context,
    }


def _times(task: Task) -> TaskTimes:
    return {
        "CreateTime": iso_time(task.created_at),
        "BeginProcessTime": iso_time(task.started_at) if task.started_at else "",
        "FinishTime": iso_time(task.finished_at) if task.finished_at else "",
    }


def _token(place: tuple[float, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(token: str) -> tuple[float, str]:
    try:
        moment, task_id = json_value(base64.urlsafe_b64decode(token.encode()))
        return float(moment), str(task_id)
    except (binascii.Error, ValueError, TypeError, Invalid) as error:
        raise Invalid(
            "api.value", "ScrollToken is not valid; send the one that the previous page returned", field="ScrollToken"
        ) from error
