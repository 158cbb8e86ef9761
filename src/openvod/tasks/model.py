"""Procedures, tasks and sub-tasks as values (``procedures-and-api.md`` 3.5, 3.6; ``events.md`` 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from openvod.base.wire import Wire
from openvod.tasks.templates import Length, checked_override

MAX_PROCEDURE_NAME = 20
_FORBIDDEN_IN_NAMES = frozenset("()&=")


def _is_empty(value: Any) -> bool:
    """An object all of whose members are empty, or that is switched off, asks for nothing."""
    if isinstance(value, dict):
        return value.get("Switch") == "OFF" or all(_is_empty(each) for each in value.values())
    return not value


def _check_absent(value: Any) -> None:
    if not _is_empty(value):
        raise ValueError("is not offered; leave it out")


#: A member of the original's that is not offered: sent empty it is left out, else refused (3.6).
NotOffered = Annotated[Any, AfterValidator(_check_absent), Field(exclude=True)]


class _Marked(Wire):
    """Kinds of marks and subtitles that the original puts on films besides watermarks."""

    trace_watermark: NotOffered = None
    copy_right_watermark: NotOffered = None
    blind_watermark: NotOffered = None
    subtitle_info_set: NotOffered = None


class WatermarkInput(Wire):
    """A watermark on an output; offsets in seconds (see :func:`clip_range`)."""

    definition: int
    text_content: str = Field("", max_length=100)
    svg_content: str = Field("", max_length=2_000_000)
    start_time_offset: float = 0
    end_time_offset: float = 0


class MosaicInput(Wire):
    """A rectangle made unrecognisable."""

    coordinate_origin: Literal["TopLeft"] = "TopLeft"
    x_pos: Length = "0px"
    y_pos: Length = "0px"
    width: Length = "10%"
    height: Length = "10%"
    start_time_offset: float = 0
    end_time_offset: float = 0


class HeadTailInput(Wire):
    """Clips before and after, by template id."""

    definition: int


class TranscodeInput(_Marked):
    """One transcode. ``override_parameter`` replaces members of the template."""

    definition: int
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)
    mosaic_set: tuple[MosaicInput, ...] = Field((), max_length=10)
    head_tail_set: tuple[HeadTailInput, ...] = Field((), max_length=10)
    start_time_offset: float = 0
    end_time_offset: float = 0
    override_parameter: Annotated[dict[str, Any], AfterValidator(checked_override)] | None = None


class AnimatedGraphicInput(Wire):
    """One animation of a range of the video."""

    definition: int
    start_time_offset: float
    end_time_offset: float


class SnapshotByTimeOffsetInput(Wire):
    """Snapshots at given moments: ``"3.5s"`` or ``"10%"``; the old set counts milliseconds."""

    definition: int
    ext_time_offset_set: tuple[str, ...] = ()
    time_offset_set: tuple[int, ...] = ()
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)


class SampleSnapshotInput(Wire):
    """Snapshots at a regular distance."""

    definition: int
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)


class ImageSpriteInput(Wire):
    """One sprite."""

    definition: int


class CoverBySnapshotInput(Wire):
    """A snapshot that becomes the cover; ``position_value`` in seconds or percent."""

    definition: int
    position_type: Literal["Time", "Percent"]
    position_value: float = Field(ge=0)
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)


class AdaptiveInput(_Marked):
    """One adaptive stream."""

    definition: int
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)
    subtitle_set: NotOffered = None
    drm_info: NotOffered = None


class MediaProcessTask(Wire):
    """Everything to make of a video."""

    transcode_task_set: tuple[TranscodeInput, ...] = ()
    animated_graphic_task_set: tuple[AnimatedGraphicInput, ...] = ()
    snapshot_by_time_offset_task_set: tuple[SnapshotByTimeOffsetInput, ...] = ()
    sample_snapshot_task_set: tuple[SampleSnapshotInput, ...] = ()
    image_sprite_task_set: tuple[ImageSpriteInput, ...] = ()
    cover_by_snapshot_task_set: tuple[CoverBySnapshotInput, ...] = ()
    adaptive_dynamic_streaming_task_set: tuple[AdaptiveInput, ...] = ()


class ReviewInput(Wire):
    """A review, analysis or recognition by template id."""

    definition: int


class ReviewAudioVideoInput(Wire):
    """The new kind of review; it is a task of its own."""

    definition: int = 10
    review_contents: tuple[Literal["Media", "Cover"], ...] = ("Media",)


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


class SubTaskKind(StrEnum):
    """Types of the result set (``events.md`` 4.3), and the reviews of 4.4."""

    TRANSCODE = "Transcode"
    ANIMATED_GRAPHICS = "AnimatedGraphics"
    SNAPSHOT_BY_TIME_OFFSET = "SnapshotByTimeOffset"
    SAMPLE_SNAPSHOT = "SampleSnapshot"
    IMAGE_SPRITES = "ImageSprites"
    COVER_BY_SNAPSHOT = "CoverBySnapshot"
    ADAPTIVE_DYNAMIC_STREAMING = "AdaptiveDynamicStreaming"
    PORN = "Porn"
    TERRORISM = "Terrorism"
    POLITICAL = "Political"
    PORN_ASR = "Porn.Asr"
    POLITICAL_ASR = "Political.Asr"
    PORN_OCR = "Porn.Ocr"
    POLITICAL_OCR = "Political.Ocr"
    REVIEW_AUDIO_VIDEO = "ReviewAudioVideo"

    @property
    def is_review(self) -> bool:
        """True for what looks at a video instead of making something of it."""
        return self in _REVIEWS


_REVIEWS = frozenset(
    {
        SubTaskKind.PORN,
        SubTaskKind.TERRORISM,
        SubTaskKind.POLITICAL,
        SubTaskKind.PORN_ASR,
        SubTaskKind.POLITICAL_ASR,
        SubTaskKind.PORN_OCR,
        SubTaskKind.POLITICAL_OCR,
        SubTaskKind.REVIEW_AUDIO_VIDEO,
    }
)
INPUTS: Mapping[SubTaskKind, type[Wire]] = {
    SubTaskKind.TRANSCODE: TranscodeInput,
    SubTaskKind.ANIMATED_GRAPHICS: AnimatedGraphicInput,
    SubTaskKind.SNAPSHOT_BY_TIME_OFFSET: SnapshotByTimeOffsetInput,
    SubTaskKind.SAMPLE_SNAPSHOT: SampleSnapshotInput,
    SubTaskKind.IMAGE_SPRITES: ImageSpriteInput,
    SubTaskKind.COVER_BY_SNAPSHOT: CoverBySnapshotInput,
    SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING: AdaptiveInput,
    SubTaskKind.REVIEW_AUDIO_VIDEO: ReviewAudioVideoInput,
}
_SETS = (
    ("transcode_task_set", SubTaskKind.TRANSCODE),
    ("animated_graphic_task_set", SubTaskKind.ANIMATED_GRAPHICS),
    ("snapshot_by_time_offset_task_set", SubTaskKind.SNAPSHOT_BY_TIME_OFFSET),
    ("sample_snapshot_task_set", SubTaskKind.SAMPLE_SNAPSHOT),
    ("image_sprite_task_set", SubTaskKind.IMAGE_SPRITES),
    ("cover_by_snapshot_task_set", SubTaskKind.COVER_BY_SNAPSHOT),
    ("adaptive_dynamic_streaming_task_set", SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING),
)


def media_inputs(task: MediaProcessTask) -> Iterator[tuple[SubTaskKind, Any]]:
    """Yield every item of the seven sets with its kind, in the order of the result set."""
    for name, kind in _SETS:
        for item in getattr(task, name):
            yield kind, item


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
        """True when nothing will change any more."""
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


class Failure(Exception):
    """Why a sub-task fails: ``err_code_ext`` of ``procedures-and-api.md`` 3.7 and words for a person."""

    def __init__(self, err_code_ext: str, message: str) -> None:
        super().__init__(message)
        self.err_code_ext = err_code_ext
        self.message = message


def err_code(err_code_ext: str) -> int:
    """Return the deprecated number of a failure ([P], ``events.md`` 9.2)."""
    if not err_code_ext:
        return 0
    return {"InvalidInput": 40000, "SourceFileError": 60000}.get(err_code_ext.partition(".")[0], 70000)


def clip_range(start: float, end: float, duration: float) -> tuple[float, float]:
    """Return seconds from wire offsets: 0 = begin or end, n > 0 = second n, n < 0 = n seconds before the end (3.6).

    Raises :class:`Failure` ``InvalidInput.InvalidTimeOffset`` for a range outside the video or without length.
    """
    first = start if start >= 0 else duration + start
    last = end if end > 0 else duration + end
    if not 0 <= first < last or (duration and first >= duration):
        raise Failure(
            "InvalidInput.InvalidTimeOffset",
            f"StartTimeOffset {start:g} and EndTimeOffset {end:g} leave nothing of {duration:g} s; choose others",
        )
    return first, min(last, duration) if duration else last


@dataclass(frozen=True)
class QuarantinedFile:
    """A file whose processing died too often."""

    file_id: str
    crashes: int
    reason: str
    quarantined: bool = False
