"""The console's API over real uploads, flows, reviews and events."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from openvod.access.account_model import Role
from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod_sdk import Client
from support.server import PlatformServer, free_port
from support.server.console import Person

pytestmark = pytest.mark.xdist_group("console")
_SECONDS = 60.0
_COVER = {"CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Time", "PositionValue": 0}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformServer]:
    """A platform with a worker, and a reviewer that flags red frames."""
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "OPENVOD__TASKS__REVIEWERS": json.dumps({"Porn": "support.media.flagging_reviewer:FlaggingReviewer"}),
        "OPENVOD__TASKS__HOLD_BLOCKED": "true",
    }
    with PlatformServer(tmp_path_factory.mktemp("console") / "data", environment) as running:
        yield running


@pytest.fixture(scope="module")
def operator(server: PlatformServer) -> Person:
    """Somebody who works with media."""
    return Person.invited(server, Role.OPERATOR)


@pytest.fixture(scope="module")
def admin(server: PlatformServer) -> Person:
    """Somebody who sets addresses."""
    return Person.invited(server, Role.ADMIN)


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, green, then red."""
    path = tmp_path_factory.mktemp("red") / "red.mp4"
    graph = "color=green:s=320x240:r=10:d=4[g];color=red:s=320x240:r=10:d=4[r];[g][r]overlay=enable='between(t,2,4)'"
    command = [ffmpeg_path(), "-v", "error", "-filter_complex", graph, "-c:v", "libx264", "-g", "10", str(path)]
    subprocess.run(command, check=True)
    return path


def _upload(person: Person, path: Path, **asked: object) -> str:
    """Upload as the console does: with a signature that the session gets."""
    signature = person.ok("POST", "upload-signatures", asked)["signature"]
    return Client(str(person.http.base_url).rstrip("/"), lambda: signature, resume=False).upload(path).file_id


def _until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def _ended(person: Person, file_id: str) -> Any:
    """Return the only task of a file once it has ended."""

    def look() -> Any:
        rows = person.ok("GET", f"tasks?fileId={file_id}&status=FINISH")["items"]
        return rows[0] if rows else None

    return _until(look)


@pytest.fixture(scope="module")
def processed(operator: Person, red: Path) -> str:
    """A file with a finished flow."""
    operator.action("CreateProcedureTemplate", {"Name": "cover", "MediaProcessTask": _COVER})
    file_id = _upload(operator, red, procedure="cover")
    _ended(operator, file_id)
    return file_id


def test_a_task_tells_plan_log_and_progress(operator: Person, processed: str) -> None:
    """A finished task is at 100, and its sub-tasks tell what ran; a retry runs it again, its end cannot be aborted."""
    row = _ended(operator, processed)
    assert (row["progress"], row["subTasks"], row["done"], row["failed"]) == (100, 1, 1, 0)
    assert row["procedure"] == "cover"
    shown = operator.ok("GET", f"tasks/{row['taskId']}")
    assert shown["items"][0]["plan"].startswith("ffmpeg ")
    assert shown["items"][0]["output"]["CoverUrl"]
    assert operator.refused("POST", f"tasks/{row['taskId']}/abort")[:2] == (409, "task.ended")
    assert operator.refused("POST", f"tasks/{row['taskId']}/retry", {})[1] == "task.nothing", "nothing failed"
    again = operator.ok("POST", f"tasks/{row['taskId']}/retry", {"number": 0})
    assert again["run"] == 1
    _until(lambda: operator.ok("GET", f"tasks/{row['taskId']}")["status"] == "FINISH")


def test_a_failed_task(operator: Person, red: Path) -> None:
    """What failed is counted, says why, and is what a retry does again."""
    file_id = _upload(operator, red)
    task_id = operator.action("ProcessMedia", {"FileId": file_id, "MediaProcessTask": {
        "TranscodeTaskSet": [{"Definition": 999}]}})["TaskId"]  # fmt: skip
    row = _ended(operator, file_id)
    assert (row["taskId"], row["failed"], row["progress"]) == (task_id, 1, 100)
    assert operator.ok("GET", f"tasks/{task_id}")["items"][0]["errCodeExt"].startswith("InvalidInput")
    assert operator.ok("GET", "dashboard")["failures"] >= 1
    assert operator.ok("POST", f"tasks/{task_id}/retry", {})["run"] == 1


