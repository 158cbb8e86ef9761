"""Processing through API 3.0: real files, a real worker with FFmpeg, tasks watched to their end."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from support.server import PlatformServer
from support.server.api import call, code, paced
from support.server.processing_site import ProcessingSite
from support.server.wire import Wire
from support.sweeps.workers import make_clip

pytestmark = pytest.mark.xdist_group("api-processing")
_COVER = {"CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Time", "PositionValue": 0}]}
_ALL = {
    "TranscodeTaskSet": [{"Definition": 10}],
    "AnimatedGraphicTaskSet": [{"Definition": 20_000, "StartTimeOffset": 0, "EndTimeOffset": 1}],
    "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["0.5s"]}],
    "SampleSnapshotTaskSet": [{"Definition": 10}],
    "ImageSpriteTaskSet": [{"Definition": 10}],
    **_COVER,
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of moving picture."""
    return make_clip(tmp_path_factory.mktemp("clips") / "short.mp4", seconds=2)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[ProcessingSite]:
    """A running platform with a worker."""
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "OPENVOD__TASKS__REVIEWERS": json.dumps({"Porn": "support.media.flagging_reviewer:FlaggingReviewer"}),
    }
    with PlatformServer(tmp_path_factory.mktemp("processing") / "data", environment) as server:
        site = ProcessingSite(server, clip)
        yield site
        site.wire.http.close()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[ProcessingSite]:
    """A running platform without a worker, where tasks wait."""
    environment = {"OPENVOD__TASKS__WORKERS": "0"}
    with PlatformServer(tmp_path_factory.mktemp("idle") / "data", environment) as server:
        site = ProcessingSite(server, clip)
        yield site
        site.wire.http.close()


def test_process_media(site: ProcessingSite) -> None:
    """Every kind of sub-task asked for is made; the detail at the end is what the event told, word for word."""
    task_id = site.call(
        "ProcessMedia", FileId=site.file_id, MediaProcessTask=_ALL, TasksPriority=5, TasksNotifyMode="change",
        SessionContext="背景", SessionId="process-1",
    )["TaskId"]  # fmt: skip
    detail = site.end_of(task_id)
    assert (detail["TaskType"], detail["Status"]) == ("Procedure", "FINISH")
    assert detail["CreateTime"] <= detail["BeginProcessTime"] <= detail["FinishTime"]
    assert [detail[name] for name in ("ReviewAudioVideoTask", "PullUploadTask", "EditMediaTask")] == [None] * 3
    task = detail["ProcedureTask"]
    assert {item["Type"] for item in task["MediaProcessResultSet"]} == {
        "Transcode", "AnimatedGraphics", "SnapshotByTimeOffset", "SampleSnapshot", "ImageSprites", "CoverBySnapshot",
    }  # fmt: skip
    for item in task["MediaProcessResultSet"]:
        (member,) = (value for value in item.values() if isinstance(value, dict))
        assert (member["Status"], member["ErrCode"], member["Progress"]) == ("SUCCESS", 0, 100), item
    cover = next(i["CoverBySnapshotTask"] for i in task["MediaProcessResultSet"] if i["Type"] == "CoverBySnapshot")
    assert httpx.get(cover["Output"]["CoverUrl"]).content[:2] == b"\xff\xd8"
    assert task == site.event("ProcedureStateChanged", task_id)
    assert (task["TasksPriority"], task["TasksNotifyMode"], task["SessionContext"], task["SessionId"]) == (
        5, "Change", "背景", "process-1",
    )  # fmt: skip


