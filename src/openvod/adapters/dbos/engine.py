"""Flows as DBOS workflows: begin, advance until no job is left, finish. Each call is a recorded step."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, StepOptions

R = TypeVar("R")
_QUEUE = "flows"
_POLL_SECONDS = 0.4
_LOWEST = 11
_STEP_ATTEMPTS = 8
#: Seconds after which a claimed workflow without a thread counts as lost: far longer than the start of a thread takes.
_IDLE_SECONDS = 60.0
_ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
#: Constant, so that flows continue under new releases: steps read their state from OpenVOD's tables, not from DBOS.
_APPLICATION_VERSION = "openvod-flows-1"
_log = logging.getLogger("openvod.engine")


class Flow(Protocol):
    """The steps of a flow; see :class:`openvod.processing.flow.FlowService`."""

    async def begin(self, task_id: str, run: int) -> bool:
        """Start a run of a task; return whether it has jobs."""
        ...

    async def advance(self, task_id: str, run: int) -> bool:
        """Run the next job; return whether another may follow."""
        ...

    async def finish(self, task_id: str, run: int) -> None:
        """Delete the run's scratch files."""
        ...


class Liveness(Protocol):
    """Proves to other workers of the database that a worker is alive.

    A worker that is not :meth:`proven` must not write. When its claim has been free for ``grace`` seconds, another
    worker may take over its flows.
    """

    grace: float

    def hold(self, executor_id: str) -> None:
        """Hold this worker's proof until its process ends, even by a crash."""
        ...

    def claim(self, executor_id: str) -> bool:
        """Return whether a worker is dead; if so, this worker holds its claim until :meth:`release`."""
        ...

    def release(self, executor_id: str) -> None:
        """Release a claim and remove the dead worker's proof."""
        ...

    def proven(self) -> bool:
        """Return whether this worker is known to be alive; does no I/O."""
        ...

    def known(self) -> Sequence[str]:
        """Return workers whose proof must be removed."""
        ...


@dataclass
class _OwnFlow:
    """A flow of this worker; ``fences`` counts the losses of proof that the flow has been checked against."""

    workflow_id: str
    fences: int


def _park_thread() -> NoReturn:
    """Block an engine thread until the process ends, because DBOS marks a flow that returns or raises as done."""
    while True:
        threading.Event().wait()


