"""Wire shapes of content review (``events.md`` 4.4, 9.2; procedures-and-api.md 6.3, 7)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tencentcloud.vod.v20180717 import models

from openvod.kinds.registry import SubTaskKind
from openvod.review.codec import (
    content_review_document,
    content_review_output,
    cover_review_result,
    review_document,
    review_info,
    review_output,
    success_message,
)
from openvod.review.model import Segment, Suggestion, Verdict
from openvod.tasks.codec import result_item, review_audio_video_complete
from openvod.tasks.model import NotifyMode, Procedure, SubTask, SubTaskStatus, Task, TaskStatus, TaskType

EXPIRES, URL = "2024-05-01T08:00:00Z", "http://vod.example.test/evidence/3.jpg"
BLOCKED = Verdict(
    97.25,
    Suggestion.BLOCK,
    "porn",
    (
        Segment(3, 5, 97.25, "porn", Suggestion.BLOCK, 3, (10, 20, 30, 40)),
        Segment(0.1 * 3, 9, 80, "sexy", Suggestion.REVIEW, 8),
    ),
)
PASSED = Verdict(12.5, Suggestion.PASS)
LONG = Verdict(
    90.0,
    Suggestion.BLOCK,
    "porn",
    tuple(Segment(n * 2.0, n * 2.0 + 1, 90.0, "porn", Suggestion.BLOCK, n) for n in range(250)),
)
TASK = Task(
    "1250000001-ReviewAudioVideo-0t0", 1500000001, TaskType.REVIEW_AUDIO_VIDEO, "5285890700000000101",
    TaskStatus.FINISH, Procedure(name="p"), 0, NotifyMode.FINISH, "s", "c", 0.0,
)  # fmt: skip
FAILURE_CODES = [("InvalidInput.DefinitionNotExist", 40000), ("SourceFileError.NoVideoMedia", 60000),
                 ("InternalError", 70000), ("SomethingNew", 70000)]  # fmt: skip


def old_item(definition: int, verdict: Verdict, pictures: dict[int, str], file_url: str = "") -> dict[str, Any]:
    """Return the item of a flow's result set for a finished review."""
    output = content_review_output(verdict, pictures, EXPIRES, file_url=file_url)
    return result_item(
        SubTask(
            "t", 0, SubTaskKind.PORN, {"Definition": definition}, SubTaskStatus.SUCCESS, "", success_message(verdict),
            100, output=output,
        )
    )  # fmt: skip


def old_failure(code: str, message: str) -> dict[str, Any]:
    """Return the item of a review that failed."""
    return result_item(SubTask("t", 0, SubTaskKind.PORN, {"Definition": 10}, SubTaskStatus.FAIL, code, message))


def new_task(output: dict[str, Any] | None, code: str = "", message: str = "SUCCESS") -> dict[str, Any]:
    """Return what the event of the new kind carries."""
    asked = {"Definition": 10, "ReviewContents": ["Media", "Cover"]}
    status = SubTaskStatus.FAIL if code else SubTaskStatus.SUCCESS
    subtask = SubTask("t", 0, SubTaskKind.REVIEW_AUDIO_VIDEO, asked, status, code, message, output=output)
    event = json.loads(review_audio_video_complete(TASK, subtask))
    member: dict[str, Any] = event["ReviewAudioVideoCompleteEvent"]
    return member


def official(model: Any, plain: dict[str, Any]) -> None:
    """Hold that Tencent's own model reads every member with the value written; unknown members warn, which fails."""
    model._deserialize(plain)
    read = json.loads(model.to_json_string())
    assert _without_null(read) == _without_null(plain)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_null(v) for k, v in value.items() if v is not None}
    return [_without_null(v) for v in value] if isinstance(value, list) else value


def nulls(value: Any, path: str = "") -> set[str]:
    """Return where null stands."""
    if isinstance(value, dict):
        return {p for k, v in value.items() for p in nulls(v, f"{path}.{k}")}
    if isinstance(value, list):
        return {p for v in value for p in nulls(v, f"{path}[]")}
    return {path} if value is None else set()


