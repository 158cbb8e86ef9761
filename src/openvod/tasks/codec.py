"""Wire shapes of tasks (``events.md`` 4.2–4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvod.events.codec import event_body, iso_time
from openvod.events.types import EventType
from openvod.kinds.failure import err_code
from openvod.kinds.review_audio_video import ReviewAudioVideoInput
from openvod.tasks.model import (
    SubTask,
    SubTaskStatus,
    Task,
    TaskStatus,
)


def procedure_task(
    task: Task, subtasks: Sequence[SubTask], *, name: str, url: str, metadata: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return ``ProcedureTask``; ``name`` and ``url`` are the media's."""
    return {
        "TaskId": task.task_id,
        "Status": "FINISH" if task.status.terminal else "PROCESSING",
        "ErrCode": 0,
        "Message": "ABORTED" if task.status is TaskStatus.ABORTED else "SUCCESS",
        "FileId": task.file_id,
        "FileName": name,
        "FileUrl": url,
        "MetaData": metadata,
        "MediaProcessResultSet": [result_item(s) for s in subtasks if not s.kind.is_review],
        "AiContentReviewResultSet": [result_item(s) for s in subtasks if s.kind.is_review],
        "AiAnalysisResultSet": [],
        "AiRecognitionResultSet": [],
        "TasksPriority": task.priority,
        "TasksNotifyMode": task.notify_mode.value,
        "SessionContext": task.session_context,
        "SessionId": task.session_id,
        "Operator": "",
        "OperationType": "",
    }


def procedure_state_changed(member: Mapping[str, Any]) -> str:
    """Render the event around a ``ProcedureTask``."""
    return event_body(EventType.PROCEDURE_STATE_CHANGED, member)


def review_audio_video_task(task: Task, subtask: SubTask | None) -> dict[str, Any]:
    """Return ``ReviewAudioVideoTask``, the new kind of review; a task that nobody took up yet has no sub-task."""
    asked = task.procedure.review_audio_video_task or ReviewAudioVideoInput()
    return {
        "TaskId": task.task_id,
        "Status": "FINISH" if task.status.terminal else "PROCESSING",
        "ErrCodeExt": subtask.err_code_ext if subtask else "",
        "Message": subtask.message if subtask else "",
        "Input": {"FileId": task.file_id, **(subtask.input if subtask else asked.to_wire())},
        "Output": subtask.output if subtask else None,
        "SessionId": task.session_id,
        "SessionContext": task.session_context,
    }


def review_audio_video_complete(task: Task, subtask: SubTask) -> str:
    """Render the event around a ``ReviewAudioVideoTask``."""
    member = review_audio_video_task(task, subtask)
    return event_body(EventType.REVIEW_AUDIO_VIDEO_COMPLETE, member)


def result_item(subtask: SubTask) -> dict[str, Any]:
    """Return one item of a result set."""
    member = {
        "Status": "PROCESSING" if subtask.status is SubTaskStatus.WAITING else subtask.status.value,
        "ErrCodeExt": subtask.err_code_ext,
        "ErrCode": err_code(subtask.err_code_ext),
        "Message": subtask.message,
        "Progress": subtask.progress,
        "Input": _full_input(subtask),
        "Output": subtask.output,
    }
    if not subtask.kind.is_review:
        member |= {"BeginProcessTime": _moment(subtask.began_at), "FinishTime": _moment(subtask.finished_at)}
    return {"Type": subtask.kind.value, subtask.kind.declaration.result: member}


def _full_input(subtask: SubTask) -> dict[str, Any]:
    """Every declared member, sets empty rather than absent, which receivers count on."""
    return subtask.kind.declaration.input.model_validate(dict(subtask.input)).to_wire()


def _moment(seconds: float | None) -> str:
    return iso_time(seconds) if seconds else ""