class DbosEngine:
    """The engine of a worker, one per process. ``url`` is the database of DBOS's own tables."""

    def __init__(
        self,
        url: str,
        executor_id: str,
        flow: Flow,
        liveness: Liveness,
        *,
        concurrency: int,
        connections: int = 5,
        connect_args: Mapping[str, Any] | None = None,
    ) -> None:
        self._url = url
        self._connections = connections
        self._connect_args = dict(connect_args or {})
        self._executor_id = executor_id
        self._flow = flow
        self._liveness = liveness
        self._concurrency = concurrency
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = False
        #: Set while this worker is proven; flows wait for it.
        self._proven = threading.Event()
        self._proven.set()
        self._fences = 0
        #: When the claim of another worker was first seen free.
        self._free_since: dict[str, float] = {}
        #: Workflows that a thread of this process runs.
        self._threads: set[str] = set()
        #: When a workflow of this worker was first seen without a thread.
        self._idle_since: dict[str, float] = {}

    def launch(self) -> None:
        """Start the engine's threads; call inside the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._liveness.hold(self._executor_id)
        config: DBOSConfig = {
            "name": "openvod",
            "system_database_url": self._url,
            "executor_id": self._executor_id,
            "application_version": _APPLICATION_VERSION,
            "log_level": "WARNING",
            "use_listen_notify": False,
            "sys_db_pool_size": self._connections,
            "db_engine_kwargs": {"connect_args": self._connect_args} if self._connect_args else {},
        }
        DBOS(config=config)

        # A function: DBOS sets attributes on it, which a bound method does not allow.
        def run_flow(task_id: str, run: int) -> None:
            self._run(task_id, run)

        self._workflow = DBOS.workflow(name="openvod.flow", max_recovery_attempts=1_000_000)(run_flow)
        DBOS.launch()

    async def prepare(self) -> None:
        """Register the queue; from then on the engine polls it."""
        await DBOS.register_queue_async(
            _QUEUE,
            worker_concurrency=self._concurrency,
            polling_interval_sec=_POLL_SECONDS,
            on_conflict="always_update",
        )

    def watch_proof(self) -> bool:
        """Pause the running flows while this worker is not proven; return whether it is proven."""
        proven = self._liveness.proven()
        if proven and not self._proven.is_set():
            _log.warning("worker %s has its liveness lock again; its flows resume", self._executor_id)
            self._proven.set()
        elif not proven and self._proven.is_set():
            _log.error("worker %s lost its liveness lock; its flows pause", self._executor_id)
            self._fences += 1
            self._proven.clear()
            for task in self._running:
                task.cancel()
        return proven

    async def stop(self) -> None:
        """Cancel the running flows before their resources close; another worker or the next start resumes them."""
        self._stopping = True
        self._proven.set()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def close(self) -> None:
        """Stop the engine. Threads with flows block until the process ends: DBOS marks a returned flow as done."""
        DBOS.destroy(destroy_registry=True)
        self._liveness.release(self._executor_id)

    async def submit(self, task_id: str, run: int, priority: int) -> None:
        """Enqueue a run of a task, once per run. ``priority`` −10…10, higher first."""
        await self._enqueue(f"{task_id}#{run}", task_id, run, priority)

    async def resubmit_ended(self, task_id: str, run: int, priority: int) -> bool:
        """Restart an unfinished run whose workflow ended or is missing; return whether it was restarted."""
        name = f"{task_id}#{run}"
        listed = await DBOS.list_workflows_async(workflow_id_prefix=name, load_input=False, load_output=False)
        known = [workflow for workflow in listed if workflow.workflow_id.partition(".")[0] == name]
        if any(workflow.status not in _ENDED for workflow in known):
            return False
        await self._enqueue(f"{name}.{len(known)}", task_id, run, priority)
        return True

    async def _enqueue(self, workflow_id: str, task_id: str, run: int, priority: int) -> None:
        def enqueue() -> None:
            with SetWorkflowID(workflow_id), SetEnqueueOptions(priority=_LOWEST - priority):
                DBOS.enqueue_workflow(_QUEUE, self._workflow, task_id, run)

        await asyncio.to_thread(enqueue)

    async def adopt_orphans(self) -> int:
        """Take over the flows of dead workers; return their number."""
        try:
            return await self._adopted()
        except Exception:
            # The check failed, so a claim that was free before and is free later may have been held in between.
            self._free_since.clear()
            raise

    async def _adopted(self) -> int:
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        owners = {workflow.executor_id for workflow in pending if workflow.executor_id}
        owners = (owners | set(await asyncio.to_thread(self._liveness.known))) - {self._executor_id}
        adopted = 0
        for owner in owners:
            if not await asyncio.to_thread(self._liveness.claim, owner):
                self._free_since.pop(owner, None)
                continue
            try:
                if self._is_dead(owner) and self._liveness.proven():
                    adopted += await self._adopt(owner)
            finally:
                await asyncio.to_thread(self._liveness.release, owner)
        self._free_since = {owner: since for owner, since in self._free_since.items() if owner in owners}
        return adopted

    def _is_dead(self, owner: str) -> bool:
        """Return whether a claim has been free for the grace period, in which a disconnected worker can reclaim it."""
        now = time.monotonic()
        return now - self._free_since.setdefault(owner, now) >= self._liveness.grace

    async def _adopt(self, owner: str) -> int:
        # List again under the claim: another worker may have taken the flows over before.
        orphans = await self._claimed_by(owner)
        for workflow_id in orphans:
            _log.warning("worker %s is dead; its flow %s is resumed", owner, workflow_id)
            await DBOS.resume_workflow_async(workflow_id, queue_name=_QUEUE)
        return len(orphans)

    @staticmethod
    async def _claimed_by(worker: str) -> set[str]:
        """Return the ids of the workflows that a worker has claimed and not ended."""
        listed = await DBOS.list_workflows_async(
            status="PENDING", executor_id=worker, load_input=False, load_output=False
        )
        return {workflow.workflow_id for workflow in listed}

    async def resume_lost(self) -> int:
        """Resume the flows that the engine claimed for this worker but does not run; return their number.

        DBOS drops a claimed workflow when the database fails between the claim and the start of its thread.
        """
        idle, now = await self._claimed_by(self._executor_id) - self._threads, time.monotonic()
        self._idle_since = {each: self._idle_since.get(each, now) for each in idle}
        if not self._liveness.proven():
            # Another worker may have taken them over.
            return 0
        lost = [each for each, since in self._idle_since.items() if now - since >= _IDLE_SECONDS]
        for workflow_id in lost:
            _log.warning("the engine claimed flow %s but does not run it; it is resumed", workflow_id)
            await DBOS.resume_workflow_async(workflow_id, queue_name=_QUEUE)
        return len(lost)

    def _run(self, task_id: str, run: int) -> None:
        """Run the workflow in a thread of the engine."""
        workflow_id = DBOS.workflow_id or ""
        self._threads.add(workflow_id)
        try:
            self._run_steps(workflow_id, task_id, run)
        finally:
            self._threads.discard(workflow_id)

    def _run_steps(self, workflow_id: str, task_id: str, run: int) -> None:
        flow = _OwnFlow(workflow_id, self._fences)
        if self._step("begin", flow, lambda: self._flow.begin(task_id, run)):
            while self._step("advance", flow, lambda: self._flow.advance(task_id, run)):
                pass
        self._step("finish", flow, lambda: self._flow.finish(task_id, run))

    def _step(self, name: str, flow: _OwnFlow, call: Callable[[], Coroutine[Any, Any, R]]) -> R:
        def work() -> R:
            return self._in_loop(call, flow)

        options: StepOptions = {
            "name": name,
            "retries_allowed": True,
            "max_attempts": _STEP_ATTEMPTS,
            "interval_seconds": 0.5,
        }
        return DBOS.run_step(options, work)

    def _in_loop(self, call: Callable[[], Coroutine[Any, Any, R]], flow: _OwnFlow) -> R:
        if self._loop is None:
            raise RuntimeError("the engine was not launched")
        while True:
            self._await_proof(flow)
            if self._stopping:
                _park_thread()
            try:
                return asyncio.run_coroutine_threadsafe(self._tracked(call()), self._loop).result()
            except CancelledError:
                if self._stopping:
                    _park_thread()
                # The liveness lock was lost: run the step again when it is back.

    def _await_proof(self, flow: _OwnFlow) -> None:
        """Wait until this worker is proven; park the thread if another worker took the flow over in between."""
        self._proven.wait()
        if flow.fences == self._fences or self._stopping:
            return
        flow.fences = self._fences
        listed = DBOS.list_workflows(workflow_ids=[flow.workflow_id], load_input=False, load_output=False)
        if not any(each.executor_id == self._executor_id and each.status == "PENDING" for each in listed):
            _log.warning("flow %s was taken over by another worker", flow.workflow_id)
            _park_thread()

    async def _tracked(self, work: Coroutine[Any, Any, R]) -> R:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        try:
            return await task
        finally:
            self._running.discard(task)