def test_pages_of_tasks(operator: Person, processed: str) -> None:
    """Cursors lead through all tasks, none twice."""
    whole = [row["taskId"] for row in operator.ok("GET", "tasks?limit=100")["items"]]
    seen: list[str] = []
    cursor = ""
    while True:
        page = operator.ok("GET", f"tasks?limit=1&cursor={cursor}")
        seen += [row["taskId"] for row in page["items"]]
        cursor = page["nextCursor"]
        if not cursor:
            break
    assert seen == whole
    assert processed in {row["fileId"] for row in operator.ok("GET", "tasks?limit=100")["items"]}


def test_plans_before_they_run(operator: Person, processed: str) -> None:
    """Stored procedures, drafts and templates that are not stored show their commands; wrong ones name the field."""
    stored = operator.ok("POST", "plan-preview", {"fileId": processed, "procedure": "cover"})
    draft = operator.ok("POST", "plan-preview", {"fileId": processed, "draft": {"MediaProcessTask": _COVER}})
    assert stored["jobs"][0]["commands"] == draft["jobs"][0]["commands"]
    assert stored["jobs"][0]["commands"][0].startswith("ffmpeg ")
    template = {"kind": "SampleSnapshot", "body": {"SampleType": "Percent", "SampleInterval": 50}}
    made = operator.ok("POST", "plan-preview", {"fileId": processed, "template": template})
    assert made["jobs"][0]["subTasks"][0]["type"] == "SampleSnapshot"
    wrong = template | {"body": {"SampleType": "Percent", "SampleInterval": "often"}}
    asked = {"fileId": processed, "template": wrong}
    assert operator.refused("POST", "plan-preview", asked) == (400, "template.field", "SampleInterval")
    missing = {"fileId": processed, "template": {"kind": "Transcode", "definition": 999}}
    assert operator.refused("POST", "plan-preview", missing) == (404, "template.unknown", "definition")
    assert operator.refused("POST", "plan-preview", {"fileId": "1", "procedure": "cover"})[2] == "fileId"


def test_the_story_of_a_file(operator: Person, processed: str) -> None:
    """All its events and tasks in order, with bodies; also after the file is gone."""
    story = operator.ok("GET", f"media/{processed}/transcript")
    assert story["exists"] is True
    told = [(each["kind"], (each["event"] or {}).get("type")) for each in story["items"]]
    assert told[:2] == [("event", "NewFileUpload"), ("task", None)] or told[:2] == [
        ("task", None),
        ("event", "NewFileUpload"),
    ]
    assert ("event", "ProcedureStateChanged") in told
    assert [each["at"] for each in story["items"]] == sorted(each["at"] for each in story["items"])
    event = next(each["event"] for each in story["items"] if each["event"])
    assert event["body"]["EventType"] == "NewFileUpload"
    assert operator.refused("GET", "media/12345/transcript") == (404, "media.unknown", "fileId")


