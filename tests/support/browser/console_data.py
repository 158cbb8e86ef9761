"""A platform full of real things, filled over its public interfaces: what console pages are tried and shown with."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from openvod.access.account_model import Role
from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod_sdk import Client
from support.server import PlatformServer, free_port
from support.server.console import PASSWORD, Person
from support.sweeps.workers import make_clip

T = TypeVar("T")
_SECONDS = 120.0
#: A name that is code for a page which takes names for markup.
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
#: How a platform has to run to be filled: a reviewer that knows the answer, and blocked files held back.
ENVIRONMENT: Mapping[str, str] = {
    "PYTHONPATH": str(Path(__file__).parents[2]),
    "OPENVOD__TASKS__REVIEWERS": json.dumps({"Porn": "support.media.flagging_reviewer:FlaggingReviewer"}),
    "OPENVOD__TASKS__HOLD_BLOCKED": "true",
}
_PICTURES = {
    "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["1s", "50%"]}],
    "SampleSnapshotTaskSet": [{"Definition": 10}],
    "ImageSpriteTaskSet": [{"Definition": 10}],
    "CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Time", "PositionValue": 0}],
}
_REVIEW = "QCVB_ProcessUGCFile({10},0,10,10)"


@dataclass
class Clips:
    """Small files of every kind that matters here."""

    plain: Path
    red: Path
    long: Path
    broken: Path

    @classmethod
    def made_in(cls, folder: Path) -> Clips:
        """Generate them: a second of encoding in all."""
        plain = make_clip(folder / "plain.mp4", seconds=3)
        rich = make_clip(folder / "rich.mp4", seconds=4, size="1280x720", rich=True)
        long, red, broken = folder / "long.mp4", folder / "red.mp4", folder / "broken.mp4"
        _ffmpeg("-stream_loop", "40", "-i", str(rich), "-c", "copy", str(long))
        colours = "color=green:s=320x240:r=10:d=4[g];color=red:s=320x240:r=10:d=4[r]"
        graph = f"{colours};[g][r]overlay=enable='between(t,2,4)'"
        _ffmpeg("-filter_complex", graph, "-c:v", "libx264", "-g", "10", str(red))
        broken.write_bytes(b"this is a letter, not a film\n" * 400)
        return cls(plain, red, long, broken)


@dataclass
class Filled:
    """What there is: people by role, FileIds and task ids by what they are for, the second application."""

    server: PlatformServer
    clips: Clips
    people: dict[Role, Person] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    second_app: int = 0
    definition: int = 0

    @property
    def admin(self) -> Person:
        """Somebody who may do everything."""
        return self.people[Role.ADMIN]

    @property
    def operator(self) -> Person:
        """Somebody who works with media."""
        return self.people[Role.OPERATOR]

    def upload(self, path: Path, name: str = "", **asked: object) -> str:
        """Upload as the console does, under a name; return the FileId."""
        signature = self.operator.ok("POST", "upload-signatures", asked)["signature"]
        client = Client(self.server.url, lambda: signature, resume=False)
        file_id = client.upload(path).file_id
        if name:
            body = {"FileId": file_id, "Name": name, "SubAppId": asked.get("subAppId", 0)}
            self.operator.action("ModifyMediaInfo", body)
        return file_id

    def process(self, file_id: str, work: Mapping[str, Any]) -> str:
        """Begin a flow; return its task."""
        return str(self.operator.action("ProcessMedia", {"FileId": file_id, "MediaProcessTask": work})["TaskId"])

    def ended(self, task_id: str) -> Any:
        """Wait for a task's end; return it."""

        def look() -> Any:
            found = self.operator.ok("GET", f"tasks/{task_id}")
            return found if found["status"] in ("FINISH", "ABORTED") else None

        return until(look)

    def begin_long(self) -> str:
        """Begin a flow that lasts until it is aborted, for all that a test sees of it; return its task once it runs."""
        task_id = self.process(self.files["long"], {"TranscodeTaskSet": [{"Definition": 100040, "OverrideParameter": {
            "VideoTemplate": {"Codec": "libx265", "Bitrate": 6000, "Width": 1920, "Height": 1080}}}]})  # fmt: skip
        until(lambda: self.operator.ok("GET", f"tasks/{task_id}")["status"] == "PROCESSING")
        return task_id


