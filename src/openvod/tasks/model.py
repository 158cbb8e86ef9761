"""Procedures, tasks and sub-tasks as values (``procedures-and-api.md`` 3.5, 3.6; ``events.md`` 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from openvod.base.wire import Wire
from openvod.kinds.content_review import ReviewInput
from openvod.kinds.registry import MediaProcessTask, SubTaskKind
from openvod.kinds.review_audio_video import ReviewAudioVideoInput

MAX_PROCEDURE_NAME = 20
_FORBIDDEN_IN_NAMES = frozenset("()&=")


def _check_name(value: str) -> str:
    if not value or len(value) > MAX_PROCEDURE_NAME or _FORBIDDEN_IN_NAMES & set(value):
        raise ValueError(f"must have 1 to {MAX_PROCEDURE_NAME} characters and none of ( ) & =")
    return value


class Procedure(Wire):
    """A task flow. ``stop_on_block`` ends it when the review, which runs first, blocks (legacy porn review 10).

    ``within_source`` leaves out transcodes wider than the source (the default set of legacy calls, 3.3);
    ``porn_only`` makes the content review a legacy porn review, which looks at pictures for porn alone.
    """

    name: str
    comment: str = Field("", max_length=256)
    media_process_task: MediaProcessTask | None = None
    ai_content_review_task: ReviewInput | None = None
    ai_analysis_task: ReviewInput | None = None
    ai_recognition_task: ReviewInput | None = None
    review_audio_video_task: ReviewAudioVideoInput | None = None
    stop_on_block: bool = False
    within_source: bool = False
    porn_only: bool = False

    @property
    def has_flow(self) -> bool:
        """True when the flow makes a ``Procedure`` task (3.1)."""
        return any((self.media_process_task, self.ai_content_review_task, self.ai_analysis_task,
                    self.ai_recognition_task))  # fmt: skip


class CustomProcedure(Procedure):
    """A procedure as an application defines it."""

    name: Annotated[str, AfterValidator(_check_name)]


class TaskType(StrEnum):
    """Types of tasks (6.2)."""

    PROCEDURE = "Procedure"
    REVIEW_AUDIO_VIDEO = "ReviewAudioVideo"
    PULL_UPLOAD = "PullUpload"

    @property
    def is_flow(self) -> bool:
        """True for what a worker's flow does over a file that is there."""
        return self is not TaskType.PULL_UPLOAD


class TaskStatus(StrEnum):
    """Life of a task; the last two are terminal."""

    WAITING = "WAITING"
    PROCESSING = "PROCESSING"
    FINISH = "FINISH"
    ABORTED = "ABORTED"

    @property
    def terminal(self) -> bool:
        """Whether the state is final."""
        return self in (TaskStatus.FINISH, TaskStatus.ABORTED)


class SubTaskStatus(StrEnum):
    """Life of a sub-task. ``WAITING`` reads ``PROCESSING`` on the wire, which knows three states."""

    WAITING = "WAITING"
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"

    @property
    def terminal(self) -> bool:
        """True when a result stands."""
        return self in (SubTaskStatus.SUCCESS, SubTaskStatus.FAIL)


class NotifyMode(StrEnum):
    """When ``ProcedureStateChanged`` is sent (``events.md`` 5)."""

    FINISH = "Finish"
    CHANGE = "Change"
    NONE = "None"


def read_notify_mode(text: str) -> NotifyMode:
    """Return the mode that a client names in any case; empty and unknown ones are the default."""
    return next((mode for mode in NotifyMode if mode.value.lower() == text.lower()), NotifyMode.FINISH)


@dataclass(frozen=True)
class Task:
    """A task. ``run`` counts re-runs; ``abort_requested`` asks the worker that has it to stop."""

    task_id: str
    sub_app_id: int
    type: TaskType
    file_id: str
    status: TaskStatus
    procedure: Procedure
    priority: int
    notify_mode: NotifyMode
    session_id: str
    session_context: str
    created_at: float
    run: int = 0
    started_at: float | None = None
    finished_at: float | None = None
    abort_requested: bool = False


@dataclass(frozen=True)
class TaskQuery:
    """Which tasks of an application to list; ranges are Unix seconds, both ends included, ``None`` = open.

    ``after`` is the place of the last task of the page before: its moment (0 = not finished) and its id.
    """

    sub_app_id: int
    status: TaskStatus | None = None
    file_id: str = ""
    created: tuple[float | None, float | None] = (None, None)
    finished: tuple[float | None, float | None] = (None, None)
    by_finish: bool = False
    descending: bool = True
    limit: int = 10
    after: tuple[float, str] | None = None

    def place(self, task: Task) -> tuple[float, str]:
        """Return where a task stands in this order."""
        return (task.finished_at or 0.0) if self.by_finish else task.created_at, task.task_id


@dataclass(frozen=True)
class ListedProcedure:
    """A procedure as stored. Times are Unix seconds, 0 for presets."""

    procedure: Procedure
    preset: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(frozen=True)
class SubTask:
    """One item of a task's result. ``input`` has wire members; ``output`` only after success; ``progress`` 0–100.

    ``attempts`` counts failed ways to run it, ``thrifty`` asks for one that needs less memory; ``plan`` and ``log``
    are for people.
    """

    task_id: str
    number: int
    kind: SubTaskKind
    input: Mapping[str, Any]
    status: SubTaskStatus = SubTaskStatus.WAITING
    err_code_ext: str = ""
    message: str = ""
    progress: int = 0
    began_at: float | None = None
    finished_at: float | None = None
    output: Mapping[str, Any] | None = None
    log: str = ""
    plan: str = ""
    attempts: int = 0
    thrifty: bool = False

    @property
    def definition(self) -> int:
        """The template's id."""
        return int(self.input.get("Definition", 0))


@dataclass(frozen=True)
class QuarantinedFile:
    """A file whose processing died too often."""

    file_id: str
    crashes: int
    reason: str
    quarantined: bool = False
