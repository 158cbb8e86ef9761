"""The SDK, the command line and the events against a real server."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from openvod_sdk import Client, FileResumeStore, Progress, UploadCancelled, UploadControl, sign
from support.server import PlatformServer, set_callback
from support.server.commands import openvod
from support.server.wire import Wire
from support.sweeps.kills import receiver

MIB = 1024 * 1024


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """40 MiB that are no media."""
    path = tmp_path / "大文件 😀.mp4"
    path.write_bytes(os.urandom(MIB) * 40)
    return path


def _client(wire: Wire, folder: Path, **options: object) -> Client:
    key = wire.key
    return Client(
        wire.url, lambda: sign(key.secret_id, key.secret_key), part_size=MIB, concurrency=2,
        resume_store=FileResumeStore(folder), **options,  # type: ignore[arg-type]  # options by name
    )  # fmt: skip


def test_resume_in_another_process(wire: Wire, large: Path, tmp_path: Path) -> None:
    """An upload whose process died in the middle is resumed by another one, which sends only the rest."""

    state = tmp_path / "state"
    program = (
        "import os, sys; from pathlib import Path; from openvod_sdk import *\n"
        "Client(sys.argv[1], lambda: sign(sys.argv[2], sys.argv[3]), part_size=1 << 20, concurrency=2,"
        " resume_store=FileResumeStore(Path(sys.argv[4]))).upload(sys.argv[5],"
        " on_progress=lambda p: os._exit(9) if p.bytes_done > 15 << 20 else None)"
    )
    arguments = [wire.url, wire.key.secret_id, wire.key.secret_key, str(state), str(large)]
    assert subprocess.run([sys.executable, "-c", program, *arguments], check=False).returncode == 9
    seen: list[int] = []
    result = _client(wire, state).upload(large, on_progress=lambda p: seen.append(p.bytes_done))
    assert result.resumed_bytes >= 10 * MIB
    assert seen == sorted(seen)
    assert seen[-1] == large.stat().st_size
    assert httpx.get(result.media_url).content == large.read_bytes()
    assert not list(state.glob("*"))


def test_control_pauses_and_cancels(wire: Wire, large: Path, tmp_path: Path) -> None:
    """While paused nothing moves; cancelled, the upload ends and storage keeps nothing of it."""
    control = UploadControl()
    moments: list[int] = []

    def note(progress: Progress) -> None:
        moments.append(progress.bytes_done)
        if progress.bytes_done > 5 * MIB and not control.paused:
            control.pause()

    errors: list[BaseException] = []

    def run() -> None:
        try:
            _client(wire, tmp_path / "state").upload(large, on_progress=note, control=control)
        except UploadCancelled as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not control.paused:
        time.sleep(0.01)
    time.sleep(0.5)
    before = len(moments)
    time.sleep(0.5)
    assert len(moments) == before
    control.cancel()
    thread.join(20)
    assert [type(e) for e in errors] == [UploadCancelled]
    assert not list((tmp_path / "state").glob("*"))


def test_events_wait_for_their_receiver(server: PlatformServer, video: Path) -> None:
    """An event that nobody takes is offered again after a restart until a 2xx, complete with MetaData."""
    wire = Wire(server.start().url, server.create_key())
    with wire.http:
        with receiver() as down:
            closed = down.url
        set_callback(server.data_dir, closed)
        applied = wire.apply(videoName="with context")
        applied.put(video.read_bytes())
        file_id = wire.commit(applied)["data"]["fileId"]
    time.sleep(1)
    server.kill()
    with receiver() as noted:
        set_callback(server.data_dir, noted.url, "Key123")
        server.start()
        deadline = time.monotonic() + 20
        while file_id not in noted.files and time.monotonic() < deadline:
            time.sleep(0.05)
    assert len(noted.files[file_id]) == 1
    listed = json.loads(openvod("events", "list", "--data-dir", str(server.data_dir), "--json").stdout)
    assert (listed[0]["state"], listed[0]["attempts"] >= 2) == ("delivered", True)
    metadata = listed[0]["body"]["FileUploadEvent"]["MetaData"]
    assert (metadata["Width"], metadata["Height"], metadata["AudioStreamSet"][0]["Codec"]) == (1280, 720, "aac")


def test_command_line_upload_pauses_on_interrupt(wire: Wire, tmp_path: Path) -> None:
    """On a terminal the bar shows bytes and speed; Ctrl-C pauses; the same command resumes and finishes."""
    large = tmp_path / "long.mp4"
    with large.open("wb") as file:
        file.truncate(400 * MIB)
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "110", "TERM": "xterm-256color"}
    signature = sign(wire.key.secret_id, wire.key.secret_key)
    command = [sys.executable, "-m", "openvod.app.cli", "upload", str(large), "--server", wire.url,
               "--signature", signature, "--part-size", "1", "--concurrency", "1"]  # fmt: skip
    terminal, other = pty.openpty()
    # A shell that runs this suite in the background ignores SIGINT, and children inherit that; a terminal's do not.
    process = subprocess.Popen(command, stdout=other, stderr=other, env=environment, preexec_fn=_default_interrupt)
    os.close(other)
    shown = b""
    while b"upload" not in shown or (b"MB" not in shown and b"MiB" not in shown):
        shown += os.read(terminal, 4096)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
    os.close(terminal)
    if process.wait(20) == 0:
        pytest.fail("the upload was over before it could be interrupted")
    assert process.returncode == 130
    assert b"paused" in shown
    assert b"Traceback" not in shown
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, timeout=60, check=True)
    report = json.loads(done.stdout)
    assert report["bytes"] == large.stat().st_size
    head = httpx.head(report["videoUrl"]).headers
    assert (head["content-length"], head["x-cos-hash-crc64ecma"]) == (str(400 * MIB), report["crc64"])
    assert report["resumedBytes"] > 0


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_command_line_refusals() -> None:
    """Wrong use and unreachable servers are one clear line."""
    assert "--signature or --sign-url" in openvod("upload", __file__, "--server", "http://127.0.0.1:9").stderr
    missing = openvod("upload", "/nonexistent.mp4", "--server", "http://127.0.0.1:9", "--signature", "x")
    assert missing.returncode == 2
    assert "Traceback" not in missing.stderr
    assert "must be" in openvod("sign", "--secret-id", "a", "--secret-key", "b", "--expire", "0").stderr
