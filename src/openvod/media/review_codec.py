"""Wire shapes of content review, old and new (``events.md`` 4.4, procedures-and-api.md 6.3, 7).

Old is the ``AiContentReviewTask`` of a task flow, new is ``ReviewAudioVideoTask``. ``pictures`` maps a frame's index to
the temporary URL of its picture, ``expires`` is the ISO 8601 moment when such URLs end. Strings and arrays are never
null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openvod.media.review import Segment, Suggestion, Verdict

#: How many segments a result shows; all of them stand in the file at ``SegmentSetFileUrl``.
CONTENT_REVIEW_SEGMENTS = 100
REVIEW_SEGMENTS = 10
SUCCESS = "SUCCESS"
_TOPIC = "Porn"
_FORM = "Image"
#: Old numbers of error code families; no source lists them for sub-tasks, PullUploadTask's are used (9.2).
_NUMBERS = {"InvalidInput": 40000, "SourceFileError": 60000}
_INTERNAL = 70000


@dataclass(frozen=True)
class ReviewRequest:
    """What a ``ReviewAudioVideoTask`` was asked to do; ``contents`` of ``Media`` and ``Cover``."""

    task_id: str
    file_id: str
    definition: int
    contents: tuple[str, ...] = ("Media",)
    session_id: str = ""
    session_context: str = ""


def success_message(verdict: Verdict) -> str:
    """Return ``SUCCESS``, and how many frames nobody could look at if there were any."""
    return SUCCESS if not verdict.unreadable else f"{SUCCESS}; {verdict.unreadable} frames could not be read"


def content_review_item(
    definition: int,
    verdict: Verdict,
    pictures: Mapping[int, str],
    expires: str,
    *,
    file_url: str = "",
    message: str = "",
) -> dict[str, Any]:
    """Return the item of ``AiContentReviewResultSet`` for a finished review (old).

    ``file_url`` leads to :func:`content_review_document`; ``message`` replaces :func:`success_message`.
    """
    output = {
        "Confidence": float(verdict.confidence),
        "Suggestion": verdict.suggestion.value,
        "Label": verdict.label,
        "SegmentSet": _content_review_segments(verdict, pictures, expires)[:CONTENT_REVIEW_SEGMENTS],
        "SegmentSetFileUrl": file_url,
        "SegmentSetFileUrlExpireTime": expires if file_url else "",
    }
    message = message or success_message(verdict)
    return _content_review(definition, SUCCESS, message=message, progress=100, output=output)


def content_review_failure(definition: int, code: str, message: str) -> dict[str, Any]:
    """Return the item of a review that failed; ``code`` is an ``ErrCodeExt`` (procedures-and-api.md 3.7)."""
    return _content_review(definition, "FAIL", code=code, message=message)


def content_review_processing(definition: int, progress: int = 0) -> dict[str, Any]:
    """Return the item of a review under way, ``progress`` in per cent (notify mode ``Change``, ``events.md`` 5)."""
    return _content_review(definition, "PROCESSING", progress=progress)


def content_review_document(verdict: Verdict, pictures: Mapping[int, str], expires: str) -> str:
    """Return the JSON file of all segments (old): an array built like ``SegmentSet``."""
    return _document(_content_review_segments(verdict, pictures, expires))


def review_output(
    verdict: Verdict,
    pictures: Mapping[int, str],
    expires: str,
    *,
    file_url: str = "",
    cover: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return ``ReviewAudioVideoTask.Output`` (new).

    ``file_url`` leads to :func:`review_document`, ``cover`` is a :func:`cover_review_result` if covers were asked for.
    """
    return {
        **_review_head(verdict),
        "SegmentSet": _review_segments(verdict, pictures, expires)[:REVIEW_SEGMENTS],
        "SegmentSetFileUrl": file_url,
        "SegmentSetFileUrlExpireTime": expires if file_url else "",
        "CoverReviewResult": dict(cover) if cover is not None else None,
    }


def cover_review_result(verdict: Verdict) -> dict[str, Any]:
    """Return ``CoverReviewResult``, the review of one picture: its segments have neither time nor URL (new)."""
    return {
        **_review_head(verdict),
        "SegmentSet": [_finding_item(segment) for segment in verdict.segments[:REVIEW_SEGMENTS]],
        "SegmentSetFileUrl": "",
        "SegmentSetFileUrlExpireTime": "",
    }


def review_document(verdict: Verdict, pictures: Mapping[int, str], expires: str) -> str:
    """Return the JSON file of all segments (new): an array built like ``SegmentSet``."""
    return _document(_review_segments(verdict, pictures, expires))


