"""``openvod demo``: runs the whole chain on a real video in a temporary folder, and checks every step."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from openvod_sdk import Progress, UploadResult

from openvod.app.cli.administration import AsJson, print_json
from openvod.base.errors import Unavailable

_START_SECONDS = 30.0
_EVENT_SECONDS = 30.0
_PROCEDURE_SECONDS = 300.0
_SECONDS = 8
_USER_TOKEN = "demo-user-token"  # noqa: S105 - lives as long as the demo, on loopback


def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="Exit after the last check.")] = False,
    as_json: AsJson = False,
    procedure: Annotated[str, typer.Option(help="Procedure to run on the upload, e.g. LongVideoPreset.")] = "",
) -> None:
    """Start everything on free loopback ports, upload a generated video, wait for its event, play it."""
    import httpx

    from openvod_sdk import OpenVodSdkError

    with ExitStack() as stack:
        say = (lambda text: None) if as_json else _narrate
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="openvod-demo-")))
        try:
            stage = stack.enter_context(_stage(folder, procedure, say))
            report = _play_through(stage, say)
        except (OpenVodSdkError, httpx.HTTPError) as error:
            raise Unavailable("demo.failed", f"the demo failed: {error}") from error
        if as_json:
            print_json(report)
        if not exit_after:
            _stay(stage, report)


@dataclass(frozen=True)
class Stage:
    """The running programs: their URLs, and the token for reading events."""

    folder: Path
    platform: str
    app_server: str
    admin_token: str
    procedure: str
    started: float = field(default_factory=time.monotonic)


@contextmanager
def _stage(folder: Path, procedure: str, say: Callable[[str], None]) -> Iterator[Stage]:
    """Start server and app server as processes that are configured for each other."""
    started = time.monotonic()
    platform_port, app_port = _free_port(), _free_port()
    platform, app_server = f"http://127.0.0.1:{platform_port}", f"http://127.0.0.1:{app_port}"
    data = ["--data-dir", str(folder / "data")]
    key = json.loads(_openvod("keys", "create", *data, "--json"))
    endpoint = json.loads(_openvod("events", "set-url", f"{app_server}/events", *data, "--json"))
    admin_token = secrets.token_urlsafe(16)
    environment = {
        "OPENVOD_APP_SERVER__SECRET_ID": key["secretId"],
        "OPENVOD_APP_SERVER__SECRET_KEY": key["secretKey"],
        "OPENVOD_APP_SERVER__STATIC_TOKENS": json.dumps({_USER_TOKEN: "demo-user"}),
        "OPENVOD_APP_SERVER__WEBHOOK_SECRET": endpoint["secret"],
        "OPENVOD_APP_SERVER__ADMIN_TOKEN": admin_token,
        "OPENVOD_APP_SERVER__PROCEDURE": procedure,
        "OPENVOD_APP_SERVER__DATA_FILE": str(folder / "app-server.sqlite3"),
    }
    with (
        _program(folder / "serve.log", "serve", *data, "--port", str(platform_port)),
        _program(folder / "app-server.log", "app-server", "--port", str(app_port), environment=environment),
    ):
        _wait(f"{platform}/readyz", folder / "serve.log")
        _wait(f"{app_server}/healthz", folder / "app-server.log")
        say(f"platform    {platform}\napp server  {app_server}\n")
        yield Stage(folder, platform, app_server, admin_token, procedure, started)


def _play_through(stage: Stage, say: Callable[[str], None]) -> dict[str, Any]:
    from openvod.adapters.ffmpeg.encoder import make_cover, make_video
    from openvod.app.cli.client import fetch_signature
    from openvod_sdk import Client

    video, cover = stage.folder / "demo.mp4", stage.folder / "demo.jpg"
    make_video(video, _SECONDS)
    make_cover(video, cover)
    say(f"generated   {video.name}, {video.stat().st_size} bytes, with a cover")
    moments: dict[str, float] = {"start": time.monotonic()}

    def first_seen(progress: Progress) -> None:
        moments.setdefault(progress.phase, time.monotonic())

    client = Client(
        stage.platform,
        lambda: fetch_signature(f"{stage.app_server}/signature", _USER_TOKEN, video),
        part_size=1 << 20,
        resume=False,
    )
    result = client.upload(video, cover=cover, on_progress=first_seen)
    moments["done"] = time.monotonic()
    say(f"uploaded    fileId {result.file_id}")
    event = _await_event(stage, result.file_id, "NewFileUpload", _EVENT_SECONDS)
    moments["event"] = time.monotonic()
    say("event       NewFileUpload arrived at the app server")
    _check_event(event, result, video)
    _check_playback(stage, result, video, say)
    processed = _await_procedure(stage, result.file_id, say) if stage.procedure else {}
    return {
        "fileId": result.file_id,
        "videoUrl": result.media_url,
        "coverUrl": result.cover_url,
        "event": event,
        **processed,
        "bytes": result.size,
        "seconds": {
            "total": round(time.monotonic() - stage.started, 3),
            "upload": round(moments["commit"] - moments["start"], 3),
            "commit": round(moments["done"] - moments["commit"], 3),
            "event": round(moments["event"] - moments["done"], 3),
        },
    }


def _await_procedure(stage: Stage, file_id: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Wait for the end of the task flow; check all its outputs."""
    from openvod.app.cli.demo_outputs import check_procedure

    event = _await_event(stage, file_id, "ProcedureStateChanged", _PROCEDURE_SECONDS)
    check_procedure(event, stage.folder, _SECONDS, say)
    return {"procedure": event}


