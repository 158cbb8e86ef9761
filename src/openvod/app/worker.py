"""``openvod worker``: runs task flows in a process that may be killed at any time."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from openvod.adapters.dbos.engine import DbosEngine
from openvod.adapters.sql.database import Transaction
from openvod.app.foundation import Foundation
from openvod.app.media_addresses import REFRESH_SECONDS
from openvod.app.reviewers import reviewers
from openvod.app.sandbox import check_sandbox
from openvod.app.services import Services, plan_options
from openvod.app.supervisor import report_trouble
from openvod.base.identifiers import new_hex
from openvod.kinds.plan.model import WorkClass
from openvod.processing.flow import FlowService, FlowSettings
from openvod.processing.flow_records import probe_of
from openvod.processing.flow_reviews import FlowReviews
from openvod.processing.flow_transactions import FlowTransactions
from openvod.processing.job_results import Addresses, JobResults
from openvod.processing.job_runner import JobLimits, JobRunner
from openvod.signing.playback_token import segment_key
from openvod.tasks.model import Task, TaskStatus

_RELAY_SECONDS = 0.25
_CARE_SECONDS = 3.0
_WATCH_SECONDS = 0.5
_BATCH = 50
_EVIDENCE_SECONDS = 7 * 86_400
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger("openvod.worker")


def run_worker(base: Foundation, *, parent: int = 0) -> None:
    """Run flows until SIGTERM or SIGINT; with ``parent``, also until that process ends."""
    if parent:
        _die_with(parent)
    asyncio.run(_work(base))
    # Do not join the engine's threads: they are parked with flows that another worker resumes.
    logging.shutdown()
    os._exit(0)


def _die_with(parent: int) -> None:
    """Let the kernel kill this worker when its server ends for any reason."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


async def _work(base: Foundation) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Worker(base) as worker:
        _log.info("worker %s is ready", worker.executor_id)
        loops = [
            asyncio.create_task(_repeat("relay", worker.relay, _RELAY_SECONDS)),
            asyncio.create_task(_repeat("care", worker.care, _CARE_SECONDS)),
            asyncio.create_task(_repeat("watch", worker.watch, _WATCH_SECONDS)),
            asyncio.create_task(_repeat("addresses", worker.refresh_addresses, REFRESH_SECONDS)),
        ]
        await stopped.wait()
        for each in loops:
            each.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await worker.stop()