def test_integers_are_integers(site: ProcessingSite) -> None:
    """What the Go SDK declares as integer has no point, what it declares as text is one, arrays are never null."""
    detail = site.end_of(site.call("ProcessMedia", FileId=site.file_id, MediaProcessTask=_ALL)["TaskId"])
    task = detail["ProcedureTask"]
    for name in ("MediaProcessResultSet", "AiContentReviewResultSet", "AiAnalysisResultSet", "AiRecognitionResultSet"):
        assert isinstance(task[name], list)
    items = {
        item["Type"]: next(v for v in item.values() if isinstance(v, dict)) for item in task["MediaProcessResultSet"]
    }
    transcode = items["Transcode"]["Output"]
    for name in ("Definition", "Bitrate", "Height", "Width", "Size"):
        assert type(transcode[name]) is int, name
    assert type(items["Transcode"]["Input"]["Definition"]) is int
    assert type(transcode["Container"]) is str
    for stream in transcode["VideoStreamSet"]:
        assert all(type(stream[name]) is int for name in ("Bitrate", "Height", "Width", "Fps"))
    assert all(type(items["ImageSprites"]["Output"][name]) is int for name in ("Height", "Width", "TotalCount"))
    picture = items["SnapshotByTimeOffset"]["Output"]["PicInfoSet"][0]
    assert isinstance(picture["WaterMarkDefinition"], list)
    assert all(type(task["MetaData"][name]) is int for name in ("Size", "Bitrate", "Height", "Width", "Rotate"))


def test_an_unknown_template_fails_within_the_flow(site: ProcessingSite) -> None:
    """Templates are looked up when the flow runs: the order is taken, its sub-task says DefinitionNotExist."""
    task = {"TranscodeTaskSet": [{"Definition": 4_000_000}]}
    answer = site.call("ProcessMedia", FileId=site.file_id, MediaProcessTask=task)
    (item,) = site.end_of(answer["TaskId"])["ProcedureTask"]["MediaProcessResultSet"]
    assert item["TranscodeTask"]["Status"] == "FAIL"
    assert item["TranscodeTask"]["ErrCodeExt"] == "InvalidInput.DefinitionNotExist"
    assert item["TranscodeTask"]["Output"] is None


def test_notify_mode_none(site: ProcessingSite) -> None:
    """With None nobody is told, and the detail still tells."""
    answer = site.call("ProcessMedia", FileId=site.file_id, MediaProcessTask=_COVER, TasksNotifyMode="None")
    assert site.end_of(answer["TaskId"])["ProcedureTask"]["TasksNotifyMode"] == "None"
    with pytest.raises(AssertionError):
        site.event("ProcedureStateChanged", answer["TaskId"])


def test_process_by_procedure(site: ProcessingSite) -> None:
    """A procedure's flow and review are two tasks, both named in the answer; a legacy call is a procedure too."""
    body = {"Name": "both", "MediaProcessTask": _COVER, "ReviewAudioVideoTask": {"Definition": 10}}
    assert code(site.call("CreateProcedureTemplate", **body)) == ""
    answer = site.call("ProcessMediaByProcedure", FileId=site.file_id, ProcedureName="both", SessionContext="x")
    assert answer["ImportMediaKnowledgeTaskIdSet"] == []
    flow, review = site.end_of(answer["TaskId"]), site.end_of(answer["ReviewAudioVideoTaskId"])
    assert flow["ProcedureTask"]["MediaProcessResultSet"][0]["CoverBySnapshotTask"]["Status"] == "SUCCESS"
    assert (review["TaskType"], review["ProcedureTask"]) == ("ReviewAudioVideo", None)
    legacy = site.call("ProcessMediaByProcedure", FileId=site.file_id, ProcedureName="QCVB_SimpleProcessFile(0,0,10)")
    assert legacy["ReviewAudioVideoTaskId"] == ""
    assert site.end_of(legacy["TaskId"])["ProcedureTask"]["MediaProcessResultSet"][0]["Type"] == "CoverBySnapshot"


