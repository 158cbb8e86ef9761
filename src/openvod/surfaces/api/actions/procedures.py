"""Procedure templates (``procedures-and-api.md`` 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from openvod.base.errors import Invalid
from openvod.base.wire import Wire
from openvod.events.codec import iso_time
from openvod.kinds.content_review import ReviewInput
from openvod.kinds.registry import MediaProcessTask
from openvod.kinds.review_audio_video import ReviewAudioVideoInput
from openvod.surfaces.api.declaration import (
    Action,
    Audit,
    Caller,
    Group,
    Limit,
    Nothing,
    Offset,
    Request,
    Role,
    TotalCount,
)
from openvod.tasks.model import ListedProcedure
from openvod.tasks.service import TaskService

#: Sub-tasks of the original that are not offered. A request that uses one is refused: it would never have a result.
_NOT_OFFERED = ("ai_analysis_task", "ai_recognition_task", "ai_recognition_task_set", "mini_program_publish_task",
                "import_media_knowledge_task_set")  # fmt: skip
_UNKNOWN = "procedure.unknown"


def _in_any_case(value: object) -> object:
    """``create_time`` and ``CreateTime``, ``desc`` and ``Desc`` (3.5)."""
    return "".join(part[:1].upper() + part[1:] for part in value.split("_")) if isinstance(value, str) else value


class SortBy(Wire):
    """An order."""

    field: Annotated[Literal["CreateTime"], BeforeValidator(_in_any_case)] = Field(description="CreateTime.")
    order: Annotated[Literal["Asc", "Desc"], BeforeValidator(_in_any_case)] = Field("Desc", description="Asc or Desc.")


class ProcedureBody(Request):
    """Parameters of CreateProcedureTemplate and ResetProcedureTemplate."""

    name: str = Field(description="What signatures name: at most 20 characters, none of ( ) & =.")
    comment: str = Field("", max_length=256, description="Remark.")
    media_process_task: MediaProcessTask | None = Field(None, description="Sub-tasks to run on a video.")
    ai_content_review_task: ReviewInput | None = Field(None, description="Review within the flow.")
    review_audio_video_task: ReviewAudioVideoInput | None = Field(None, description="Review as a task of its own.")
    ai_analysis_task: Any = Field(None, description="Not offered; leave it out.")
    ai_recognition_task: Any = Field(None, description="Not offered; leave it out.")
    ai_recognition_task_set: tuple[Any, ...] = Field((), description="Not offered; leave it out.")
    mini_program_publish_task: Any = Field(None, description="Not offered; leave it out.")
    import_media_knowledge_task_set: tuple[Any, ...] = Field((), description="Not offered; leave it out.")

    def plain(self) -> dict[str, Any]:
        """Return what is stored; ``Invalid("api.unsupported")`` for what is not offered."""
        for name in _NOT_OFFERED:
            if getattr(self, name):
                raise Invalid("api.unsupported", f"{type(self).model_fields[name].alias} is not offered; leave it out")
        return {
            "Name": self.name,
            "Comment": self.comment,
            "MediaProcessTask": _wire(self.media_process_task),
            "AiContentReviewTask": _wire(self.ai_content_review_task),
            "ReviewAudioVideoTask": _wire(self.review_audio_video_task),
        }


class DeleteProcedureTemplate(Request):
    """Parameters of DeleteProcedureTemplate."""

    name: str = Field(description="The procedure.")


class DescribeProcedureTemplates(Request):
    """Parameters of DescribeProcedureTemplates."""

    names: tuple[str, ...] = Field((), max_length=100, description="Only those with these names.")
    type: Literal["", "Preset", "Custom"] = Field("", description="Only presets, or only an application's own.")
    offset: Offset = 0
    limit: Limit = 10
    sort_by: tuple[SortBy, ...] = Field((), max_length=1, description="By CreateTime; else presets, then by name.")


class ProcedureTemplate(TypedDict):
    """A procedure."""

    Name: str
    Type: str
    Comment: str
    MediaProcessTask: dict[str, Any] | None
    AiContentReviewTask: dict[str, Any] | None
    AiAnalysisTask: dict[str, Any] | None
    AiRecognitionTask: dict[str, Any] | None
    AiRecognitionTaskSet: list[dict[str, Any]]
    MiniProgramPublishTask: dict[str, Any] | None
    ReviewAudioVideoTask: dict[str, Any] | None
    CreateTime: str
    UpdateTime: str


class ProcedureTemplates(TypedDict):
    """The answer of DescribeProcedureTemplates."""

    TotalCount: TotalCount
    ProcedureTemplateSet: Annotated[list[ProcedureTemplate], Field(description="the procedures")]


class ProcedureActions:
    """Carries the actions out."""

    def __init__(self, tasks: TaskService) -> None:
        self._tasks = tasks

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        preset = {"procedure.preset": "InvalidParameterValue.ModifyDefaultTemplate"}
        return (
            Action(
                "CreateProcedureTemplate", "Create a procedure that signatures can name.", Group.PROCESS, Role.OPERATOR,
                Audit.LOGGED, ProcedureBody, Nothing, self._create,
                ("InvalidParameter.ExistedProcedureName", "LimitExceeded", "UnsupportedOperation"),
                {"procedure.exists": "InvalidParameter.ExistedProcedureName", "procedure.quota": "LimitExceeded"},
            ),
            Action(
                "ResetProcedureTemplate", "Replace a procedure as a whole.", Group.PROCESS, Role.OPERATOR, Audit.LOGGED,
                ProcedureBody, Nothing, self._reset,
                ("InvalidParameter.ProcedureNameNotExist", *preset.values(), "UnsupportedOperation"),
                preset | {_UNKNOWN: "InvalidParameter.ProcedureNameNotExist"},
            ),
            Action(
                "DeleteProcedureTemplate", "Delete a procedure; uploads on their way keep it.", Group.PROCESS,
                Role.OPERATOR, Audit.LOGGED, DeleteProcedureTemplate, Nothing, self._delete,
                ("InvalidParameter", "InvalidParameterValue.DeleteDefaultTemplate"),
                {_UNKNOWN: "InvalidParameter", "procedure.preset": "InvalidParameterValue.DeleteDefaultTemplate"},
            ),
            Action(
                "DescribeProcedureTemplates", "List procedures.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED,
                DescribeProcedureTemplates, ProcedureTemplates, self._describe,
                ("InvalidParameterValue.Names", "InvalidParameterValue.Type", "InvalidParameterValue.Limit"),
            ),
        )  # fmt: skip

    async def _create(self, caller: Caller, asked: ProcedureBody) -> Nothing:
        await self._tasks.create_procedure(caller.sub_app_id, asked.plain())
        return {}

    async def _reset(self, caller: Caller, asked: ProcedureBody) -> Nothing:
        await self._tasks.reset_procedure(caller.sub_app_id, asked.plain())
        return {}

    async def _delete(self, caller: Caller, asked: DeleteProcedureTemplate) -> Nothing:
        await self._tasks.delete_procedure(caller.sub_app_id, asked.name)
        return {}

    async def _describe(self, caller: Caller, asked: DescribeProcedureTemplates) -> ProcedureTemplates:
        listed = await self._tasks.listed_procedures(caller.sub_app_id)
        found = [each for each in listed if _is_wanted(each, asked)]
        if asked.sort_by:
            found.sort(key=lambda each: each.created_at, reverse=asked.sort_by[0].order == "Desc")
        page = found[asked.offset : asked.offset + asked.limit]
        return {"TotalCount": len(found), "ProcedureTemplateSet": [_row(each) for each in page]}


def _is_wanted(listed: ListedProcedure, asked: DescribeProcedureTemplates) -> bool:
    if asked.names and listed.procedure.name not in asked.names:
        return False
    return not asked.type or (asked.type == "Preset") == listed.preset


def _wire(value: Wire | None) -> dict[str, Any] | None:
    return value.to_wire() if value else None


def _row(listed: ListedProcedure) -> ProcedureTemplate:
    procedure = listed.procedure
    return {
        "Name": procedure.name,
        "Type": "Preset" if listed.preset else "Custom",
        "Comment": procedure.comment,
        "MediaProcessTask": _wire(procedure.media_process_task),
        "AiContentReviewTask": _wire(procedure.ai_content_review_task),
        "AiAnalysisTask": _wire(procedure.ai_analysis_task),
        "AiRecognitionTask": _wire(procedure.ai_recognition_task),
        "AiRecognitionTaskSet": [],
        "MiniProgramPublishTask": None,
        "ReviewAudioVideoTask": _wire(procedure.review_audio_video_task),
        "CreateTime": iso_time(listed.created_at),
        "UpdateTime": iso_time(listed.updated_at),
    }