def _await_event(stage: Stage, file_id: str, kind: str, seconds: float) -> dict[str, Any]:
    import httpx

    deadline = time.monotonic() + seconds
    headers = {"Authorization": f"Bearer {stage.admin_token}"}
    while time.monotonic() < deadline:
        answer = httpx.get(f"{stage.app_server}/received", params={"fileId": file_id}, headers=headers)
        events: list[dict[str, Any]] = [row["event"] for row in answer.raise_for_status().json()]
        if found := [event for event in events if event["EventType"] == kind]:
            return found[0]
        time.sleep(0.02)
    raise Unavailable("demo.no_event", f"no {kind} for fileId {file_id} reached the app server in {seconds:g} s")


def _check_event(event: dict[str, Any], result: UploadResult, video: Path) -> None:
    member = event["FileUploadEvent"]
    metadata = member["MetaData"] or {}
    expected = (result.file_id, result.media_url, video.stat().st_size, 1280, 720)
    received = (member["FileId"], member["MediaBasicInfo"]["MediaUrl"], metadata.get("Size"), metadata.get("Width"),
            metadata.get("Height"))  # fmt: skip
    if received != expected:
        raise Unavailable("demo.event_differs", f"the event has {received}, expected {expected}")


def _check_playback(stage: Stage, result: UploadResult, video: Path, say: Callable[[str], None]) -> None:
    """Fetch a range and the whole file, compare with the original, decode."""
    import httpx

    from openvod.adapters.ffmpeg.encoder import decode

    original = video.read_bytes()
    part = httpx.get(result.media_url, headers={"Range": "bytes=1000-1999"})
    if part.status_code != 206 or part.content != original[1000:2000]:
        raise Unavailable("demo.range", f"the range request was answered with HTTP {part.status_code}")
    played = stage.folder / "played.mp4"
    played.write_bytes(httpx.get(result.media_url).raise_for_status().content)
    cover = stage.folder / "played.jpg"
    cover.write_bytes(httpx.get(result.cover_url).raise_for_status().content)
    decoded = decode(played)
    decode(cover)
    if played.read_bytes() != original or decoded.frames != 240:
        raise Unavailable("demo.playback", f"playback differs from the original ({decoded.frames} frames decoded)")
    say(f"played      {decoded.frames} frames, {decoded.seconds:g} s, from {result.media_url}")


def _stay(stage: Stage, report: dict[str, Any]) -> None:
    link = _openvod("console", "invite", "--data-dir", str(stage.folder / "data")).strip()
    _narrate(
        f"\nvideo       {report['videoUrl']}\ncover       {report['coverUrl']}\n"
        f"signature   curl -s -H 'Authorization: Bearer {_USER_TOKEN}' -X POST {stage.app_server}/signature\n"
        f"upload      openvod upload FILE --server {stage.platform} --sign-url {stage.app_server}/signature"
        f" --token {_USER_TOKEN}\nconsole     {link}\n\nCtrl-C ends the demo and removes its folder."
    )
    with plain_interrupt():
        signal.pause()


@contextmanager
def plain_interrupt() -> Iterator[None]:
    """Let Ctrl-C end a wait without a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("", err=True)


def _narrate(text: str) -> None:
    typer.echo(text, err=True)


def _free_port() -> int:
    from openvod.app.serve import listen
    from openvod.app.settings import ServerSettings

    with listen(ServerSettings(host="127.0.0.1", port=0)) as listener:
        return int(listener.getsockname()[1])


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "openvod.app.cli", *arguments]


def _openvod(*arguments: str) -> str:
    done = subprocess.run(_command(*arguments), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable("demo.command", f"openvod {' '.join(arguments[:2])} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


@contextmanager
def _program(log: Path, *arguments: str, environment: dict[str, str] | None = None) -> Iterator[None]:
    """Run an openvod command in the background; it ends with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(*arguments), stdout=output, stderr=output, env=os.environ | (environment or {}),
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, log: Path) -> None:
    import httpx

    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise Unavailable("demo.start", f"{url} did not answer; its log ends: {log.read_text()[-600:]}")
