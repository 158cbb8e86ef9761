"""``openvod worker``: runs task flows beside the server, in a process that may die at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from openvod.adapters.dbos.engine import DbosEngine, Liveness
from openvod.adapters.ffmpeg.marks import put_asset
from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.adapters.ffmpeg.process import FfmpegProcess
from openvod.adapters.filesystem.blobs import FileBlobStore
from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.filesystem.liveness import LockFileLiveness
from openvod.adapters.filesystem.scratch import ScratchFolders
from openvod.adapters.sql.database import Database, Transaction
from openvod.adapters.sql.liveness import AdvisoryLiveness
from openvod.adapters.system import SystemClock, SystemEntropy
from openvod.app.media_addresses import MediaAddresses
from openvod.app.platform import ADDRESS_SECONDS, derived_key, open_store
from openvod.app.settings import Settings
from openvod.base.errors import Invalid
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock
from openvod.media.flow import Addresses, FlowService, FlowSettings
from openvod.media.flow_records import probe_of
from openvod.media.flow_reviews import ReviewRoom
from openvod.media.plan.model import Encoder, Limits, WorkClass
from openvod.media.plan.planner import Options
from openvod.media.review import Reviewer
from openvod.signing.playback_token import evidence_token, segment_key, segment_token
from openvod.storage.outputs import OutputStore
from openvod.storage.service import StorageService
from openvod.tasks.model import Task, TaskStatus

_RELAY_SECONDS = 0.25
_CARE_SECONDS = 3.0
_BATCH = 50
_EVIDENCE_SECONDS = 7 * 86_400
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger("openvod.worker")


def run_worker(data_dir: Path, settings: Settings, public_url: str, *, parent: int = 0) -> None:
    """Run flows until SIGTERM or SIGINT; with ``parent``, also until that process ends."""
    if parent:
        _die_with(parent)
    asyncio.run(_work(data_dir, settings, public_url))
    # The engine's threads hold flows that go on elsewhere; there is nothing to wait for.
    logging.shutdown()
    os._exit(0)


def _die_with(parent: int) -> None:
    """A worker of a server's tree ends with it, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


