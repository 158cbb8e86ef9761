"""The wire's members of content review, old and new (``events.md`` 4.4, procedures-and-api.md 6.3, 7).

Old is the ``AiContentReviewTask`` of a task flow, new is ``ReviewAudioVideoTask``. ``pictures`` maps a frame's index to
the temporary URL of its picture, ``expires`` is their expiry in ISO 8601. Strings and arrays are never
null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from openvod.review.model import Segment, Suggestion, Verdict

#: Most segments in a result; the file at ``SegmentSetFileUrl`` has all of them.
CONTENT_REVIEW_SEGMENTS = 100
REVIEW_SEGMENTS = 10
SUCCESS = "SUCCESS"
_TOPIC = "Porn"
_FORM = "Image"


def success_message(verdict: Verdict) -> str:
    """Return ``SUCCESS``, with the number of unreadable frames if there are any."""
    return SUCCESS if not verdict.unreadable else f"{SUCCESS}; {verdict.unreadable} frames could not be read"


def content_review_output(
    verdict: Verdict, pictures: Mapping[int, str], expires: str, *, file_url: str = ""
) -> dict[str, Any]:
    """Return ``PornTask.Output`` (old); ``file_url`` is the URL of :func:`content_review_document`."""
    return {
        "Confidence": float(verdict.confidence),
        "Suggestion": verdict.suggestion.value,
        "Label": verdict.label,
        "SegmentSet": _content_review_segments(verdict, pictures, expires)[:CONTENT_REVIEW_SEGMENTS],
        "SegmentSetFileUrl": file_url,
        "SegmentSetFileUrlExpireTime": expires if file_url else "",
    }


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

    ``file_url`` is the URL of :func:`review_document`, ``cover`` a :func:`cover_review_result` if requested.
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


def review_info(definition: int, verdict: Verdict, review_time: str) -> dict[str, Any]:
    """Return one part of ``MediaInfo.ReviewInfo`` (procedures-and-api.md 6.3); ``review_time`` is ISO 8601."""
    return {
        "Definition": definition,
        "Suggestion": verdict.suggestion.value,
        "TypeSet": [] if verdict.suggestion is Suggestion.PASS else [f"{_FORM}.{_TOPIC}"],
        "ReviewTime": review_time,
    }


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


def _review_head(verdict: Verdict) -> dict[str, Any]:
    """Return label and form, which are valid for ``review`` and ``block`` only."""
    passed = verdict.suggestion is Suggestion.PASS
    return {
        "Suggestion": verdict.suggestion.value,
        "Label": "" if passed else _TOPIC,
        "Form": "" if passed else _FORM,
    }


def _review_segments(verdict: Verdict, pictures: Mapping[int, str], expires: str) -> list[dict[str, Any]]:
    return [{**_times(s), **_finding_item(s), **_picture(s, pictures, expires)} for s in verdict.segments]


def _finding_item(segment: Segment) -> dict[str, Any]:
    """Build the common members of both new segment types; ``SubLabel`` is the finer label of the old API."""
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
    """Return seconds, rounded to hide binary fractions."""
    return {"StartTimeOffset": round(float(segment.start), 3), "EndTimeOffset": round(float(segment.end), 3)}


def _picture(segment: Segment, pictures: Mapping[int, str], expires: str) -> dict[str, str]:
    url = pictures.get(segment.frame, "")
    return {"Url": url, "PicUrlExpireTime": expires if url else ""}


def _timestamp(expires: str) -> int:
    return int(datetime.fromisoformat(expires).timestamp())


def _document(segments: list[dict[str, Any]]) -> str:
    return json.dumps(segments, ensure_ascii=False, separators=(",", ":"))
