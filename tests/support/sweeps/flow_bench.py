"""Flows through the real parts, many at a time: a platform with its worker, uploads by the SDK, results as told."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from openvod.access.service import IssuedKey
from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Database, open_database, sqlite_url
from openvod.events.model import Event
from openvod.events.types import EventType
from openvod.kinds.names import TemplateKind
from openvod.media.accepted import AUDIO_TYPES, COVER_TYPES, VIDEO_TYPES
from openvod.media.model import MediaAsset
from openvod.tasks.model import SubTask, Task
from openvod_sdk import Client, sign
from support.server import PlatformServer
from support.server.commands import in_process

_POLL_SECONDS = 0.05
_WATCH_SECONDS = 0.02
_UPLOADS_AT_ONCE = 4
_FLOW_SECONDS = 600.0
_ACCEPTED = VIDEO_TYPES | AUDIO_TYPES | COVER_TYPES


@dataclass(frozen=True)
class Order:
    """A file to upload and the procedure that its signature names."""

    path: Path
    procedure: str


@dataclass(frozen=True)
class Flow:
    """A flow that ended. ``told`` is the ``ProcedureTask`` of its event, ``items`` the rows behind it.

    ``asset`` is the file, ``peak_bytes`` the most memory that one FFmpeg of the flow held.
    """

    file_id: str
    told: Mapping[str, Any]
    task: Task
    items: tuple[SubTask, ...]
    asset: MediaAsset
    peak_bytes: int

    @property
    def results(self) -> list[Mapping[str, Any]]:
        """The members of the result set: one per sub-task, in the order asked for."""
        return [next(value for name, value in item.items() if name != "Type") for item in self.told_items]

    @property
    def told_items(self) -> list[Mapping[str, Any]]:
        """The result set as told."""
        return list(self.told["MediaProcessResultSet"])

    def result(self, kind: str, definition: int, place: int = 0) -> Mapping[str, Any]:
        """Return the member of one kind and template; ``place`` counts those that have both in common."""
        found = [
            member
            for item, member in zip(self.told_items, self.results, strict=True)
            if item["Type"] == kind and member["Input"]["Definition"] == definition
        ]
        return found[place]

    @property
    def seconds(self) -> float:
        """From the start of the first sub-task to the end of the last."""
        began = [item.began_at for item in self.items if item.began_at]
        return (self.task.finished_at or 0.0) - min(began, default=self.task.started_at or 0.0)

    @property
    def waited(self) -> float:
        """From the probe's answer to the end of the flow."""
        return (self.task.finished_at or 0.0) - self.asset.updated_at


def outcome(member: Mapping[str, Any]) -> str:
    """Return ``ok``, or a sub-task's ``ErrCodeExt``."""
    return "ok" if member["Status"] == "SUCCESS" else str(member["ErrCodeExt"])


