"""Running flows: one call begins a task, each further call runs one job; an effect is stored before it is reported.

The caller may crash at any moment and call again: a sub-task with a result is not repeated, one without is planned
again from the rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from openvod.base.errors import OpenVodError
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Job, WorkClass
from openvod.processing.flow_failures import DEFECTS, defect_failure, internal_failure
from openvod.processing.flow_transactions import Aborted, FlowTransactions, Planned
from openvod.processing.job_results import JobResults
from openvod.processing.job_runner import JobRunner
from openvod.processing.planner import Options
from openvod.processing.ports import ProcessFailed

_log = logging.getLogger("openvod.processing.flow")


@dataclass(frozen=True)
class FlowSettings:
    """How a process runs flows; ``turns`` bounds its concurrent jobs per class of work (1 each)."""

    options: Options
    turns: Mapping[WorkClass, int] = field(default_factory=dict)


class FlowService:
    """Runs flows: plans the open sub-tasks, runs a job, stores its results, records its failures."""

    def __init__(
        self, transactions: FlowTransactions, runner: JobRunner, results: JobResults, settings: FlowSettings
    ) -> None:
        self._transactions = transactions
        self._runner = runner
        self._results = results
        self._options = settings.options
        self._turns = {work: asyncio.Semaphore(settings.turns.get(work, 1)) for work in WorkClass}

    async def begin(self, task_id: str, run: int) -> bool:
        """Start a run of a task; return whether there is work."""
        return await self._transactions.begin(task_id, run)

    async def advance(self, task_id: str, run: int) -> bool:
        """Run the next job; return whether there may be another."""
        planned = await self._transactions.plan(task_id, run, self._options)
        if not planned or not planned.plan.jobs:
            return False
        job = planned.plan.jobs[0]
        async with self._turns[job.work]:
            await self._attempt(planned, job)
        return True

    async def finish(self, task_id: str, run: int) -> None:
        """Delete the scratch folder of a finished run, but not that of a later run."""
        if await self._transactions.run_of(task_id) in (None, run):
            await self._runner.clear(task_id)

    async def _attempt(self, planned: Planned, job: Job) -> None:
        """Run a job; afterwards each of its sub-tasks has a result or a fallback to try."""
        task_id, state = planned.state.task.task_id, planned.state
        try:
            await self._run(planned, job)
        except Aborted:
            await self._transactions.abort(task_id)
        except ProcessFailed as failed:
            await self._transactions.retry_or_fail(planned, job, failed)
        except Failure as failure:
            await self._transactions.separate_or_fail(state, job, failure)
        except OpenVodError as error:
            internal = internal_failure(error)
            _log.warning("%s of %s failed: %s", job.name, task_id, error)
            await self._transactions.fail(task_id, {share.number: internal for share in job.shares})
        except DEFECTS as error:
            _log.exception("%s of %s met a defect", job.name, task_id)
            await self._transactions.fail(task_id, {share.number: defect_failure(error) for share in job.shares})

    async def _run(self, planned: Planned, job: Job) -> None:
        async with self._runner.run(planned, job) as finished:
            failures = await self._results.store(planned, job, finished)
        if failures:
            await self._transactions.fail(planned.state.task.task_id, failures, log=finished.log)