def test_old_pass_is_the_documented_example() -> None:
    """A pass is byte for byte the item of the specification's example (``events.md`` 9.2)."""
    expected = (
        '{"Type":"Porn","PornTask":{"Status":"SUCCESS","ErrCodeExt":"","ErrCode":0,"Message":"SUCCESS","Progress":100,'
        '"Input":{"Definition":10},"Output":{"Confidence":12.5,"Suggestion":"pass","Label":"","SegmentSet":[],'
        '"SegmentSetFileUrl":"","SegmentSetFileUrlExpireTime":""}}}'
    )
    assert json.dumps(old_item(10, PASSED, {}), separators=(",", ":")) == expected


def test_old_block() -> None:
    """Each segment has offsets, score, lower-case label, suggestion and its evidence; numbers have their types."""
    task = old_item(20, BLOCKED, {3: URL})["PornTask"]
    first, second = task["Output"]["SegmentSet"]
    assert json.dumps(first) == json.dumps(
        {
            "StartTimeOffset": 3.0,
            "EndTimeOffset": 5.0,
            "Confidence": 97.25,
            "Label": "porn",
            "Suggestion": "block",
            "Url": URL,
            "PicUrlExpireTime": EXPIRES,
            "PicUrlExpireTimeStamp": 1714550400,
        }
    )
    assert json.dumps([second["StartTimeOffset"], second["Confidence"]]) == "[0.3, 80.0]"
    assert (second["Url"], second["PicUrlExpireTime"], second["PicUrlExpireTimeStamp"]) == ("", "", 0)
    assert (task["Output"]["Suggestion"], task["Output"]["Label"]) == ("block", "porn")


def test_old_list_is_bounded() -> None:
    """The result shows the first 100 segments; the file has all of them, built alike, and its URL has an end."""
    output = content_review_output(LONG, {0: URL}, EXPIRES, file_url="http://f")
    document = json.loads(content_review_document(LONG, {0: URL}, EXPIRES))
    assert (len(output["SegmentSet"]), len(document)) == (100, 250)
    assert document[:100] == output["SegmentSet"]
    assert (output["SegmentSetFileUrl"], output["SegmentSetFileUrlExpireTime"]) == ("http://f", EXPIRES)


@pytest.mark.parametrize(("code", "number"), FAILURE_CODES)
def test_old_failure(code: str, number: int) -> None:
    """A review that failed says so in three members and has no output: never a pass."""
    task = old_failure(code, "the model is not installed")["PornTask"]
    assert task == {
        "Status": "FAIL",
        "ErrCodeExt": code,
        "ErrCode": number,
        "Message": "the model is not installed",
        "Progress": 0,
        "Input": {"Definition": 10},
        "Output": None,
    }


def test_scores_are_floats() -> None:
    """A score that is a whole number is still written as the float that a strict client reads."""
    output = content_review_output(Verdict(0, Suggestion.PASS), {}, EXPIRES)
    assert json.dumps(output["Confidence"]) == "0.0"


def test_messages() -> None:
    """Frames that nobody could look at are told."""
    partly = Verdict(0.0, Suggestion.PASS, unreadable=2)
    assert old_item(10, partly, {})["PornTask"]["Message"] == "SUCCESS; 2 frames could not be read"


def test_new_block() -> None:
    """The new style has capitalised labels, forms, areas, and no confidence of the whole."""
    output = review_output(BLOCKED, {3: URL}, EXPIRES)
    assert json.dumps(output["SegmentSet"][0]) == json.dumps(
        {
            "StartTimeOffset": 3.0,
            "EndTimeOffset": 5.0,
            "Confidence": 97.25,
            "Suggestion": "block",
            "Label": "Porn",
            "SubLabel": "porn",
            "Form": "Image",
            "AreaCoordSet": [10, 20, 30, 40],
            "Text": "",
            "KeywordSet": [],
            "Url": URL,
            "PicUrlExpireTime": EXPIRES,
        }
    )
    assert output["SegmentSet"][1]["AreaCoordSet"] == []
    rest = {k: v for k, v in output.items() if k != "SegmentSet"}
    assert rest == {
        "Suggestion": "block",
        "Label": "Porn",
        "Form": "Image",
        "SegmentSetFileUrl": "",
        "SegmentSetFileUrlExpireTime": "",
        "CoverReviewResult": None,
    }