def test_review_audio_video(site: ProcessingSite, tmp_path: Path) -> None:
    """A review by id is a task whose detail is its event; what was found stands in it."""
    file_id = site.upload(_red(tmp_path / "red.mp4"))
    template = site.call("CreateReviewTemplate", Labels=["Porn"])["Definition"]
    waiting = site.call("ReviewAudioVideo", FileId=file_id, Definition=template, SessionId="r", SessionContext="c")
    detail = site.end_of(waiting["TaskId"])
    task = detail["ReviewAudioVideoTask"]
    assert (task["Status"], task["ErrCodeExt"], task["Message"]) == ("FINISH", "", "SUCCESS")
    assert task["Input"] == {"FileId": file_id, "Definition": template, "ReviewContents": ["Media"]}
    assert (task["Output"]["Suggestion"], task["Output"]["Label"]) == ("block", "Porn")
    assert task["Output"]["CoverReviewResult"] is None
    assert (task["SessionId"], task["SessionContext"]) == ("r", "c")
    assert task == site.event("ReviewAudioVideoComplete", waiting["TaskId"])


def test_review_of_the_cover(site: ProcessingSite, clip: Path, tmp_path: Path) -> None:
    """A harmless film with a cover that is not: each has its result; without a cover none can be asked for."""
    cover = tmp_path / "cover.jpg"
    Image.new("RGB", (320, 240), "red").save(cover)
    template = site.call("CreateReviewTemplate", Labels=["Porn"])["Definition"]
    file_id = site.upload(clip, cover)
    order = {"FileId": file_id, "Definition": template}
    task_id = site.call("ReviewAudioVideo", **order, ReviewContents=["Media", "Cover"])["TaskId"]
    task = site.end_of(task_id)["ReviewAudioVideoTask"]
    assert task["ErrCodeExt"] == "", task
    assert task["Output"]["Suggestion"] == "pass"
    result = task["Output"]["CoverReviewResult"]
    assert (result["Suggestion"], result["Label"], result["Form"]) == ("block", "Porn", "Image")
    assert task == site.event("ReviewAudioVideoComplete", task_id)
    assert code(site.call("ReviewAudioVideo", **order, ReviewContents=["Cover"])) == "InvalidParameterValue"
    bare = {"FileId": site.upload(clip), "Definition": template}
    assert code(site.call("ReviewAudioVideo", **bare, ReviewContents=["Media", "Cover"])) == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("action", "changes", "expected"),
    [
        ("ProcessMedia", {"FileId": ""}, "InvalidParameterValue.FileId"),
        ("ProcessMedia", {"FileId": "12345"}, "InvalidParameterValue.FileId"),
        ("ProcessMedia", {"SubAppId": 9}, "InvalidParameterValue.SubAppId"),
        ("ProcessMedia", {"MediaStoragePath": "/a.mp4"}, "UnsupportedOperation"),
        ("ProcessMedia", {"Url": "http://example.com/a.mp4"}, "UnsupportedOperation"),
        ("ProcessMedia", {"OutputAsIndependentMedia": "ON"}, "UnsupportedOperation"),
        ("ProcessMedia", {"MediaProcessTask": None}, "InvalidParameterValue"),
        ("ProcessMedia", {"MediaProcessTask": {"TranscodeTaskSet": [{"Definition": "10"}]}}, "InvalidParameter"),
        ("ProcessMedia", {"AiContentReviewTask": {"Definition": 77}},
         "InvalidParameterValue.AiContentReviewTaskDefinition"),
        ("ProcessMedia", {"AiAnalysisTask": {"Definition": 10}}, "InvalidParameterValue.AiAnalysisTaskDefinition"),
        ("ProcessMedia", {"AiRecognitionTask": {"Definition": 10}},
         "InvalidParameterValue.AiRecognitionTaskDefinition"),
        ("ProcessMedia", {"SessionId": "s" * 51}, "InvalidParameterValue.SessionIdTooLong"),
        ("ProcessMedia", {"SessionContext": "名" * 1001}, "InvalidParameterValue.SessionContextTooLong"),
        ("ProcessMedia", {"TasksPriority": 11}, "InvalidParameterValue"),
        ("ProcessMedia", {"TasksNotifyMode": "Sometimes"}, "InvalidParameterValue"),
        ("ProcessMediaByProcedure", {"ProcedureName": "nowhere"}, "InvalidParameterValue.ProcedureName"),
        ("ProcessMediaByProcedure", {"ProcedureName": "QCVB_SimpleProcessFile("},
         "InvalidParameterValue.ProcedureName"),
        ("ProcessMediaByProcedure", {"ProcedureName": None}, "MissingParameter"),
        ("ProcessMediaByProcedure", {"FileId": "12345"}, "InvalidParameterValue.FileId"),
        ("ProcessMediaByProcedure", {"SessionId": "s" * 51}, "InvalidParameterValue.SessionIdTooLong"),
        ("ProcessMediaByProcedure", {"SessionContext": "c" * 1001}, "InvalidParameterValue.SessionContextTooLong"),
        ("ReviewAudioVideo", {"FileId": "12345"}, "ResourceNotFound"),
        ("ReviewAudioVideo", {"Definition": 77}, "InvalidParameterValue"),
        ("ReviewAudioVideo", {"ReviewContents": ["Sound"]}, "InvalidParameterValue"),
        ("ReviewAudioVideo", {"ReviewContents": ["Cover"]}, "InvalidParameterValue"),
        ("ReviewAudioVideo", {"SessionId": "s" * 51}, "InvalidParameterValue.SessionIdTooLong"),
        ("ReviewAudioVideo", {"SessionContext": "c" * 1001}, "InvalidParameterValue.SessionContextTooLong"),
    ],
)  # fmt: skip
def test_refused_orders(idle: ProcessingSite, action: str, changes: dict[str, Any], expected: str) -> None:
    """Each fault has its code, and opens no task."""
    base: dict[str, dict[str, Any]] = {
        "ProcessMedia": {"MediaProcessTask": _COVER},
        "ProcessMediaByProcedure": {"ProcedureName": "LongVideoPreset"},
        "ReviewAudioVideo": {},
    }
    before = idle.call("DescribeTasks", Limit=100)["TaskSet"]
    body = {"FileId": idle.file_id} | base[action] | changes
    assert code(idle.call(action, **body)) == expected
    assert idle.call("DescribeTasks", Limit=100)["TaskSet"] == before


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("ProcessMedia", "FailedOperation.TaskDuplicate"),
        ("ProcessMediaByProcedure", "InvalidParameterValue.UniqueIdentifier"),
        ("ReviewAudioVideo", "InvalidParameterValue.SessionId"),
    ],
)
def test_a_session_id_counts_once(idle: ProcessingSite, action: str, expected: str) -> None:
    """Many at once with one SessionId open one task; another action, id or application is another order."""
    extra: dict[str, dict[str, Any]] = {
        "ProcessMedia": {"MediaProcessTask": _COVER},
        "ProcessMediaByProcedure": {"ProcedureName": "LongVideoPreset"},
    }
    body: dict[str, Any] = {"FileId": idle.file_id, "SessionId": "the-same"} | extra.get(action, {})
    ready = threading.Barrier(8)

    def order() -> str:
        client = Wire(idle.server.url, idle.key)
        ready.wait(10)
        answer = paced(client, action, body)
        client.http.close()
        return code(answer)

    with ThreadPoolExecutor(8) as threads:
        codes = sorted(f.result() for f in [threads.submit(order) for _ in range(8)])
    assert codes == ["", *[expected] * 7]
    assert code(idle.call(action, **body | {"SessionId": "another"})) == ""
    assert code(idle.call(action, **body | {"SessionId": ""})) == ""
    assert code(idle.call(action, **body | {"SessionId": ""})) == ""


