"""One application's files on a shared platform, with everything made of them."""

from __future__ import annotations

import base64
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import open_database, sqlite_url
from openvod.events.model import Event
from openvod.storage.model import BlobState
from openvod_sdk import Client, sign
from support.server import PlatformServer, run_async
from support.server.api import paced
from support.server.commands import openvod
from support.server.wire import Wire, signature

TASK_SECONDS = 120.0


_PROCEDURE = {
    "TranscodeTaskSet": [{"Definition": 875}, {"Definition": 876}, {"Definition": 1100}],
    "AnimatedGraphicTaskSet": [{"Definition": 20000, "StartTimeOffset": 0, "EndTimeOffset": 1}],
    "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["1s", "25%"]}],
    "SampleSnapshotTaskSet": [{"Definition": 10}],
    "ImageSpriteTaskSet": [{"Definition": 10}],
    "CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Time", "PositionValue": 0}],
    "AdaptiveDynamicStreamingTaskSet": [{"Definition": 10}],
}


@dataclass
class Library:
    """One application on the shared platform."""

    server: PlatformServer
    wire: Wire
    sub_app_id: int

    def ask(self, action: str, **body: object) -> dict[str, Any]:
        """Call an action; waits where tests are faster than the rate that is allowed."""
        while True:
            answer = paced(self.wire, action, body)
            if answer.get("Error", {}).get("Code") != "LimitExceeded" or "slow down" not in answer["Error"]["Message"]:
                return answer
            time.sleep(0.2)

    def code(self, action: str, **body: object) -> str:
        """Call an action that is refused; return the code."""
        return str(self.ask(action, **body)["Error"]["Code"])

    def info(self, file_id: str, *filters: str) -> dict[str, Any]:
        """Describe one file."""
        answer = self.ask("DescribeMediaInfos", FileIds=[file_id], Filters=list(filters))
        assert answer["NotExistFileIdSet"] == []
        (info,) = answer["MediaInfoSet"]
        return dict(info)

    def found(self, **asked: object) -> list[str]:
        """Return the ids that a search finds."""
        answer = self.ask("SearchMedia", **asked)
        assert "Error" not in answer, answer
        return [info["FileId"] for info in answer["MediaInfoSet"]]

    def upload(self, name: str = "clip", cover: bytes = b"", **permission: object) -> dict[str, Any]:
        """Upload a few bytes that are no media; return Commit's data."""
        sign = signature(self.wire.key, **permission)
        applied = self.wire.apply(sign=sign, videoName=name, coverType="jpg" if cover else None)
        assert applied.put(b"some bytes").status_code == 200
        if cover:
            assert applied.put(cover, applied.cover_key).status_code == 200
        data: dict[str, Any] = self.wire.commit(applied)["data"]
        return data

    def events(self, file_id: str) -> list[Event]:
        """Return the stored events of a file."""
        database = open_database(sqlite_url(DataFolder(self.server.data_dir).database))
        try:
            return list(run_async(database.read(lambda tx: tx.events.events(0, 1000, file_id))))
        finally:
            database.close()

    def live_keys(self, part_of_key: str) -> list[str]:
        """Return the keys of stored objects, and make sure that none of them is without its bytes."""
        database = open_database(sqlite_url(DataFolder(self.server.data_dir).database))
        try:
            objects = run_async(database.read(lambda tx: tx.storage.all_objects()))
            live = {blob.blob_id for blob in run_async(database.read(lambda tx: tx.storage.blobs(BlobState.LIVE)))}
        finally:
            database.close()
        assert all(extent.blob_id in live for each in objects for extent in each.extents)
        return [each.key for each in objects if part_of_key in each.key]


def processed_file(library: Library, clip: Path, cover: Path | None, name: str) -> str:
    """Upload a clip and wait until everything was made of it; return its id."""
    key = library.wire.key
    procedure = json.dumps({"Name": f"all-{name}", "MediaProcessTask": _PROCEDURE})
    openvod(
        "procedures", "create", "-", "--sub-app-id", str(library.sub_app_id), "--data-dir",
        str(library.server.data_dir), text=procedure,
    )  # fmt: skip
    signed = sign(key.secret_id, key.secret_key, procedure=f"all-{name}", source_context="from a test")
    result = Client(library.wire.url, signed, resume=False).upload(clip, cover=cover, name=f"{name}.mp4")
    deadline = time.monotonic() + TASK_SECONDS
    while time.monotonic() < deadline:
        if any(event.type == "ProcedureStateChanged" for event in library.events(result.file_id)):
            return result.file_id
        time.sleep(0.3)
    raise AssertionError(library.server.log())


def encoded_picture(kind: str = "PNG") -> str:
    """Return a red picture in base64."""
    out = io.BytesIO()
    Image.new("RGB", (64, 36), "red").save(out, kind)
    return base64.b64encode(out.getvalue()).decode()


def failures_of_the_next_run(library: Library, file_id: str, procedure: str) -> set[str]:
    """Start a procedure over a processed file; return the error codes of its sub-tasks."""
    openvod(
        "tasks", "start", file_id, "--procedure", procedure, "--sub-app-id", str(library.sub_app_id), "--data-dir",
        str(library.server.data_dir),
    )  # fmt: skip
    deadline = time.monotonic() + TASK_SECONDS
    while time.monotonic() < deadline:
        ended = [event for event in library.events(file_id) if event.type == "ProcedureStateChanged"]
        if len(ended) > 1:
            told = json.loads(ended[-1].payload)["ProcedureStateChangeEvent"]["MediaProcessResultSet"]
            return {next(v for k, v in item.items() if k != "Type")["ErrCodeExt"] for item in told}
        time.sleep(0.3)
    raise AssertionError(library.server.log())