def until(look: Callable[[], T | None], seconds: float = _SECONDS) -> T:
    """Ask again until there is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def fill(server: PlatformServer, folder: Path) -> Filled:
    """Fill a running platform; flows have ended when this returns, :meth:`Filled.begin_long` begins one that lasts."""
    filled = Filled(server, Clips.made_in(folder))
    for role in Role:
        filled.people[role] = Person.invited(server, role)
    _endpoints(filled.admin)
    _recipes(filled)
    _media(filled)
    _flows(filled)
    _administration(filled)
    return filled


def _endpoints(admin: Person) -> None:
    """One receiver that nobody answers at, and gives up soon; one that is paused."""
    deaf = {"name": "deaf", "url": f"http://127.0.0.1:{free_port()}/hook", "retryDelays": [0.1]}
    admin.ok("POST", "endpoints", deaf | {"types": ["NewFileUpload"]})
    admin.ok("POST", "endpoints", {"name": "paused", "url": f"http://127.0.0.1:{free_port()}/", "format": "2.0"})
    admin.ok("PATCH", "endpoints/paused", {"enabled": False})


def _recipes(filled: Filled) -> None:
    operator = filled.operator
    small = {"Name": f"小封面 {MARKUP}", "Comment": "own", "Width": 320, "Height": 180, "Format": "png"}
    filled.definition = operator.action("CreateSnapshotByTimeOffsetTemplate", small)["Definition"]
    cover = {"Definition": filled.definition, "PositionType": "Percent", "PositionValue": 10}
    work = {**_PICTURES, "CoverBySnapshotTaskSet": [cover]}
    operator.action("CreateProcedureTemplate", {"Name": "pictures", "Comment": "图片", "MediaProcessTask": work})


def _media(filled: Filled) -> None:
    clips = filled.clips
    second = filled.admin.ok("POST", "applications", {"name": "第二个应用", "description": MARKUP})
    filled.second_app = second["subAppId"]
    filled.files = {
        "chinese": filled.upload(clips.plain, "春节联欢 🎬🧧", procedure="pictures"),
        "markup": filled.upload(clips.plain, MARKUP),
        "flagged": filled.upload(clips.red, "可疑 <i>clip</i>", procedure=_REVIEW),
        "flagged too": filled.upload(clips.red, "second suspect", procedure=_REVIEW),
        "long": filled.upload(clips.long, "很长的讲座.mp4"),
        "broken": filled.upload(clips.broken, "not a film", procedure="pictures"),
        "elsewhere": filled.upload(clips.plain, "elsewhere", subAppId=filled.second_app),
    }


def _flows(filled: Filled) -> None:
    """Wait for the flows of the uploads, and begin those that the API asks for."""
    work = {"AdaptiveDynamicStreamingTaskSet": [{"Definition": 10}], "ImageSpriteTaskSet": [{"Definition": 10}]}
    filled.tasks["ladder"] = filled.process(filled.files["markup"], work)
    filled.tasks["failed"] = filled.process(filled.files["markup"], {"TranscodeTaskSet": [{"Definition": 999}]})
    for name in ("chinese", "flagged", "flagged too", "broken"):
        # A lambda keeps its loop's value.
        rows = until(lambda name=name: filled.operator.ok("GET", f"tasks?fileId={filled.files[name]}")["items"])  # type: ignore[misc]
        filled.tasks[name] = rows[0]["taskId"]
    for task_id in filled.tasks.values():
        filled.ended(task_id)
    until(lambda: len(filled.operator.ok("GET", "reviews")["items"]) == 2)


def _administration(filled: Filled) -> None:
    admin = filled.admin
    admin.ok("POST", "keys", {"note": f"应用服务器 {MARKUP}", "groups": []})
    admin.ok("PUT", "regions/ap-beijing", {"enabled": True})
    admin.action("CreateVodDomain", {"Domain": "media.example.com"})
    admin.ok("POST", "invites", {"role": "viewer"})
    admin.ok("POST", "tokens", {"note": "夜间报表", "role": "viewer", "seconds": 86_400})


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *arguments], check=True, timeout=120)


def main() -> None:
    """Run a filled platform until it is interrupted; print who can sign in."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PlatformServer(Path(folder) / "data", ENVIRONMENT) as server,
    ):
        filled = fill(server, Path(folder))
        print(json.dumps({
            "url": f"{server.url}/console/", "password": PASSWORD, "people": [p.name for p in filled.people.values()],
            "files": filled.files, "tasks": filled.tasks,
        }, ensure_ascii=False, indent=1), flush=True)  # fmt: skip
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