async def _work(data_dir: Path, settings: Settings, public_url: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Worker(data_dir, settings, public_url) as worker:
        _log.info("worker %s is ready", worker.executor_id)
        loops = [
            asyncio.create_task(_repeat("relay", worker.relay, _RELAY_SECONDS)),
            asyncio.create_task(_repeat("care", worker.care, _CARE_SECONDS)),
            asyncio.create_task(_repeat("addresses", worker.refresh_addresses, ADDRESS_SECONDS)),
        ]
        await stopped.wait()
        for each in loops:
            each.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await worker.stop()


class Worker:
    """One worker over one data folder; any number may share it. Use as an async context manager."""

    def __init__(self, data_dir: Path, settings: Settings, public_url: str) -> None:
        self._folder = DataFolder(data_dir)
        self._settings = settings
        self._public_url = public_url.rstrip("/")
        self._stack = AsyncExitStack()
        self._submitted: set[tuple[str, int]] = set()
        self.executor_id = f"{socket.gethostname()}-{os.getpid()}-{new_hex(SystemEntropy(), 8)}"

    async def __aenter__(self) -> Worker:
        """Open everything and launch the engine."""
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the engine and close everything."""
        await self._stack.aclose()

    async def _open(self) -> None:
        self._database = open_store(self._folder, self._settings)
        self._stack.callback(self._database.close)
        blobs = FileBlobStore(self._folder.blobs, threads=2)
        self._stack.callback(blobs.close)
        clock, entropy = SystemClock(), SystemEntropy()
        storage = StorageService(self._database, blobs, clock, entropy)
        prober = PyAvProber(timeout=self._settings.probe.timeout_seconds)
        self._workshop = ScratchFolders(self._folder.scratch, prober, put_asset)
        self._media_addresses = MediaAddresses(self._database, self._public_url)
        await self._media_addresses.refresh()
        addresses = flow_addresses(self._folder.root_key, self._public_url, self._media_addresses.url, clock)
        self._flow = FlowService(
            self._database,
            storage,
            OutputStore(self._database, blobs, clock, entropy),
            FfmpegProcess(),
            self._workshop,
            ReviewRoom(self._database, reviewers(self._settings), clock, addresses.evidence),
            clock,
            entropy,
            addresses,
            flow_settings(self._settings),
        )
        await self._clear_scratch()
        self._engine = DbosEngine(
            engine_url(self._folder, self._settings),
            self.executor_id,
            self._flow,
            self._liveness(self._database),
            concurrency=self._settings.tasks.flows,
        )
        self._engine.launch()
        self._stack.callback(self._engine.close)
        await self._engine.prepare()

    def _liveness(self, database: Database) -> Liveness:
        if database.engine.dialect.name == "postgresql":
            advisory = AdvisoryLiveness(database.engine)
            self._stack.callback(advisory.close)
            return advisory
        return LockFileLiveness(self._folder.path / "workers")

    async def _clear_scratch(self) -> None:
        def work(tx: Transaction) -> list[str]:
            return [
                task.task_id
                for status in (TaskStatus.WAITING, TaskStatus.PROCESSING)
                for task in tx.tasks.tasks(status=status.value, limit=100_000)
            ]

        await self._workshop.clear_all_but(await self._database.read(work))

    async def refresh_addresses(self) -> None:
        """See what applications have chosen as the beginning of their addresses."""
        await self._media_addresses.refresh()

    async def stop(self) -> None:
        """End what is on its way; it goes on in another worker, or in the next one here."""
        await self._engine.stop()

    async def relay(self) -> None:
        """Hand tasks that can start to the engine."""

        def work(tx: Transaction) -> list[tuple[Task, bool]]:
            return [(task, probe_of(tx.media.asset(task.file_id)) is not None) for task in tx.tasks.ready(_BATCH)]

        ready = await self._database.read(work)
        for task, readable in ready:
            if not readable:
                # Nothing to run, so nothing to wait for: the uploader hears within a second that it is no media.
                await self._flow.begin(task.task_id, task.run)
                await self._flow.advance(task.task_id, task.run)
            elif (task.task_id, task.run) not in self._submitted:
                await self._engine.submit(task.task_id, task.run, task.priority)
        self._submitted = {(task.task_id, task.run) for task, _ in ready}

    async def care(self) -> None:
        """Take over what dead workers left, and what an engine gave up although its task has no end yet."""
        await self._engine.adopt_orphans()
        running = await self._database.read(lambda tx: tx.tasks.tasks(status=TaskStatus.PROCESSING.value, limit=_BATCH))
        for task in running:
            # Pulled uploads are the server's.
            if task.type.is_flow and await self._engine.resubmit_ended(task.task_id, task.run, task.priority):
                _log.warning("the flow of %s had ended without a result; it starts again", task.task_id)


async def _repeat(name: str, work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        try:
            await work()
        except Exception:
            _log.exception("the %s loop failed; it goes on", name)
        with contextlib.suppress(TimeoutError):
            await asyncio.sleep(seconds)


def engine_url(folder: DataFolder, settings: Settings) -> str:
    """Return where the engine keeps its tables: a file beside ours, or a schema in the same server."""
    url = settings.database.url.get_secret_value()
    return url if url.startswith("postgresql") else f"sqlite:///{folder.path / 'engine.sqlite3'}"


def flow_addresses(root_key: bytes, public_url: str, media_url: Callable[[str], str], clock: Clock) -> Addresses:
    """Return how flows name what they made."""
    root = derived_key(root_key, "playback-token")

    def evidence(key: str) -> tuple[str, str]:
        expires = int(clock.now()) + _EVIDENCE_SECONDS
        moment = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{public_url}/{key}?evidence={evidence_token(root, key, expires)}", moment

    return Addresses(
        media=media_url,
        segment_key=lambda file_id, definition: (
            f"{public_url}/keys/{file_id}/{definition}?token={segment_token(root, file_id, definition)}"
        ),
        evidence=evidence,
        key_bytes=lambda file_id, definition: segment_key(root, file_id, definition),
    )


def reviewers(settings: Settings) -> dict[str, Reviewer]:
    """Load the reviewers that the settings name; ``Invalid("reviewer.unknown")`` names the one that is none."""
    found: dict[str, Reviewer] = {}
    for topic, place in settings.tasks.reviewers.items():
        module, _, name = place.partition(":")
        try:
            found[topic] = getattr(importlib.import_module(module), name)()
        except (ImportError, AttributeError, TypeError) as error:
            raise Invalid(
                "reviewer.unknown",
                f"OPENVOD__TASKS__REVIEWERS names {place!r} for {topic}, which cannot be used: {error}",
            ) from error
    return found


def flow_settings(settings: Settings) -> FlowSettings:
    """Return the flow's share of the settings."""
    tasks = settings.tasks
    return FlowSettings(
        options=Options(
            encoder=Encoder(tasks.preset),
            limits=Limits(pixels=tasks.max_pixels, seconds=tasks.max_seconds),
        ),
        stall=tasks.stall_seconds,
        memory=tasks.memory_bytes,
        hold_blocked=tasks.hold_blocked,
        turns={
            WorkClass.ENCODE: tasks.encode_jobs,
            WorkClass.LIGHT: tasks.light_jobs,
            WorkClass.REVIEW: tasks.review_jobs,
        },
    )
