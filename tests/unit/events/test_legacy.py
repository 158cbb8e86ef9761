"""Format 2.0 (events.md 8, 9.4): mapped from the specification's own 3.0 examples."""

from __future__ import annotations

import json
from typing import Any

from openvod.events.legacy import legacy_body

_METADATA = {
    "Size": 1048576, "Container": "mov", "Bitrate": 838860, "Height": 720, "Width": 1280, "Duration": 10.02,
    "Rotate": 0, "VideoDuration": 10.0, "AudioDuration": 10.02, "Md5": "",
    "VideoStreamSet": [{"Bitrate": 710000, "Height": 720, "Width": 1280, "Codec": "h264", "Fps": 25, "CodecTag": ""}],
    "AudioStreamSet": [{"Bitrate": 128000, "SamplingRate": 44100, "Codec": "aac"}],
}  # fmt: skip
_OLD_METADATA = {
    "size": 1048576, "totalSize": 1048576, "container": "mov", "bitrate": 838860, "height": 720, "width": 1280,
    "md5": "", "duration": 10, "floatDuration": 10.02, "videoDuration": 10.0, "audioDuration": 10.02, "rotate": 0,
    "videoStreamList": [{"bitrate": 710000, "codec": "h264", "fps": 25, "height": 720, "width": 1280}],
    "audioStreamList": [{"bitrate": 128000, "codec": "aac", "samplingRate": 44100}],
}  # fmt: skip


def _legacy(kind: str, member: str, content: dict[str, Any]) -> dict[str, Any]:
    body = legacy_body(json.dumps({"EventType": kind, member: content}))
    assert body is not None
    told: dict[str, Any] = json.loads(body)
    assert (told.pop("version"), told.pop("eventType")) == ("4.0", kind)
    data: dict[str, Any] = told.pop("data")
    assert not told
    return data


def test_new_file_upload() -> None:
    """The example of 9.4, with our source told apart again."""
    basic = {"Name": "holiday", "MediaUrl": "http://v/x.mp4", "CoverUrl": "", "SourceInfo": {"SourceContext": "{}"}}
    content = {"FileId": "5", "MediaBasicInfo": basic, "ProcedureTaskId": "t", "MetaData": _METADATA}
    data = _legacy("NewFileUpload", "FileUploadEvent", content | {"UploadedBy": "Server"})
    assert data == {
        "status": 0, "message": "", "vodTaskId": "", "fileId": "5", "fileName": "holiday",
        "fileUrl": "http://v/x.mp4", "coverUrl": "", "author": "", "continued": 0, "sourceType": "ServerUpload",
        "sourceContext": "{}", "procedureTaskId": "t", "transcodeTaskId": "", "metaData": _OLD_METADATA,
    }  # fmt: skip
    unreadable = _legacy("NewFileUpload", "FileUploadEvent", content | {"MetaData": None})
    assert (unreadable["metaData"], unreadable["sourceType"]) == ({}, "ClientUpload")


def test_pull_complete() -> None:
    """A pulled file's end: the number and, of a failure alone, the words."""
    told = {"TaskId": "t", "ErrCode": 0, "Message": "SUCCESS", "FileId": "5", "FileUrl": "http://v/x.mp4"}
    assert _legacy("PullComplete", "PullCompleteEvent", told) == {
        "status": 0, "message": "", "vodTaskId": "t", "fileId": "5", "fileUrl": "http://v/x.mp4", "transcodeTaskId": "",
    }  # fmt: skip
    failed = _legacy("PullComplete", "PullCompleteEvent", told | {"ErrCode": 60000, "Message": "404", "FileId": ""})
    assert (failed["status"], failed["message"], failed["fileId"]) == (60000, "404", "")


def test_file_deleted() -> None:
    """The example of 9.4."""
    data = _legacy("FileDeleted", "FileDeleteEvent", {"FileIdSet": ["5"], "FileDeleteResultInfo": []})
    assert data == {"status": 0, "message": "", "fileInfo": [{"fileId": "5"}]}


