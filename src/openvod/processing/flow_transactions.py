"""The transactions of a running flow: plan from the rows, record progress, failures and retries."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from openvod.base.ports import Clock, UnitOfWork
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Job, Plan, Source
from openvod.media.layout import command_line
from openvod.processing.flow_failures import DEFECTS, defect_failure, why_failed
from openvod.processing.flow_records import (
    FlowState,
    FlowTx,
    UrlOf,
    abort_failure,
    begin,
    crashed,
    fail,
    fail_pending,
    item_of,
    load,
    source_of,
)
from openvod.processing.planner import Options, make_plan
from openvod.processing.ports import Ending, ProcessFailed
from openvod.tasks.model import SubTask, SubTaskStatus
from openvod.tasks.service import template_for
from openvod.tasks.state import subtask_begun, subtask_progressed

_log = logging.getLogger("openvod.processing.flow")
_ATTEMPTS = 2
#: Endings after which a second attempt may succeed.
_REPEATABLE = frozenset({Ending.FAILED, Ending.CRASHED, Ending.OUT_OF_MEMORY, Ending.STALLED})


class Aborted(Exception):
    """A user asked for the task to be aborted."""


@dataclass(frozen=True)
class Planned:
    """The plan of a task's open sub-tasks, with the rows and the source it was made from."""

    state: FlowState
    source: Source
    plan: Plan


class FlowTransactions:
    """Reads and writes a running flow's rows; each method is one transaction, but for a plan that records failures."""

    def __init__(self, uow: UnitOfWork[FlowTx], clock: Clock, url: UrlOf) -> None:
        self._uow = uow
        self._clock = clock
        self._url = url

    async def begin(self, task_id: str, run: int) -> bool:
        """Start a run of a task; return whether there is work."""
        return await self._uow.write(lambda tx: begin(tx, task_id, run, self._clock.now(), self._url))

    async def run_of(self, task_id: str) -> int | None:
        """Return the number of a task's newest run, or None for a task that does not exist."""
        task = await self._uow.read(lambda tx: tx.tasks.task(task_id))
        return task.run if task else None

    async def plan(self, task_id: str, run: int, options: Options) -> Planned | None:
        """Plan the sub-tasks without a result, and fail those that cannot be planned.

        Returns None when there is nothing to plan: the run is over or superseded, or all of its sub-tasks just failed.
        """
        planned = await self._uow.read(lambda tx: _planned(tx, task_id, run, options))
        if isinstance(planned, _Unplannable):
            await self.fail(task_id, {subtask.number: planned.why for subtask in planned.state.pending})
            return None
        if planned and planned.plan.failures:
            await self.fail(task_id, planned.plan.failures)
        return planned

    async def job_begun(self, state: FlowState, job: Job) -> None:
        """Record that a job's sub-tasks run, with its command lines."""
        lines = "\n".join(command_line(command.arguments) for command in job.commands)

        def work(tx: FlowTx) -> None:
            for subtask in _open_subtasks(tx, state, job):
                tx.tasks.put_subtask(subtask_begun(subtask, self._clock.now(), lines))

        await self._uow.write(work)

    async def job_progressed(self, state: FlowState, job: Job, fraction: float) -> None:
        """Record the fraction done, 0 to 1; raises :class:`Aborted` when the task is to end."""
        percent = int(fraction * 100)

        def work(tx: FlowTx) -> bool:
            task = tx.tasks.task(state.task.task_id)
            for subtask in _open_subtasks(tx, state, job):
                if subtask.status is SubTaskStatus.PROCESSING:
                    tx.tasks.put_subtask(subtask_progressed(subtask, percent))
            return task is None or task.abort_requested

        if await self._uow.write(work):
            raise Aborted

    async def retry_or_fail(self, planned: Planned, job: Job, failed: ProcessFailed) -> None:
        """Retry once, apart from other sub-tasks and with less memory; then fail with the reason."""
        state, file_id = planned.state, planned.state.task.file_id
        reason = f"{failed.ending.value}" + (f" (signal {failed.signal})" if failed.signal else "")
        _log.warning("%s of %s: %s: %s", job.name, state.task.task_id, reason, failed.log[-300:])
        thrifty = failed.ending is Ending.OUT_OF_MEMORY

        def work(tx: FlowTx) -> None:
            subtasks = _open_subtasks(tx, state, job)
            dead = failed.ending is Ending.CRASHED or (thrifty and all(each.thrifty for each in subtasks))
            quarantined = dead and crashed(tx, file_id, reason)
            why = why_failed(failed, planned.source, quarantined=quarantined)
            failures: dict[int, Failure] = {}
            for subtask in subtasks:
                if quarantined or failed.ending not in _REPEATABLE or subtask.attempts + 1 >= _ATTEMPTS:
                    failures[subtask.number] = why
                else:
                    again = replace(subtask, attempts=subtask.attempts + 1, thrifty=thrifty, log=failed.log)
                    tx.tasks.put_subtask(again)
            fail(tx, state.task.task_id, failures, self._clock.now(), self._url, log=failed.log)

        await self._uow.write(work)

    async def separate_or_fail(self, state: FlowState, job: Job, failure: Failure) -> None:
        """Handle an unusable picture, text or drawing: run each sub-task of a shared pass on its own."""
        if len(job.shares) == 1:
            await self.fail(state.task.task_id, {job.shares[0].number: failure})
            return

        def work(tx: FlowTx) -> None:
            for subtask in _open_subtasks(tx, state, job):
                tx.tasks.put_subtask(replace(subtask, attempts=subtask.attempts + 1))

        await self._uow.write(work)

    async def abort(self, task_id: str) -> None:
        """Fail all sub-tasks without a result, because the task was aborted."""
        await self._uow.write(lambda tx: fail_pending(tx, task_id, abort_failure(), self._clock.now(), self._url))

    async def fail(self, task_id: str, failures: Mapping[int, Failure], *, log: str = "") -> None:
        """Record the failures of sub-tasks by number, with the end of the program's log."""
        await self._uow.write(lambda tx: fail(tx, task_id, failures, self._clock.now(), self._url, log=log))


@dataclass(frozen=True)
class _Unplannable:
    """A task of which nothing can be planned, and the reason."""

    state: FlowState
    why: Failure


def _planned(tx: FlowTx, task_id: str, run: int, options: Options) -> Planned | _Unplannable | None:
    state = load(tx, task_id)
    if state is None or state.task.run != run or state.task.status.terminal or not state.pending:
        return None
    try:
        if state.task.abort_requested:
            raise abort_failure()
        source = source_of(tx, state)
        return Planned(state, source, _plan(tx, state, source, options))
    except Failure as refused:
        return _Unplannable(state, refused)
    except DEFECTS as error:
        _log.exception("the plan of %s met a defect", task_id)
        return _Unplannable(state, defect_failure(error))


def _plan(tx: FlowTx, state: FlowState, source: Source, options: Options) -> Plan:
    return make_plan(
        source,
        [item_of(subtask) for subtask in state.pending],
        lambda kind, definition: template_for(tx.tasks, state.task.sub_app_id, kind, definition),
        options,
    )


def _open_subtasks(tx: FlowTx, state: FlowState, job: Job) -> list[SubTask]:
    """Return the sub-tasks of a job that have no result."""
    numbers = {share.number for share in job.shares}
    subtasks = tx.tasks.subtasks(state.task.task_id)
    return [each for each in subtasks if each.number in numbers and not each.status.terminal]