def review_task(request: ReviewRequest, output: Mapping[str, Any], message: str = SUCCESS) -> dict[str, Any]:
    """Return a finished ``ReviewAudioVideoTask`` with its :func:`review_output` (new)."""
    return _review(request, "FINISH", message=message, output=dict(output))


def review_task_failure(request: ReviewRequest, code: str, message: str) -> dict[str, Any]:
    """Return a failed ``ReviewAudioVideoTask``; ``code`` is an ``ErrCodeExt`` (procedures-and-api.md 3.7).

    The state is ``FINISH`` all the same: this task knows no other end, its outcome stands in ``ErrCodeExt``.
    """
    return _review(request, "FINISH", code=code, message=message)


def review_task_processing(request: ReviewRequest) -> dict[str, Any]:
    """Return a ``ReviewAudioVideoTask`` under way."""
    return _review(request, "PROCESSING")


def review_info(definition: int, verdict: Verdict, review_time: str) -> dict[str, Any]:
    """Return one part of ``MediaInfo.ReviewInfo`` (procedures-and-api.md 6.3); ``review_time`` is ISO 8601."""
    return {
        "Definition": definition,
        "Suggestion": verdict.suggestion.value,
        "TypeSet": [] if verdict.suggestion is Suggestion.PASS else [f"{_FORM}.{_TOPIC}"],
        "ReviewTime": review_time,
    }


def _content_review(
    definition: int, status: str, *, code: str = "", message: str = "", progress: int = 0, output: Any = None
) -> dict[str, Any]:
    task = {
        "Status": status,
        "ErrCodeExt": code,
        "ErrCode": _NUMBERS.get(code.partition(".")[0], _INTERNAL) if code else 0,
        "Message": message,
        "Progress": progress,
        "Input": {"Definition": definition},
        "Output": output,
    }
    return {"Type": _TOPIC, f"{_TOPIC}Task": task}


def _content_review_segments(verdict: Verdict, pictures: Mapping[int, str], expires: str) -> list[dict[str, Any]]:
    return [
        {
            **_times(segment),
            "Confidence": float(segment.confidence),
            "Label": segment.label,
            "Suggestion": segment.suggestion.value,
            **_picture(segment, pictures, expires),
            "PicUrlExpireTimeStamp": _timestamp(expires) if pictures.get(segment.frame) else 0,
        }
        for segment in verdict.segments
    ]


def _review(
    request: ReviewRequest, status: str, *, code: str = "", message: str = "", output: Any = None
) -> dict[str, Any]:
    return {
        "TaskId": request.task_id,
        "Status": status,
        "ErrCodeExt": code,
        "Message": message,
        "Input": {
            "FileId": request.file_id,
            "Definition": request.definition,
            "ReviewContents": list(request.contents),
        },
        "Output": output,
        "SessionId": request.session_id,
        "SessionContext": request.session_context,
    }


def _review_head(verdict: Verdict) -> dict[str, Any]:
    """Label and form are valid for ``review`` and ``block`` alone."""
    passed = verdict.suggestion is Suggestion.PASS
    return {
        "Suggestion": verdict.suggestion.value,
        "Label": "" if passed else _TOPIC,
        "Form": "" if passed else _FORM,
    }


def _review_segments(verdict: Verdict, pictures: Mapping[int, str], expires: str) -> list[dict[str, Any]]:
    return [{**_times(s), **_finding_item(s), **_picture(s, pictures, expires)} for s in verdict.segments]


def _finding_item(segment: Segment) -> dict[str, Any]:
    """Build what both kinds of new segments share; ``SubLabel`` takes the old style's finer label."""
    return {
        "Confidence": float(segment.confidence),
        "Suggestion": segment.suggestion.value,
        "Label": _TOPIC,
        "SubLabel": segment.label,
        "Form": _FORM,
        "AreaCoordSet": [] if segment.area is None else list(segment.area),
        "Text": "",
        "KeywordSet": [],
    }


def _times(segment: Segment) -> dict[str, float]:
    """Return seconds without the dust of binary fractions."""
    return {"StartTimeOffset": round(float(segment.start), 3), "EndTimeOffset": round(float(segment.end), 3)}


def _picture(segment: Segment, pictures: Mapping[int, str], expires: str) -> dict[str, str]:
    url = pictures.get(segment.frame, "")
    return {"Url": url, "PicUrlExpireTime": expires if url else ""}


def _timestamp(expires: str) -> int:
    return int(datetime.fromisoformat(expires).timestamp())


def _document(segments: list[dict[str, Any]]) -> str:
    return json.dumps(segments, ensure_ascii=False, separators=(",", ":"))