def test_detail_of_waiting_tasks(idle: ProcessingSite) -> None:
    """Before anybody took it up a task has no times but its own, and a member of the same shape."""
    flow = idle.call("ProcessMedia", FileId=idle.file_id, MediaProcessTask=_COVER)["TaskId"]
    detail = idle.detail(flow)
    assert (detail["Status"], detail["BeginProcessTime"], detail["FinishTime"]) == ("WAITING", "", "")
    assert (detail["ProcedureTask"]["Status"], detail["ProcedureTask"]["MediaProcessResultSet"]) == ("PROCESSING", [])
    review = idle.detail(idle.call("ReviewAudioVideo", FileId=idle.file_id)["TaskId"])
    assert review["ReviewAudioVideoTask"]["Input"] == {
        "FileId": idle.file_id, "Definition": 10, "ReviewContents": ["Media"],
    }  # fmt: skip
    assert (review["ReviewAudioVideoTask"]["Status"], review["ReviewAudioVideoTask"]["Output"]) == ("PROCESSING", None)


def test_manage_task(idle: ProcessingSite) -> None:
    """A waiting task can be aborted once, which is told as its end."""
    task_id = idle.call("ProcessMedia", FileId=idle.file_id, MediaProcessTask=_COVER)["TaskId"]
    assert code(idle.call("ManageTask", TaskId=task_id, OperationType="Pause")) == (
        "InvalidParameterValue.InvalidOperationType"
    )
    assert code(idle.call("ManageTask", TaskId=task_id, OperationType="Abort")) == ""
    detail = idle.detail(task_id)
    assert detail["Status"] == "ABORTED"
    assert detail["FinishTime"]
    assert detail["ProcedureTask"] == idle.event("ProcedureStateChanged", task_id)
    assert code(idle.call("ManageTask", TaskId=task_id, OperationType="Abort")) == "FailedOperation"
    unknown = f"1-procedurev2-{'0' * 32}t0"
    assert code(idle.call("ManageTask", TaskId=unknown, OperationType="Abort")) == "InvalidParameterValue.TaskId"
    assert code(idle.call("ManageTask", TaskId="x", OperationType="Abort")) == "InvalidParameterValue.TaskId"
    assert code(idle.call("ManageTask", TaskId=task_id)) == "MissingParameter"