def test_new_pass() -> None:
    """A pass has neither label nor form."""
    output = review_output(PASSED, {}, EXPIRES)
    assert [output[k] for k in ("Suggestion", "Label", "Form", "SegmentSet")] == ["pass", "", "", []]


def test_new_list_is_bounded() -> None:
    """The result shows the first 10 segments; the file has all of them, built alike."""
    output = review_output(LONG, {0: URL}, EXPIRES, file_url="http://f")
    document = json.loads(review_document(LONG, {0: URL}, EXPIRES))
    assert (len(output["SegmentSet"]), len(document)) == (10, 250)
    assert document[:10] == output["SegmentSet"]
    assert (output["SegmentSetFileUrl"], output["SegmentSetFileUrlExpireTime"]) == ("http://f", EXPIRES)


def test_new_task() -> None:
    """A finished task repeats what it was asked for, has the output, and no ErrCode."""
    output = review_output(PASSED, {}, EXPIRES, cover=cover_review_result(PASSED))
    assert new_task(output) == {
        "TaskId": TASK.task_id,
        "Status": "FINISH",
        "ErrCodeExt": "",
        "Message": "SUCCESS",
        "Input": {"FileId": TASK.file_id, "Definition": 10, "ReviewContents": ["Media", "Cover"]},
        "Output": output,
        "SessionId": "s",
        "SessionContext": "c",
    }


def test_new_failure() -> None:
    """A failed task ends as every task does and tells its failure in ErrCodeExt, without an output."""
    task = new_task(None, "InternalError", "why")
    assert (task["Status"], task["ErrCodeExt"], task["Message"], task["Output"]) == (
        "FINISH",
        "InternalError",
        "why",
        None,
    )


@pytest.mark.parametrize(("verdict", "types"), [(PASSED, []), (BLOCKED, ["Image.Porn"])])
def test_media_info(verdict: Verdict, types: list[str]) -> None:
    """MediaInfo tells form and label of what was found, and of a pass no types."""
    assert review_info(10, verdict, EXPIRES) == {
        "Definition": 10,
        "Suggestion": verdict.suggestion.value,
        "TypeSet": types,
        "ReviewTime": EXPIRES,
    }


@pytest.mark.parametrize("verdict", [PASSED, BLOCKED, LONG], ids=["pass", "block", "long"])
def test_official_models_read_everything(verdict: Verdict) -> None:
    """Tencent's SDK knows every member, at its place, with its value."""
    output = review_output(verdict, {3: URL}, EXPIRES, file_url="http://f", cover=cover_review_result(verdict))
    official(models.AiContentReviewResult(), old_item(10, verdict, {3: URL}, "http://f"))
    official(models.AiContentReviewResult(), old_failure("InternalError", "m"))
    official(models.ReviewAudioVideoTask(), new_task(output))
    official(models.ReviewAudioVideoTask(), new_task(None, "InternalError", "m"))
    official(models.ReviewInfo(), review_info(10, verdict, EXPIRES))


@pytest.mark.parametrize("verdict", [PASSED, BLOCKED, LONG], ids=["pass", "block", "long"])
def test_null_stands_for_absent_objects_alone(verdict: Verdict) -> None:
    """Strings and arrays are never null; an absent output or cover result is."""
    assert nulls(old_item(10, verdict, {})) == set()
    assert nulls(old_failure("InternalError", "m")) == {".PornTask.Output"}
    assert nulls(new_task(review_output(verdict, {}, EXPIRES))) == {".Output.CoverReviewResult"}
    assert nulls(new_task(None, "InternalError", "m")) == {".Output"}
    assert nulls(review_info(10, verdict, EXPIRES)) == set()
