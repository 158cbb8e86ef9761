"""Flows as DBOS workflows: begin, then advance until nothing is left, then finish; each a recorded step."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError
from typing import Any, Protocol, TypeVar

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, StepOptions

R = TypeVar("R")
_QUEUE = "flows"
_POLL_SECONDS = 0.4
_LOWEST = 11
_STEP_ATTEMPTS = 8
_ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
#: Old flows go on under new code: steps take their state from our own rows.
_APPLICATION_VERSION = "openvod-flows-1"
_log = logging.getLogger("openvod.engine")


class Flow(Protocol):
    """What a flow does; see :class:`openvod.media.flow.FlowService`."""

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
    """Proves that a worker lives, to workers that share its database."""

    def hold(self, executor_id: str) -> None:
        """Hold the proof until the process ends, however it ends."""
        ...

    def claim(self, executor_id: str) -> bool:
        """Return whether that worker is dead; then the claim is this worker's until :meth:`release`."""
        ...

    def release(self, executor_id: str) -> None:
        """Give a claim back; what proved a dead worker's life is removed."""
        ...

    def known(self) -> Sequence[str]:
        """Return workers that left a proof which somebody has to remove."""
        ...


class DbosEngine:
    """One worker's engine. ``url`` is where DBOS keeps its tables; one engine per process."""

    def __init__(self, url: str, executor_id: str, flow: Flow, liveness: Liveness, *, concurrency: int) -> None:
        self._url = url
        self._executor_id = executor_id
        self._flow = flow
        self._liveness = liveness
        self._concurrency = concurrency
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = False

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

    async def stop(self) -> None:
        """End the flows on their way, while what they work with is still open; they go on elsewhere, or later."""
        self._stopping = True
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
        """Start a run whose workflow ended, or never was, although its task has no end; return whether that was so."""
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
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        owners = {workflow.executor_id for workflow in pending if workflow.executor_id}
        owners = (owners | set(await asyncio.to_thread(self._liveness.known))) - {self._executor_id}
        adopted = 0
        for owner in owners:
            if not await asyncio.to_thread(self._liveness.claim, owner):
                continue
            try:
                adopted += await self._adopt(owner)
            finally:
                await asyncio.to_thread(self._liveness.release, owner)
        return adopted

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
        if self._step("begin", lambda: self._flow.begin(task_id, run)):
            while self._step("advance", lambda: self._flow.advance(task_id, run)):
                pass
        self._step("finish", lambda: self._flow.finish(task_id, run))

    def _step(self, name: str, call: Callable[[], Coroutine[Any, Any, R]]) -> R:
        def work() -> R:
            return self._in_loop(call())

        options: StepOptions = {
            "name": name,
            "retries_allowed": True,
            "max_attempts": _STEP_ATTEMPTS,
            "interval_seconds": 0.5,
        }
        return DBOS.run_step(options, work)

    def _in_loop(self, work: Coroutine[Any, Any, R]) -> R:
        if self._loop is None:
            raise RuntimeError("the engine was not launched")
        if self._stopping:
            work.close()
            threading.Event().wait()
        try:
            return asyncio.run_coroutine_threadsafe(self._tracked(work), self._loop).result()
        except CancelledError:
            threading.Event().wait()
            raise

    async def _tracked(self, work: Coroutine[Any, Any, R]) -> R:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        try:
            return await task
        finally:
            self._running.discard(task)
