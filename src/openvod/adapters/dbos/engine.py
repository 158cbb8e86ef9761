"""Flows as DBOS workflows: begin, then advance until nothing is left, then finish; each a recorded step."""

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
_ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
#: Old flows continue under new code: steps read their state from our own rows.
_APPLICATION_VERSION = "openvod-flows-1"
_log = logging.getLogger("openvod.engine")


class Flow(Protocol):
    """What a flow does; see :class:`openvod.processing.flow.FlowService`."""

    async def begin(self, task_id: str, run: int) -> bool:
        """Take a run of a task up; return whether there is work."""
        ...

    async def advance(self, task_id: str, run: int) -> bool:
        """Do the next job; return whether there may be another."""
        ...

    async def finish(self, task_id: str, run: int) -> None:
        """Leave nothing behind."""
        ...


class Liveness(Protocol):
    """Proves to other workers of the database that a worker is alive.

    A worker that is not :meth:`proven` writes nothing; after a claim was free for ``grace`` seconds, another worker may
    take its flows.
    """

    grace: float

    def hold(self, executor_id: str) -> None:
        """Hold the proof until the process ends, even by a crash."""
        ...

    def claim(self, executor_id: str) -> bool:
        """Return whether that worker is dead; then the claim is this worker's until :meth:`release`."""
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
class _Mine:
    """A flow of this worker, and how often the worker had lost its proof when that was last looked at."""

    workflow_id: str
    fences: int


def _stay_here() -> NoReturn:
    """Block a thread of the engine until the process ends: a flow that returns or raises counts as done."""
    while True:
        threading.Event().wait()


class DbosEngine:
    """One worker's engine. ``url`` is where DBOS keeps its tables; one engine per process."""

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
        #: Set while this worker is proven; what waits for it goes on then.
        self._proven = threading.Event()
        self._proven.set()
        self._fences = 0
        #: When the claim of another worker was first seen free.
        self._free_since: dict[str, float] = {}

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

        # The engine marks what it registers, which a bound method would not let it do.
        def run_flow(task_id: str, run: int) -> None:
            self._run(task_id, run)

        self._workflow = DBOS.workflow(name="openvod.flow", max_recovery_attempts=1_000_000)(run_flow)
        DBOS.launch()

    async def prepare(self) -> None:
        """Declare the queue; the engine polls it from now on."""
        await DBOS.register_queue_async(
            _QUEUE,
            worker_concurrency=self._concurrency,
            polling_interval_sec=_POLL_SECONDS,
            on_conflict="always_update",
        )

    def watch_proof(self) -> bool:
        """Stop running flows while this worker is not proven, and resume them when it is; return which applies."""
        proven = self._liveness.proven()
        if proven and not self._proven.is_set():
            _log.warning("worker %s is proven again; its flows go on", self._executor_id)
            self._proven.set()
        elif not proven and self._proven.is_set():
            _log.error("worker %s cannot prove that it lives; its flows stop", self._executor_id)
            self._fences += 1
            self._proven.clear()
            for task in self._running:
                task.cancel()
        return proven

    async def stop(self) -> None:
        """End the running flows while their resources are open; another worker or a later start continues them."""
        self._stopping = True
        self._proven.set()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def close(self) -> None:
        """Stop the engine. Its threads wait for the end of the process: a flow that returned would count as done."""
        DBOS.destroy(destroy_registry=True)
        self._liveness.release(self._executor_id)

    async def submit(self, task_id: str, run: int, priority: int) -> None:
        """Enqueue a run of a task; the same run twice is once. ``priority`` −10…10, higher first."""
        await self._enqueue(f"{task_id}#{run}", task_id, run, priority)

    async def resubmit_ended(self, task_id: str, run: int, priority: int) -> bool:
        """Start a run whose task is unfinished but whose workflow ended or is missing; return whether it was."""
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
        """Take over the flows of workers that died; return how many."""
        try:
            return await self._adopted()
        except Exception:
            # Nobody looked for a while: a claim that is free then may have been held in between.
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
        """A worker with a lost connection has a grace period to take its claim again."""
        now = time.monotonic()
        return now - self._free_since.setdefault(owner, now) >= self._liveness.grace

    async def _adopt(self, owner: str) -> int:
        # Listed again under the claim: another survivor may have been faster.
        theirs = await DBOS.list_workflows_async(
            status="PENDING", executor_id=owner, load_input=False, load_output=False
        )
        for workflow in theirs:
            _log.warning("worker %s is gone; its flow %s goes on", owner, workflow.workflow_id)
            await DBOS.resume_workflow_async(workflow.workflow_id, queue_name=_QUEUE)
        return len(theirs)

    def _run(self, task_id: str, run: int) -> None:
        """The workflow, in a thread of the engine."""
        fences = self._fences
        mine = _Mine(DBOS.workflow_id or "", fences)
        if self._step("begin", mine, lambda: self._flow.begin(task_id, run)):
            while self._step("advance", mine, lambda: self._flow.advance(task_id, run)):
                pass
        self._step("finish", mine, lambda: self._flow.finish(task_id, run))

    def _step(self, name: str, mine: _Mine, call: Callable[[], Coroutine[Any, Any, R]]) -> R:
        def work() -> R:
            return self._in_loop(call, mine)

        options: StepOptions = {
            "name": name,
            "retries_allowed": True,
            "max_attempts": _STEP_ATTEMPTS,
            "interval_seconds": 0.5,
        }
        return DBOS.run_step(options, work)

    def _in_loop(self, call: Callable[[], Coroutine[Any, Any, R]], mine: _Mine) -> R:
        if self._loop is None:
            raise RuntimeError("the engine was not launched")
        while True:
            self._await_proof(mine)
            if self._stopping:
                _stay_here()
            try:
                return asyncio.run_coroutine_threadsafe(self._tracked(call()), self._loop).result()
            except CancelledError:
                if self._stopping:
                    _stay_here()
                # The proof of life was lost; what this step does begins anew when it is back.

    def _await_proof(self, mine: _Mine) -> None:
        """Wait until this worker is proven; after a time without proof, go on only with what nobody took meanwhile."""
        self._proven.wait()
        if mine.fences == self._fences or self._stopping:
            return
        mine.fences = self._fences
        listed = DBOS.list_workflows(workflow_ids=[mine.workflow_id], load_input=False, load_output=False)
        if not any(each.executor_id == self._executor_id and each.status == "PENDING" for each in listed):
            _log.warning("flow %s was taken over by another worker", mine.workflow_id)
            _stay_here()

    async def _tracked(self, work: Coroutine[Any, Any, R]) -> R:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        try:
            return await task
        finally:
            self._running.discard(task)