def _item(kind: str, member: str, given: dict[str, Any], made: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    task = {"Status": "SUCCESS", "ErrCodeExt": "", "Message": "SUCCESS", "Input": given, "Output": made} | more
    return {"Type": kind, member: task}


def test_procedure_state_changed() -> None:
    """Every kind of item in its old shape; failures carry the old numbers and no output."""
    stream = {k: _METADATA[k] for k in ("VideoStreamSet", "AudioStreamSet")}
    items = [
        _item("Transcode", "TranscodeTask", {"Definition": 20, "WatermarkSet": [{"Definition": 1}]},
              {"Url": "u", "Size": 8, "Container": "mp4", "Bitrate": 9, "Height": 2, "Width": 4, "Md5": "m",
               "Duration": 10.7, **stream}),
        _item("AnimatedGraphics", "AnimatedGraphicTask",
              {"Definition": 20000, "StartTimeOffset": 0, "EndTimeOffset": 3},
              {"Url": "g", "Container": "gif", "Height": 2, "Width": 4}),
        _item("SampleSnapshot", "SampleSnapshotTask", {"Definition": 10}, {"ImageUrlSet": ["a"]}),
        _item("SnapshotByTimeOffset", "SnapshotByTimeOffsetTask", {"Definition": 10, "TimeOffsetSet": [5]},
              {"PicInfoSet": [{"TimeOffset": 5, "Url": "s"}]}),
        _item("CoverBySnapshot", "CoverBySnapshotTask", {"Definition": 10, "PositionType": "Time", "PositionValue": 0},
              {"CoverUrl": "c"}),
        _item("ImageSprites", "ImageSpriteTask", {"Definition": 10},
              {"TotalCount": 2, "ImageUrlSet": ["i"], "WebVttUrl": "v"}),
        _item("AdaptiveDynamicStreaming", "AdaptiveDynamicStreamingTask", {"Definition": 10},
              {"Url": "m3u8", "Size": 7}),
        _item("Transcode", "TranscodeTask", {"Definition": 10}, None, Status="FAIL", Message="broken",
              ErrCodeExt="SourceFileError.ContentMalformed"),
    ]  # fmt: skip
    porn = _item("Porn", "PornTask", {"Definition": 10}, {"Confidence": 12.5, "Suggestion": "pass", "SegmentSet": []})
    content = {
        "TaskId": "t", "Status": "FINISH", "ErrCode": 0, "FileId": "5", "MetaData": None,
        "MediaProcessResultSet": items, "AiContentReviewResultSet": [porn],
    }  # fmt: skip
    data = _legacy("ProcedureStateChanged", "ProcedureStateChangeEvent", content)
    told = {task["taskType"]: task for task in reversed(data["processTaskList"])}
    assert [task["taskType"] for task in data["processTaskList"]] == [item["Type"] for item in items]
    assert told["Transcode"]["input"] == {"definition": 20, "watermark": 1, "mosaicList": []}
    assert told["Transcode"]["output"]["duration"] == 10
    assert told["AnimatedGraphics"]["input"] == {"definition": 20000, "startTime": 0, "endTime": 3}
    assert told["SampleSnapshot"]["output"] == {"imageUrls": ["a"]}
    assert told["SnapshotByTimeOffset"]["output"] == {"imgInfo": [{"timeOffset": 5, "url": "s"}]}
    assert told["CoverBySnapshot"]["output"] == {"imageUrl": "c"}
    assert told["ImageSprites"]["output"] == {"totalCount": 2, "urlList": ["i"], "webVttUrl": "v"}
    assert told["AdaptiveDynamicStreaming"]["output"] == {"url": "m3u8", "size": 7}
    failed = data["processTaskList"][-1]
    assert (failed["status"], failed["errCode"], failed["message"], "output" in failed) == (
        "FAIL",
        30009,
        "broken",
        False,
    )
    assert data["contentReviewList"] == [{
        "taskType": "Porn", "status": "SUCCESS", "errCode": 0, "message": "", "input": {"definition": 10},
        "output": {"confidence": 12.5, "suggestion": "pass", "segments": []},
    }]  # fmt: skip


def test_other_events_have_no_old_form() -> None:
    """2.0 ended before them."""
    assert legacy_body('{"EventType":"ReviewAudioVideoComplete"}') is None
