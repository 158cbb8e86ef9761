"""Bodies of format 2.0, mapped from the stored 3.0 ones (``events.md`` 8). One home for each event type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from openvod.events.types import EventType
from openvod.kinds.legacy import definition, streams

#: Always this text, which is why everybody calls the format 2.0 (``events.md`` 1).
_VERSION = "4.0"
#: A failed item's ``errCode``: 30009 blames the source file, 30010 anything else (``events.md`` 8).
_SOURCE_FAULT, _OTHER_FAULT = 30009, 30010
_SUCCESS = "SUCCESS"

Json = Mapping[str, Any]


def legacy_body(payload: str) -> str | None:
    """Return the 2.0 body of a stored event; ``None`` for a type that 2.0 does not have."""
    event: Json = json.loads(payload)
    name = event["EventType"]
    data_of = _EVENTS.get(name)
    if data_of is None:
        return None
    body = {"version": _VERSION, "eventType": name, "data": data_of(event[EventType(name).member])}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def has_legacy_form(event_type: str) -> bool:
    """Return whether 2.0 has an event type."""
    return event_type in _EVENTS


def _file_upload(member: Json) -> dict[str, Any]:
    basic = member["MediaBasicInfo"]
    return {
        "status": 0,
        "message": "",
        "vodTaskId": "",
        "fileId": member["FileId"],
        "fileName": basic["Name"],
        "fileUrl": basic["MediaUrl"],
        "coverUrl": basic["CoverUrl"],
        "author": "",
        "continued": 0,
        "sourceType": f"{member.get('UploadedBy', 'Client')}Upload",
        "sourceContext": basic["SourceInfo"]["SourceContext"],
        "procedureTaskId": member["ProcedureTaskId"],
        "transcodeTaskId": "",
        "metaData": _metadata(member["MetaData"]),
    }


def _pull_complete(member: Json) -> dict[str, Any]:
    return {
        "status": member["ErrCode"],
        "message": "" if member["ErrCode"] == 0 else member["Message"],
        "vodTaskId": member["TaskId"],
        "fileId": member["FileId"],
        "fileUrl": member["FileUrl"],
        "transcodeTaskId": "",
    }


def _file_deleted(member: Json) -> dict[str, Any]:
    return {"status": 0, "message": "", "fileInfo": [{"fileId": file_id} for file_id in member["FileIdSet"]]}


def _procedure(member: Json) -> dict[str, Any]:
    return {
        "vodTaskId": member["TaskId"],
        "status": member["Status"],
        "errCode": member["ErrCode"],
        "message": "",
        "fileId": member["FileId"],
        "metaData": _metadata(member["MetaData"]),
        "contentReviewList": [_review(item) for item in member["AiContentReviewResultSet"]],
        "aIAnalysisList": [],
        "processTaskList": [_process_task(item) for item in member["MediaProcessResultSet"]],
    }


def _process_task(item: Json) -> dict[str, Any]:
    # Every command imports this module, and the models of all kinds would cost each of them half a second.
    from openvod.kinds.registry import media_kind

    task, kind = _task_of(item), media_kind(item["Type"])
    result = _head(kind.name, task) | {"input": kind.legacy_input(task["Input"])}
    return result | ({"output": kind.legacy_output(task["Output"])} if task["Output"] else {})


def _review(item: Json) -> dict[str, Any]:
    kind, task = item["Type"], _task_of(item)
    result = _head(kind, task) | {"input": definition(task["Input"])}
    if not task["Output"]:
        return result
    output = task["Output"]
    segments = [_segment(segment) for segment in output["SegmentSet"]]
    review = {"confidence": output["Confidence"], "suggestion": output["Suggestion"], "segments": segments}
    return result | {"output": review}


def _segment(segment: Json) -> dict[str, Any]:
    return {
        "startTimeOffset": segment["StartTimeOffset"],
        "endTimeOffset": segment["EndTimeOffset"],
        "confidence": segment["Confidence"],
        "suggestion": segment["Suggestion"],
        "url": segment.get("Url", ""),
        "picUrlExpireTimeStamp": segment.get("PicUrlExpireTimeStamp", 0),
    }


def _task_of(item: Json) -> Json:
    task: Json = next(value for name, value in item.items() if name.endswith("Task"))
    return task


def _head(kind: str, task: Json) -> dict[str, Any]:
    fault = _SOURCE_FAULT if task["ErrCodeExt"].startswith("SourceFileError") else _OTHER_FAULT
    return {
        "taskType": kind,
        "status": task["Status"],
        "errCode": fault if task["Status"] == "FAIL" else 0,
        "message": "" if task["Message"] == _SUCCESS else task["Message"],
    }


def _metadata(given: Json | None) -> dict[str, Any]:
    """Bit rates in bps, as captured, although the original's pages say kbps (``events.md`` 8)."""
    if given is None:
        return {}
    return {
        "size": given["Size"],
        "totalSize": given["Size"],
        "container": given["Container"],
        "bitrate": given["Bitrate"],
        "height": given["Height"],
        "width": given["Width"],
        "md5": given["Md5"],
        "duration": int(given["Duration"]),
        "floatDuration": given["Duration"],
        "videoDuration": given["VideoDuration"],
        "audioDuration": given["AudioDuration"],
        "rotate": given["Rotate"],
        **streams(given),
    }


_EVENTS: Mapping[str, Callable[[Json], dict[str, Any]]] = {
    EventType.NEW_FILE_UPLOAD: _file_upload,
    EventType.PULL_COMPLETE: _pull_complete,
    EventType.FILE_DELETED: _file_deleted,
    EventType.PROCEDURE_STATE_CHANGED: _procedure,
}
