"""A platform with workers, driven as its operator and its clients do."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from openvod.app.cli.administration import with_services
from openvod.tasks.model import SubTask, Task
from openvod_sdk import Client, sign
from support.server import PlatformServer, set_callback
from support.server.commands import openvod, openvod_json
from support.sweeps.workers import (
    EventLog,
    WorkerProcess,
    media_programs_of,
    supervised_workers,
    wait_for,
)

FINISH_SECONDS = 60.0


class Site:
    """A server, its receiver and a client that signs flows."""

    def __init__(self, folder: Path, log: EventLog, database: str, tasks: Mapping[str, object]) -> None:
        self.log = log
        self.data_dir = folder / "data"
        self.data_dir.mkdir()
        # A file, because server, workers and commands share it.
        lines = ["[tasks]", *(f"{name} = {json.dumps(value)}" for name, value in tasks.items())]
        lines += ["[database]", f"url = {json.dumps(database)}"] if database else []
        (self.data_dir / "openvod.toml").write_text("\n".join(lines) + "\n")
        self.server = PlatformServer(self.data_dir)

    def start(self) -> Site:
        """Start the server, with a key and a receiver."""
        self._key = self.server.create_key()
        set_callback(self.data_dir, self.log.url)
        self.server.start()
        return self

    def upload(self, clip: Path, procedure: str, *, priority: int = 0, mode: str = "Finish") -> str:
        """Upload a clip through a flow; return the task's id."""

        def permit() -> str:
            return sign(
                self._key.secret_id, self._key.secret_key, procedure=procedure, task_priority=priority,
                task_notify_mode=mode,
            )  # fmt: skip

        file_id = Client(self.server.url, permit).upload(clip).file_id
        (task,) = self.rows(file_id)
        return task.task_id

    def rows(self, file_id: str = "") -> list[Task]:
        """Return tasks as they stand, newest first."""
        return with_services(
            self.data_dir,
            lambda services: services.database.read(lambda tx: list(tx.tasks.tasks(file_id=file_id, limit=50))),
        )

    def task(self, task_id: str) -> tuple[Task, list[SubTask]]:
        """Return a task and its items as they stand."""

        def work(tx: Any) -> tuple[Task, list[SubTask]]:
            return tx.tasks.task(task_id), list(tx.tasks.subtasks(task_id))

        return with_services(self.data_dir, lambda services: services.database.read(work))

    def status(self, task_id: str) -> str:
        """Return a task's state."""
        return self.task(task_id)[0].status.value

    def command(self, *arguments: str) -> str:
        """Run ``openvod tasks …``; asserts that it succeeds."""
        done = openvod("tasks", *arguments, "--data-dir", str(self.data_dir))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shown(self, task_id: str) -> dict[str, Any]:
        """Return what ``openvod tasks show --json`` prints."""
        shown: dict[str, Any] = openvod_json("tasks", "show", task_id, "--data-dir", str(self.data_dir), "--json")
        return shown

    def worker(self, **environment: str) -> WorkerProcess:
        """Return a worker apart from the server, not started."""
        return WorkerProcess(self.data_dir, self.server.url, environment)

    def finals(self, task_id: str) -> int:
        """Return how many final events came of a task."""
        return len(self.log.finals(task_id))

    def await_finals(self, *task_ids: str, seconds: float = FINISH_SECONDS) -> None:
        """Wait for a final event of each task; asserts that it comes, once."""
        assert wait_for(lambda: all(self.finals(task_id) for task_id in task_ids), seconds), self.trouble()
        time.sleep(0.8)
        assert [self.finals(task_id) for task_id in task_ids] == [1] * len(task_ids)

    def trouble(self) -> str:
        """Return what an assertion should tell."""
        states = {task.task_id: task.status.value for task in self.rows()}
        return f"{states} {[c['TaskId'] for c in self.log.changes()]} {self.server.log()}"

    def scratch(self) -> list[Path]:
        """Return what lies in the scratch folder."""
        return list((self.data_dir / "scratch").iterdir())


def _encoding(pid: int) -> list[psutil.Process]:
    """Return a worker's media programs, once FFmpeg runs in them."""
    programs = media_programs_of(pid)
    return programs if programs and all("python" not in Path(p.cmdline()[0]).name for p in programs) else []


def await_encoding(pid: int, seconds: float = 20) -> list[psutil.Process]:
    """Wait until FFmpeg runs under a worker; return its media programs."""
    found: list[psutil.Process] = []

    def encodes() -> bool:
        try:
            found[:] = _encoding(pid)
        except (psutil.NoSuchProcess, IndexError):
            found.clear()
        return bool(found)

    assert wait_for(encodes, seconds), "no media program started"
    return found


def worker_of(site: Site) -> psutil.Process:
    """Return the worker in a server's tree."""
    assert wait_for(lambda: bool(supervised_workers(site.server)), 20)
    return supervised_workers(site.server)[0]


def works_in(pid: int, folder: Path) -> bool:
    """Tell whether a worker's program works in a folder."""
    for program in media_programs_of(pid):
        try:
            if Path(program.cwd()).parent == folder:
                return True
        except psutil.Error:
            continue
    return False