def test_players_have_signed_addresses(server: PlatformServer, admin: Person, processed: str) -> None:
    """A viewer gets an address whose signature opens the file's sources; of other applications and files, none."""
    viewer = Person.invited(server, Role.VIEWER)
    told = viewer.ok("GET", f"media/{processed}/player")
    page, _, psign = told["address"].partition("?psign=")
    assert page == f"/play/{processed}"
    assert time.time() < told["expiresAt"] < time.time() + 86_400
    domain = {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": {"Status": "Enabled", "EncryptedKey": "a1b2c3d4e5f6"}}
    admin.action("ModifyVodDomainConfig", domain)
    time.sleep(1.1)
    try:
        assert httpx.get(f"{server.url}{page}/sources.json").status_code == 403
        assert httpx.get(f"{server.url}{page}/sources.json", params={"psign": psign}).status_code == 200
    finally:
        admin.action("ModifyVodDomainConfig", {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": {"Status": "Disabled"}})
    assert viewer.refused("GET", "media/404/player") == (404, "media.unknown", "fileId")
    other = admin.ok("POST", "applications", {"name": "players"})["subAppId"]
    assert viewer.refused("GET", f"media/{processed}/player?subAppId={other}")[0] == 404


def test_events_with_attempts(operator: Person, admin: Person, red: Path) -> None:
    """An event that nobody takes shows its attempts with their errors, and is sent again on demand."""
    admin.ok("POST", "endpoints", {
        "name": "deaf", "url": f"http://127.0.0.1:{free_port()}/", "retryDelays": [0.1], "types": ["NewFileUpload"],
    })  # fmt: skip
    file_id = _upload(operator, red)

    def dead() -> Any:
        rows = operator.ok("GET", f"events?fileId={file_id}")["items"]
        return rows[0] if rows and rows[0]["state"] == "dead" else None

    event = _until(dead)
    shown = operator.ok("GET", f"events/{event['eventId']}")
    assert [(each["endpoint"], each["status"]) for each in shown["attemptLog"]] == [("deaf", 0), ("deaf", 0)]
    assert shown["attemptLog"][0]["error"]
    assert shown["body"]["FileUploadEvent"]["FileId"] == file_id
    assert operator.ok("GET", "dashboard")["deadLetters"] == 1
    assert operator.ok("POST", f"events/{event['eventId']}/resend", {"endpoint": "deaf"}) == {"endpoints": 1}
    _until(lambda: len(operator.ok("GET", f"events/{event['eventId']}")["attemptLog"]) > 2)
    row = next(each for each in admin.ok("GET", "endpoints")["items"] if each["name"] == "deaf")
    assert row["lastError"]
    admin.ok("DELETE", "endpoints/deaf")


def test_pages_of_events(operator: Person, processed: str) -> None:
    """The log is read from its end by cursors, whole or of one type."""
    whole = operator.ok("GET", "events?limit=100")["items"]
    sequences = [row["sequence"] for row in whole]
    assert sequences == sorted(sequences, reverse=True)
    first = operator.ok("GET", "events?limit=1")
    second = operator.ok("GET", f"events?limit=1&cursor={first['nextCursor']}")
    assert [first["items"][0], second["items"][0]] == whole[:2]
    uploads = operator.ok("GET", "events?type=NewFileUpload&limit=100")["items"]
    assert {row["type"] for row in uploads} == {"NewFileUpload"}
    assert processed in {row["fileId"] for row in uploads}


def test_the_review_queue(operator: Person, red: Path) -> None:
    """A flagged file waits with its frames; accepted it plays, blocked it does not; decisions stand in its story."""
    file_id = _upload(operator, red, procedure="QCVB_ProcessUGCFile({10},0,10,10)")
    item = _until(lambda: next((e for e in operator.ok("GET", "reviews")["items"] if e["fileId"] == file_id), None))
    assert (item["suggestion"], item["status"]) == ("block", "Forbidden")
    assert httpx.get(item["evidence"][0]["picture"]).content[:2] == b"\xff\xd8"
    assert operator.ok("GET", "dashboard")["reviews"] == 1
    url = operator.action("DescribeMediaInfos", {"FileIds": [file_id]})["MediaInfoSet"][0]["BasicInfo"]["MediaUrl"]
    assert httpx.get(url).status_code == 403
    decided = operator.ok("POST", f"reviews/{file_id}/decision", {"accept": True, "note": "a flag"})
    assert decided["status"] == "Normal"
    assert httpx.get(url).status_code == 200
    assert operator.ok("GET", "reviews")["items"] == []
    operator.ok("POST", f"reviews/{file_id}/decision", {"accept": False})
    assert httpx.get(url).status_code == 403
    shown = operator.ok("GET", f"reviews/{file_id}")
    assert [(each["accepted"], each["decidedBy"]) for each in shown["decisions"]] == [
        (True, operator.name),
        (False, operator.name),
    ]
    story = operator.ok("GET", f"media/{file_id}/transcript")["items"]
    assert [each["decision"]["note"] for each in story if each["kind"] == "decision"] == ["a flag", ""]
    assert operator.refused("POST", "reviews/1/decision", {"accept": True}) == (404, "media.unknown", "fileId")


def test_the_dashboard(operator: Person, processed: str) -> None:
    """It counts today's files and bytes, and tells the disk's room."""
    told = operator.ok("GET", "dashboard?days=7")
    total = operator.action("SearchMedia")["TotalCount"]
    assert len(told["uploads"]) == 7
    assert told["files"] == total
    assert sum(day["files"] for day in told["uploads"]) == total
    assert told["bytes"] == sum(day["bytes"] for day in told["uploads"]) > 0
    assert 0 < told["disk"]["free"] <= told["disk"]["total"]


def _messages(person: Person, stop: Callable[[str, Any], bool], **headers: str) -> list[tuple[str, str, Any]]:
    """Read id, name and data of messages until one is as wanted."""
    found: list[tuple[str, str, Any]] = []
    number = name = ""
    with person.http.stream("GET", "/api/v1/stream", headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            kind, _, value = line.partition(": ")
            number = value if kind == "id" else number
            name = value if kind == "event" else name
            if kind == "data":
                found.append((number, name, json.loads(value)))
                if stop(name, found[-1][2]):
                    break
    return found


def test_the_stream_resumes(operator: Person, red: Path) -> None:
    """After a cut, what was missed comes with the same ids; running tasks and waiting reviews are told anew."""
    before = operator.ok("GET", "events?limit=1")["items"][0]["sequence"]
    file_id = _upload(operator, red, procedure="cover")
    _ended(operator, file_id)
    told = _messages(
        operator, lambda name, data: data.get("type") == "ProcedureStateChanged" and data["fileId"] == file_id,
        **{"Last-Event-ID": str(before)},
    )  # fmt: skip
    events = [(number, data["fileId"]) for number, name, data in told if name == "event"]
    assert [int(number) for number, _ in events] == list(range(before + 1, before + 1 + len(events)))
    assert {each for _, each in events} == {file_id}
    assert [data["fileId"] for _, name, data in told if name == "upload"] == [file_id]
    again = _messages(operator, lambda name, _: name == "review", **{"Last-Event-ID": events[-1][0]})
    assert [name for _, name, _ in again if name == "event"] == []
    assert operator.refused("GET", "stream", headers={"Last-Event-ID": "x"})[2] == "Last-Event-ID"


def test_the_stream_tells_progress_and_ends_with_the_session(
    server: PlatformServer, operator: Person, red: Path
) -> None:
    """A task is told when it begins to run and when it has ended; signing out elsewhere ends the stream."""
    guest = Person.invited(server, Role.VIEWER)
    name = operator.action("CreateProcedureTemplate", {"Name": "long", "MediaProcessTask": {
        "TranscodeTaskSet": [{"Definition": 100010}, {"Definition": 100020}, {"Definition": 100030}]}})  # fmt: skip
    assert name["RequestId"]
    file_id = _upload(operator, red, procedure="long")
    ended = (file_id, "FINISH")
    told = _messages(
        guest, lambda kind, data: kind == "task" and (data["fileId"], data["status"]) == ended, **{"Last-Event-ID": "0"}
    )
    rows = [data for _, kind, data in told if kind == "task" and data["fileId"] == file_id]
    assert rows[-1]["status"] == "FINISH"
    # One that ended while nobody looked is told with its event.
    late = _messages(guest, lambda kind, data: kind == "task" and data["fileId"] == file_id, **{"Last-Event-ID": "0"})
    assert [data["status"] for _, kind, data in late if kind == "task" and data["fileId"] == file_id] == ["FINISH"]
    tool = guest.token()
    with tool.stream("GET", "/api/v1/stream") as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": hello"
        guest.ok("DELETE", f"tokens/{guest.ok('GET', 'tokens')['items'][0]['id']}")
        rest = list(lines)
    assert "event: end" in rest
    assert 'data: {"reason":"session"}' in rest
