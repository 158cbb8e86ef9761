"""Workers and their programs as processes: started, watched, killed; events as they are told."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from support.server import PlatformServer

_GONE_SECONDS = 3.0


class EventLog:
    """Every event that a receiver got, with the moment of its arrival."""

    def __init__(self) -> None:
        self.url = ""
        self._lock = threading.Lock()
        self._arrived: list[tuple[float, dict[str, Any]]] = []

    def note(self, body: bytes) -> None:
        """Keep one delivery."""
        with self._lock:
            self._arrived.append((time.monotonic(), json.loads(body)))

    def arrived(self) -> list[tuple[float, dict[str, Any]]]:
        """Return what came so far."""
        with self._lock:
            return list(self._arrived)

    def changes(self, task_id: str = "") -> list[dict[str, Any]]:
        """Return the members of ``ProcedureStateChanged``, of one task or all, in the order of arrival."""
        found = [
            event["ProcedureStateChangeEvent"]
            for _, event in self.arrived()
            if event["EventType"] == "ProcedureStateChanged"
        ]
        return [member for member in found if not task_id or member["TaskId"] == task_id]

    def finals(self, task_id: str = "") -> list[dict[str, Any]]:
        """Return the members that tell of a task's end."""
        return [member for member in self.changes(task_id) if member["Status"] == "FINISH"]


@contextmanager
def event_log() -> Iterator[EventLog]:
    """Run a real event receiver on loopback that keeps every body."""
    log = EventLog()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            log.note(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        log.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield log
        finally:
            server.shutdown()
            thread.join()


class WorkerProcess:
    """``openvod worker`` in a process of its own."""

    def __init__(self, data_dir: Path, public_url: str, environment: Mapping[str, str] | None = None) -> None:
        self._data_dir = data_dir
        self._public_url = public_url
        self._environment = dict(environment or {})
        self._log = data_dir.parent / f"worker-{id(self):x}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._logged_before = 0

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """True while the process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, wait: bool = True) -> WorkerProcess:
        """Start, and wait until it takes flows."""
        command = [sys.executable, "-m", "openvod.app.cli", "worker", "--data-dir", str(self._data_dir)]
        self._logged_before = len(self.log())
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--public-url", self._public_url], stdout=log, stderr=log, env=os.environ | self._environment
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Wait until it says that it is ready."""
        assert wait_for(lambda: not self.running or "is ready" in self.log()[self._logged_before :], 30), self.log()
        assert self.running, self.log()

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """End it as an operator would; return its exit status."""
        assert self._process is not None
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def log(self) -> str:
        """Return what it logged."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def __enter__(self) -> WorkerProcess:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.stop()


def wait_for(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Wait until a condition holds; return whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def supervised_workers(server: PlatformServer) -> list[psutil.Process]:
    """Return the workers in the server's process tree."""
    assert server.process is not None
    found = []
    for child in psutil.Process(server.process.pid).children():
        words = command_of(child)
        if "openvod.app.cli" in words and "worker" in words:
            found.append(child)
    return found


def programs_of(pid: int) -> list[psutil.Process]:
    """Return everything that a process started and that runs, however deep."""
    try:
        return [child for child in psutil.Process(pid).children(recursive=True) if is_alive(child)]
    except psutil.NoSuchProcess:
        return []


def media_programs_of(pid: int) -> list[psutil.Process]:
    """Return the media programs of a worker: those that tell progress, launchers included."""
    return [program for program in programs_of(pid) if "-progress" in command_of(program)]


def is_alive(process: psutil.Process) -> bool:
    """True while a process runs; a dead one that nobody reaped is none."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def survivors(programs: Sequence[psutil.Process], seconds: float = _GONE_SECONDS) -> list[psutil.Process]:
    """Return which of the programs still run after a while."""
    wait_for(lambda: not any(is_alive(program) for program in programs), seconds)
    return [program for program in programs if is_alive(program)]


def command_of(process: psutil.Process) -> list[str]:
    """Return a process's command line; empty when it is gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def make_clip(path: Path, *, seconds: int = 5, size: str = "320x240", rich: bool = False) -> Path:
    """Generate an H.264/AAC clip; a rich one has so many bits that transcodes must encode it again."""
    picture = f"testsrc2=size={size}:rate=25:duration={seconds}" + (",noise=alls=10:allf=t" if rich else "")
    command = [
        ffmpeg_path(), "-y", "-hide_banner", "-nostdin", "-loglevel", "error",
        "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "24", "-pix_fmt", "yuv420p", "-g", "50",
        "-c:a", "aac", "-shortest", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=120)
    return path


def openvod_tasks(data_dir: Path, file_id: str) -> list[tuple[str, str]]:
    """Return ids and states of a file's tasks in a SQLite data folder."""
    rows = sqlite3.connect(data_dir / "openvod.sqlite3")
    try:
        return rows.execute("SELECT task_id, status FROM tasks WHERE file_id = ?", (file_id,)).fetchall()
    finally:
        rows.close()


def unowned_bytes(data_dir: Path) -> int:
    """Return how many bytes of blobs belong to no object and no open upload, whatever the ledger says of them."""
    rows = sqlite3.connect(data_dir / "openvod.sqlite3")
    try:
        owned = {
            extent[0] for (extents,) in rows.execute("SELECT extents FROM objects") for extent in json.loads(extents)
        }
        owned |= {blob_id for (blob_id,) in rows.execute("SELECT blob_id FROM multipart_uploads WHERE state = 'open'")}
    finally:
        rows.close()
    return sum(path.stat().st_size for path in (data_dir / "blobs").glob("??/*") if path.name not in owned)