class Worker:
    """One worker over one data folder; any number may share it. Use as an async context manager."""

    def __init__(self, base: Foundation) -> None:
        self._base = base
        self._stack = AsyncExitStack()
        self._submitted: set[tuple[str, int]] = set()
        self.executor_id = f"{socket.gethostname()}-{os.getpid()}-{new_hex(base.entropy, 8)}"

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
        base = self._base
        self._stack.enter_context(base)
        await check_sandbox(base)
        services = Services(base)
        self._database = base.database
        self._addresses = services.addresses
        await self._addresses.refresh()
        self._flow = flow_service(services)
        await self._clear_scratch()
        liveness = base.liveness()
        self._engine = DbosEngine(
            base.engine_url,
            self.executor_id,
            self._flow,
            liveness,
            concurrency=base.settings.tasks.flows,
            connections=base.settings.database.engine_connections,
            connect_args=base.engine_connect_args,
        )
        self._engine.launch()
        base.proven = liveness.proven
        self._stack.callback(self._engine.close)
        await self._engine.prepare()
        _log.debug("the worker uses %s", json.dumps(base.uses()))

    async def _clear_scratch(self) -> None:
        def work(tx: Transaction) -> list[str]:
            return [
                task.task_id
                for status in (TaskStatus.WAITING, TaskStatus.PROCESSING)
                for task in tx.tasks.tasks(status=status.value, limit=100_000)
            ]

        await self._base.scratch.clear_all_but(await self._database.read(work))

    async def refresh_addresses(self) -> None:
        """Refresh the media URLs of applications."""
        await self._addresses.refresh()

    async def watch(self) -> None:
        """Pause the flows while the liveness lock is lost, and report problems to the server."""
        proven = self._engine.watch_proof()
        trouble = self._database.trouble() or ("" if proven else "a worker lost its liveness lock")
        await asyncio.to_thread(report_trouble, self._base.folder.path, os.getpid(), trouble)

    async def stop(self) -> None:
        """Stop the running flows; another worker or the next start resumes them."""
        await self._engine.stop()

    async def relay(self) -> None:
        """Submit tasks that can start to the engine."""

        def work(tx: Transaction) -> list[tuple[Task, bool]]:
            return [(task, probe_of(tx.media.asset(task.file_id)) is not None) for task in tx.tasks.ready(_BATCH)]

        ready = await self._database.read(work)
        for task, readable in ready:
            if not readable:
                # No jobs to run: finish the task here, so that the failure is reported within a second.
                await self._flow.begin(task.task_id, task.run)
                await self._flow.advance(task.task_id, task.run)
            elif (task.task_id, task.run) not in self._submitted:
                await self._engine.submit(task.task_id, task.run, task.priority)
        self._submitted = {(task.task_id, task.run) for task, _ in ready}

    async def care(self) -> None:
        """Take over the flows of dead workers, and restart flows that ended before their task did."""
        await self._engine.adopt_orphans()
        await self._engine.resume_lost()
        running = await self._database.read(lambda tx: tx.tasks.tasks(status=TaskStatus.PROCESSING.value, limit=_BATCH))
        for task in running:
            # The server runs pulled uploads.
            if task.type.is_flow and await self._engine.resubmit_ended(task.task_id, task.run, task.priority):
                _log.warning("the flow of %s ended without a result; restarting it", task.task_id)


async def _repeat(name: str, work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        try:
            await work()
        except Exception:
            _log.exception("the %s loop failed; it will retry", name)
        with contextlib.suppress(TimeoutError):
            await asyncio.sleep(seconds)


def flow_service(services: Services) -> FlowService:
    """Wire the service that runs flows."""
    base, addresses, tasks = services.base, flow_addresses(services), services.base.settings.tasks
    reviews = FlowReviews(base.database, reviewers(base.settings, base.programs.walls), base.clock, addresses.evidence)
    transactions = FlowTransactions(base.database, base.clock, addresses.media)
    limits = JobLimits(stall=tasks.stall_seconds, memory=tasks.memory_bytes)
    return FlowService(
        transactions,
        JobRunner(base.database, services.storage.files, base.programs.ffmpeg, base.scratch, transactions, limits),
        JobResults(
            base.database, services.storage.outputs, reviews, base.clock, base.entropy, addresses,
            hold_blocked=tasks.hold_blocked,
        ),
        flow_settings(services, reviews),
    )  # fmt: skip


def flow_addresses(services: Services) -> Addresses:
    """Return how flows address their results."""
    base, root = services.base, services.base.keys.playback_token
    return Addresses(
        media=services.addresses.url,
        # Playback adds a token for viewers that may load the playlist (surfaces/playback/segment_keys).
        segment_key=lambda file_id, definition: f"/keys/{file_id}/{definition}",
        evidence=lambda key: base.evidence(key, _EVIDENCE_SECONDS),
        key_bytes=lambda file_id, definition: segment_key(root, file_id, definition),
    )


def flow_settings(services: Services, reviews: FlowReviews) -> FlowSettings:
    """Return how this worker runs flows: how it plans, and its concurrent jobs."""
    tasks = services.base.settings.tasks
    return FlowSettings(
        options=replace(plan_options(services.base.settings), installed_reviews=reviews.installed),
        turns={
            WorkClass.ENCODE: tasks.encode_jobs,
            WorkClass.LIGHT: tasks.light_jobs,
            WorkClass.REVIEW: tasks.review_jobs,
        },
    )
