"""Processing of files that are there (``procedures-and-api.md`` 6.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from openvod.base.errors import Invalid
from openvod.kinds.content_review import ReviewInput
from openvod.kinds.registry import MediaProcessTask
from openvod.kinds.review_audio_video import ReviewAudioVideoInput
from openvod.processing.service import ProcessingService, TaskOrder
from openvod.processing.watermarks import Watermarks
from openvod.surfaces.api.declaration import Action, Audit, Caller, FileId, Group, Request, Role
from openvod.tasks.model import NotifyMode, Procedure, read_notify_mode
from openvod.tasks.service import TaskService
from openvod.upload.pulls import PullUploads

#: Days within which a SessionId may not come again; the original's texts differ by action (6.2).
_SHORT_WINDOW, _LONG_WINDOW = 3 * 86_400.0, 7 * 86_400.0
SESSION_CODES = {
    "task.session_id_too_long": "InvalidParameterValue.SessionIdTooLong",
    "task.session_context_too_long": "InvalidParameterValue.SessionContextTooLong",
}
_UNKNOWN_FILE = {"media.unknown": "InvalidParameterValue.FileId"}


def _known_mode(value: str) -> str:
    if value and value.lower() not in {mode.value.lower() for mode in NotifyMode}:
        raise ValueError("must be Finish, Change or None")
    return value


Priority = Annotated[int, Field(ge=-10, le=10, description="-10 to 10; higher ones run first.")]
Mode = Annotated[str, AfterValidator(_known_mode), Field(description="Finish, Change or None.")]


class OnFile(Request):
    """Parameters that actions over a file share."""

    file_id: FileId = ""
    media_storage_path: str = Field("", description="Not offered; name the file by FileId.")
    tasks_priority: Priority = 0
    session_context: str = Field("", description="Comes back in the task's event; at most 1000 characters.")
    session_id: str = Field("", description="Names this order, so that a repetition is refused; at most 50 characters.")

    def order(self, action: str, window: float, mode: str = "") -> TaskOrder:
        """Return what comes with the order; refuses files named in another way."""
        if self.media_storage_path:
            raise Invalid("api.unsupported", "MediaStoragePath is not offered; name the file by FileId")
        if not self.file_id:
            raise Invalid("api.value", "FileId is missing; name the file", field="FileId")
        return TaskOrder(
            action, self.tasks_priority, read_notify_mode(mode), self.session_id, self.session_context, window
        )


class ProcessMedia(OnFile):
    """Parameters of ProcessMedia."""

    media_process_task: MediaProcessTask | None = Field(None, description="Sub-tasks to run on the video.")
    ai_content_review_task: ReviewInput | None = Field(None, description="Review of the old kind.")
    ai_analysis_task: ReviewInput | None = Field(None, description="Not offered; leave it out.")
    ai_recognition_task: ReviewInput | None = Field(None, description="Not offered; leave it out.")
    tasks_notify_mode: Mode = "Finish"
    url: str = Field("", description="Not offered; pull the file with PullUpload.")
    output_as_independent_media: Any = Field(None, description="Not offered; leave it out.")


class ProcessMediaByProcedure(OnFile):
    """Parameters of ProcessMediaByProcedure."""

    procedure_name: str = Field(min_length=1, description="Name of a procedure.")
    tasks_notify_mode: Mode = "Finish"


class ReviewAudioVideo(OnFile):
    """Parameters of ReviewAudioVideo."""

    review_contents: tuple[Literal["Media", "Cover"], ...] = Field((), max_length=2, description="Media, Cover.")
    definition: int = Field(10, ge=1, description="The review template.")


class FlowTask(TypedDict):
    """The answer of ProcessMedia."""

    TaskId: Annotated[str, Field(description="the flow's task")]


class ProcedureTasks(TypedDict):
    """The answer of ProcessMediaByProcedure."""

    TaskId: Annotated[str, Field(description="the flow's task, empty without a flow")]
    ReviewAudioVideoTaskId: Annotated[str, Field(description="the review's task, empty without one")]
    ImportMediaKnowledgeTaskIdSet: Annotated[list[str], Field(description="always empty")]


class ReviewTask(TypedDict):
    """The answer of ReviewAudioVideo."""

    TaskId: Annotated[str, Field(description="the review's task")]


@dataclass(frozen=True)
class TaskServices:
    """What the actions of tasks, templates and procedures call; ``media_url`` makes an address of a key."""

    tasks: TaskService
    processing: ProcessingService
    pulls: PullUploads
    watermarks: Watermarks
    media_url: Callable[[str], str]


class ProcessingActions:
    """Carries the actions out."""

    def __init__(self, processing: ProcessingService) -> None:
        self._processing = processing

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        session = tuple(SESSION_CODES.values())
        repeated = "task.session_repeated"
        return (
            Action(
                "ProcessMedia", "Process a file by the tasks given.", Group.PROCESS, Role.OPERATOR,
                Audit.LOGGED, ProcessMedia, FlowTask, self._process,
                ("FailedOperation.TaskDuplicate", "InvalidParameterValue.FileId", *session,
                 "InvalidParameterValue.AiContentReviewTaskDefinition",
                 "InvalidParameterValue.AiAnalysisTaskDefinition",
                 "InvalidParameterValue.AiRecognitionTaskDefinition", "UnsupportedOperation"),
                SESSION_CODES | _UNKNOWN_FILE | {
                    repeated: "FailedOperation.TaskDuplicate",
                    "review.template": "InvalidParameterValue.AiContentReviewTaskDefinition",
                    "analysis.template": "InvalidParameterValue.AiAnalysisTaskDefinition",
                    "recognition.template": "InvalidParameterValue.AiRecognitionTaskDefinition",
                },
            ),
            Action(
                "ProcessMediaByProcedure", "Process a file by a procedure.", Group.PROCESS, Role.OPERATOR, Audit.LOGGED,
                ProcessMediaByProcedure, ProcedureTasks, self._by_procedure,
                ("InvalidParameterValue.FileId", "InvalidParameterValue.ProcedureName", *session,
                 "InvalidParameterValue.UniqueIdentifier", "UnsupportedOperation"),
                SESSION_CODES | _UNKNOWN_FILE | {
                    repeated: "InvalidParameterValue.UniqueIdentifier",
                    "procedure.unknown": "InvalidParameterValue.ProcedureName",
                    "procedure.grammar": "InvalidParameterValue.ProcedureName",
                },
            ),
            Action(
                "ReviewAudioVideo", "Review a file.", Group.PROCESS, Role.OPERATOR, Audit.LOGGED,
                ReviewAudioVideo, ReviewTask, self._review,
                (*session, "InvalidParameterValue.SessionId", "ResourceNotFound", "UnsupportedOperation"),
                SESSION_CODES | {repeated: "InvalidParameterValue.SessionId", "media.unknown": "ResourceNotFound"},
            ),
        )  # fmt: skip

    async def _process(self, caller: Caller, asked: ProcessMedia) -> FlowTask:
        order = asked.order("ProcessMedia", _SHORT_WINDOW, asked.tasks_notify_mode)
        _check_offered(asked)
        procedure = Procedure(
            name="ProcessMedia",
            media_process_task=asked.media_process_task,
            ai_content_review_task=asked.ai_content_review_task,
        )
        if not procedure.has_flow:
            raise Invalid("api.value", "nothing is asked for; send MediaProcessTask or AiContentReviewTask")
        return {"TaskId": await self._processing.process(caller.sub_app_id, asked.file_id, procedure, order)}

    async def _by_procedure(self, caller: Caller, asked: ProcessMediaByProcedure) -> ProcedureTasks:
        order = asked.order("ProcessMediaByProcedure", _LONG_WINDOW, asked.tasks_notify_mode)
        flow, review = await self._processing.process_by_procedure(
            caller.sub_app_id, asked.file_id, asked.procedure_name, order
        )
        return {"TaskId": flow, "ReviewAudioVideoTaskId": review, "ImportMediaKnowledgeTaskIdSet": []}

    async def _review(self, caller: Caller, asked: ReviewAudioVideo) -> ReviewTask:
        order = asked.order("ReviewAudioVideo", _SHORT_WINDOW)
        wanted = ReviewAudioVideoInput(
            definition=asked.definition, review_contents=tuple(dict.fromkeys(asked.review_contents)) or ("Media",)
        )
        return {"TaskId": await self._processing.review(caller.sub_app_id, asked.file_id, wanted, order)}


def _check_offered(asked: ProcessMedia) -> None:
    """Analysis and recognition have no templates here, so no id of one exists."""
    refused: Mapping[str, object] = {"analysis": asked.ai_analysis_task, "recognition": asked.ai_recognition_task}
    for kind, task in refused.items():
        if task is not None:
            raise Invalid(f"{kind}.template", f"there are no {kind} templates; leave the {kind} task out")
    if asked.url or asked.output_as_independent_media not in (None, "", "OFF", False, {}):
        raise Invalid("api.unsupported", "Url and OutputAsIndependentMedia are not offered; leave them out")