class FlowBench:
    """One ``openvod serve`` with a worker in its tree, and everything to drive it. Use as a context manager.

    ``settings`` are members of the section ``tasks``.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.outputs = folder / "outputs"
        self._sources = folder / "sources"
        environment = {f"OPENVOD__TASKS__{name.upper()}": str(value) for name, value in settings.items()}
        self.server = PlatformServer(folder / "data", environment)
        self.url = self.server.url
        self._http = httpx.Client(timeout=30)
        self._keys: dict[int, IssuedKey] = {}
        self._fetched: dict[str, Path] = {}

    def __enter__(self) -> Self:
        self.outputs.mkdir(parents=True)
        self._sources.mkdir()
        self.server.start()
        self._database: Database = open_database(sqlite_url(DataFolder(self.server.data_dir).database))
        self._memory = _MemoryWatch(self.server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._memory.stop()
        self._http.close()
        self._database.close()
        self.server.stop()

    def command(self, *arguments: str) -> str:
        """Run ``openvod`` in this process on the data folder; return what it printed, asserting that it succeeded."""
        done = in_process(*arguments, "--data-dir", str(self.server.data_dir))
        assert done.status == 0, done.stderr
        return done.stdout

    def refused(self, *arguments: str) -> str:
        """Run ``openvod`` in this process; return its words, asserting that it refused."""
        done = in_process(*arguments, "--data-dir", str(self.server.data_dir))
        assert done.status in (1, 2), done.stdout
        return done.stderr.strip()

    def body(self, plain: Mapping[str, Any]) -> str:
        """Write a JSON file for a command; return its path."""
        path = self.folder / "body.json"
        path.write_text(json.dumps(plain), encoding="utf-8")
        return str(path)

    def template(
        self, kind: TemplateKind, body: Mapping[str, Any], *, image: Path | None = None, sub_app_id: int = 0
    ) -> int:
        """Create a template by the command line; return its id."""
        options = ["--image", str(image)] if image else []
        options += ["--sub-app-id", str(sub_app_id)] if sub_app_id else []
        return int(self.command("templates", "create", kind.value, self.body(body), *options))

    def procedure(self, name: str, sub_app_id: int = 0, **task_sets: Sequence[Mapping[str, Any]]) -> str:
        """Create a procedure by the command line from sets named without ``TaskSet``; return its name."""
        plain = {"Name": name, "MediaProcessTask": {f"{each}TaskSet": items for each, items in task_sets.items()}}
        options = ["--sub-app-id", str(sub_app_id)] if sub_app_id else []
        self.command("procedures", "create", self.body(plain), *options)
        return name

    def run(self, orders: Sequence[Order], sub_app_id: int = 0) -> list[Flow]:
        """Upload every file and wait for the end of every flow; results in the order given."""
        key = self._keys.get(sub_app_id) or self.server.create_key(sub_app_id)
        self._keys[sub_app_id] = key
        return asyncio.run(self._run(orders, key, sub_app_id))

    def run_one(self, path: Path, procedure: str, sub_app_id: int = 0) -> Flow:
        """As :meth:`run`, for one file."""
        return self.run([Order(path, procedure)], sub_app_id)[0]

    async def _run(self, orders: Sequence[Order], key: IssuedKey, sub_app_id: int) -> list[Flow]:
        turns = asyncio.Semaphore(_UPLOADS_AT_ONCE)
        ends: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        after = await self._last_event()

        async def upload(place: int, order: Order) -> Flow:
            async with turns:
                signature = sign(
                    key.secret_id, key.secret_key, procedure=order.procedure, sub_app_id=sub_app_id or None
                )
                client = Client(self.url, signature, resume=False)
                result = await client.aupload(self._uploadable(order.path, place))
            ended = ends.setdefault(result.file_id, asyncio.get_running_loop().create_future())
            try:
                told = await asyncio.wait_for(ended, _FLOW_SECONDS)
            except TimeoutError:
                raise AssertionError(f"the flow of {order.path.name} has no end: {self.server.log()}") from None
            return await self._flow(result.file_id, told)

        listening = asyncio.create_task(self._listen(after, ends))
        try:
            return list(await asyncio.gather(*(upload(place, order) for place, order in enumerate(orders))))
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def _uploadable(self, path: Path, place: int) -> Path:
        """Give a file an accepted extension: an uploader would, too."""
        if path.suffix.lower().lstrip(".") in _ACCEPTED:
            return path
        link = self._sources / f"{place}-{path.name}.mp4"
        if not link.exists():
            link.hardlink_to(path)
        return link

    async def _last_event(self) -> int:
        events = await self._events(0)
        return events[-1].event_id if events else 0

    async def _events(self, after: int) -> Sequence[Event]:
        return await self._database.read(lambda tx: tx.events.events(after, 100_000))

    async def _listen(self, after: int, ends: dict[str, asyncio.Future[Mapping[str, Any]]]) -> None:
        """Read the events as they are stored; the last one of a flow is its end."""
        while True:
            for event in await self._events(after):
                after = event.event_id
                if event.type != EventType.PROCEDURE_STATE_CHANGED:
                    continue
                told = json.loads(event.payload)["ProcedureStateChangeEvent"]
                future = ends.setdefault(event.subject, asyncio.get_running_loop().create_future())
                if told["Status"] == "FINISH" and not future.done():
                    future.set_result(told)
            await asyncio.sleep(_POLL_SECONDS)

    async def _flow(self, file_id: str, told: Mapping[str, Any]) -> Flow:
        task_id = str(told["TaskId"])
        task, items, asset = await self._database.read(
            lambda tx: (tx.tasks.task(task_id), tx.tasks.subtasks(task_id), tx.media.asset(file_id))
        )
        assert task is not None
        assert asset is not None
        return Flow(file_id, told, task, tuple(items), asset, self._memory.peaks.get(task_id, 0))

    def fetch(self, url: str) -> Path:
        """Fetch an output over HTTP, once; return where it is now."""
        if url not in self._fetched:
            answer = self._http.get(url)
            assert answer.status_code == 200, f"{url}: {answer.status_code}"
            path = self.outputs / urlsplit(url).path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.content)
            self._fetched[url] = path
        return self._fetched[url]

    def text(self, url: str) -> str:
        """Fetch a playlist or a WebVTT file."""
        return self.fetch(url).read_text(encoding="utf-8")


class _MemoryWatch:
    """Notes the high-water mark of every FFmpeg under the server's worker, by the task whose folder it works in."""

    def __init__(self, server: PlatformServer) -> None:
        assert server.process is not None
        self.peaks: dict[str, int] = {}
        self._server = server.process.pid
        self._scratch = str(DataFolder(server.data_dir).scratch)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        workers: list[int] = []
        looked = 0.0
        while not self._stopped.wait(_WATCH_SECONDS):
            if time.monotonic() - looked > 1:
                workers, looked = [pid for pid in _children(self._server) if _says(pid, "worker")], time.monotonic()
            for pid in (child for worker in workers for child in _children(worker)):
                self._note(pid)

    def _note(self, pid: int) -> None:
        try:
            folder = os.readlink(f"/proc/{pid}/cwd")
            program = os.readlink(f"/proc/{pid}/exe")
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return
        if not folder.startswith(self._scratch) or "ffmpeg" not in program:
            return
        task_id = folder[len(self._scratch) + 1 :].partition("/")[0]
        held = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
        self.peaks[task_id] = max(self.peaks.get(task_id, 0), held)


def _children(pid: int) -> Iterator[int]:
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            yield from (int(child) for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    except (FileNotFoundError, ProcessLookupError):
        return


def _says(pid: int, word: str) -> bool:
    try:
        return word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