def test_an_ended_task_cannot_be_aborted(site: ProcessingSite) -> None:
    """Work that is done stays done."""
    task_id = site.call("ProcessMedia", FileId=site.file_id, MediaProcessTask=_COVER)["TaskId"]
    site.end_of(task_id)
    assert code(site.call("ManageTask", TaskId=task_id, OperationType="Abort")) == "FailedOperation"
    assert site.detail(task_id)["Status"] == "FINISH"


def test_others_tasks_do_not_exist(idle: ProcessingSite) -> None:
    """A key of another application neither sees nor ends a task."""
    task_id = idle.call("ProcessMedia", FileId=idle.file_id, MediaProcessTask=_COVER)["TaskId"]
    other = idle.server.administer(lambda access: access.create_application("other")).sub_app_id
    stranger = Wire(idle.server.url, idle.server.create_key(other))
    assert code(call(stranger, "DescribeTaskDetail", {"TaskId": task_id})) == "ResourceNotFound"
    assert code(call(stranger, "ManageTask", {"TaskId": task_id, "OperationType": "Abort"})) == (
        "InvalidParameterValue.TaskId"
    )
    assert call(stranger, "DescribeTasks")["TaskSet"] == []
    body = {"FileId": idle.file_id, "MediaProcessTask": _COVER}
    assert code(call(stranger, "ProcessMedia", body)) == "InvalidParameterValue.FileId"
    stranger.http.close()
    assert idle.detail(task_id)["Status"] == "WAITING"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"TaskId": "nonsense"}, "InvalidParameterValue.TaskId"),
        ({"TaskId": f"1-procedurev2-{'0' * 32}t0"}, "ResourceNotFound"),
        ({}, "MissingParameter"),
    ],
)
def test_unknown_details(idle: ProcessingSite, body: dict[str, Any], expected: str) -> None:
    """What is no id and what is nobody's id are told apart."""
    assert code(idle.call("DescribeTaskDetail", **body)) == expected


def test_describe_tasks(idle: ProcessingSite, clip: Path) -> None:
    """Pages join to the whole list, in both orders; every filter leaves what it names."""
    file_id = idle.upload(clip)
    made = [
        idle.call("ProcessMedia", FileId=file_id, MediaProcessTask=_COVER, SessionContext=str(n))["TaskId"]
        for n in range(5)
    ]
    for task_id in made[:2]:
        assert code(idle.call("ManageTask", TaskId=task_id, OperationType="Abort")) == ""
    assert _pages(idle, 2, FileId=file_id) == made[::-1]
    assert _pages(idle, 2, FileId=file_id, Sort={"Field": "CreateTime", "Order": "Asc"}) == made
    assert _pages(idle, 1, FileId=file_id, Status="ABORTED") == made[1::-1]
    assert _pages(idle, 1, FileId=file_id, Sort={"Field": "FinishTime", "Order": "Desc"})[:2] == made[1::-1]
    assert sorted(_pages(idle, 1, FileId=file_id, Sort={"Field": "FinishTime", "Order": "Asc"})[:3]) == sorted(made[2:])
    (row,) = (r for r in idle.call("DescribeTasks", FileId=file_id)["TaskSet"] if r["TaskId"] == made[2])
    assert row["CreateTime"].endswith("Z")
    assert {name: row[name] for name in row if name != "CreateTime"} == {
        "TaskId": made[2], "Status": "WAITING", "FileId": file_id, "TaskType": "Procedure", "BeginProcessTime": "",
        "FinishTime": "", "SessionId": "", "SessionContext": "2",
    }  # fmt: skip
    moment = idle.detail(made[0])["FinishTime"]
    assert set(_pages(idle, 9, FileId=file_id, FinishTime={"Before": moment})) <= set(made[:2])
    assert made[0] in _pages(idle, 9, FileId=file_id, FinishTime={"After": moment, "Before": moment})
    assert _pages(idle, 9, FileId=file_id, CreateTime={"After": "2100-01-01T08:00:00+08:00"}) == []
    assert _pages(idle, 9, FileId=file_id, CreateTime={"Before": "2001-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"Status": "DONE"}, "InvalidParameterValue.Status"),
        ({"Limit": 101}, "InvalidParameterValue"),
        ({"ScrollToken": "###"}, "InvalidParameterValue"),
        ({"ScrollToken": "W10="}, "InvalidParameterValue"),
        ({"CreateTime": {"After": "yesterday"}}, "InvalidParameterValue"),
        ({"Sort": {"Field": "Size"}}, "InvalidParameterValue"),
        ({"Limit": "ten"}, "InvalidParameter"),
    ],
)
def test_refused_lists(idle: ProcessingSite, body: dict[str, Any], expected: str) -> None:
    """Each fault has its code."""
    assert code(idle.call("DescribeTasks", **body)) == expected


def _red(path: Path) -> Path:
    """Make a clip that the reviewer of these tests blocks."""
    graph = ("-f", "lavfi", "-i", "color=red:s=320x240:r=10:d=2", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    subprocess.run([ffmpeg_path(), "-v", "error", *graph, str(path)], check=True)
    return path


def _pages(site: ProcessingSite, size: int, **filters: Any) -> list[str]:
    found: list[str] = []
    token = ""
    for _ in range(50):
        answer = site.call("DescribeTasks", Limit=size, ScrollToken=token, **filters)
        assert code(answer) == "", answer
        found += [row["TaskId"] for row in answer["TaskSet"]]
        assert len(answer["TaskSet"]) <= size
        token = answer["ScrollToken"]
        if not token:
            return found
    raise AssertionError("the pages have no end")
