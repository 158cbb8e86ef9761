"""Running one job: its inputs as local files, its scratch folder, its commands in sequence within limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from openvod.base.ports import UnitOfWork
from openvod.kinds.plan.model import Job, Source
from openvod.media.ports import Originals
from openvod.processing.flow_records import FlowState, FlowTx
from openvod.processing.flow_transactions import FlowTransactions, Planned
from openvod.processing.inputs import JobInputs
from openvod.processing.ports import JobFolder, MediaProcess, ProcessLimits, ScratchSpace

_LOG_CHARACTERS = 4000
_SPARE_BYTES = 256 * 1024**2
#: An upper bound of an output's rate, for sources that are smaller than their results.
_BYTES_PER_SECOND = 12_000_000


@dataclass(frozen=True)
class JobLimits:
    """Limits of a job: wall seconds at least and per second of source, seconds without progress, bytes of memory."""

    deadline_base: float = 300.0
    deadline_factor: float = 40.0
    stall: float = 120.0
    memory: int = 6 * 1024**3

    def of(self, source: Source, job: Job) -> ProcessLimits:
        """Derive the time limit from the source's length and the number of results, the size limit from its size."""
        length, shares = max(source.duration, 1.0), max(1, len(job.shares))
        file_size = max(4 * source.probe.size, int(length * _BYTES_PER_SECOND)) + _SPARE_BYTES
        return ProcessLimits(
            deadline=self.deadline_base + self.deadline_factor * length * shares,
            stall=self.stall,
            memory=self.memory,
            file_size=file_size,
            folder_size=file_size * (shares + 1),
        )


@dataclass(frozen=True)
class FinishedJob:
    """A job whose commands have run: its scratch folder, the end of their log, and its inputs, still open."""

    folder: JobFolder
    log: str
    inputs: JobInputs


class JobRunner:
    """Runs the commands of jobs and reports their progress."""

    def __init__(
        self,
        uow: UnitOfWork[FlowTx],
        originals: Originals,
        process: MediaProcess,
        scratch: ScratchSpace,
        transactions: FlowTransactions,
        limits: JobLimits,
    ) -> None:
        self._uow = uow
        self._originals = originals
        self._process = process
        self._scratch = scratch
        self._transactions = transactions
        self._limits = limits

    @asynccontextmanager
    async def run(self, planned: Planned, job: Job) -> AsyncIterator[FinishedJob]:
        """Run a job's commands; its inputs stay readable as local files inside the context.

        Raises :class:`~openvod.processing.ports.ProcessFailed`, :class:`~openvod.kinds.failure.Failure` for an unusable
        input, and :class:`~openvod.processing.flow_transactions.Aborted`.
        """
        state, source = planned.state, planned.source
        async with AsyncExitStack() as files:
            inputs = JobInputs(self._uow, self._originals, files, state.stored_file())
            await self._transactions.job_begun(state, job)
            folder = await self._scratch.open(state.task.task_id, job.name, [share.number for share in job.shares])
            paths = await inputs.paths(source)
            for each in job.assets:
                await folder.put(each, await inputs.image(each))
            log = await self._commands(state, job, folder.path, paths, self._limits.of(source, job))
            yield FinishedJob(folder, log, inputs)

    async def clear(self, task_id: str) -> None:
        """Delete every scratch folder of a task."""
        await self._scratch.clear(task_id)

    async def _commands(
        self, state: FlowState, job: Job, folder: str, paths: Mapping[str, str], limits: ProcessLimits
    ) -> str:
        """Run the commands in sequence and report their overall progress; return the end of their log."""
        total = sum(command.seconds for command in job.commands)
        log, done = "", 0.0
        for command in job.commands:

            async def progressed(fraction: float, before: float = done, share: float = command.seconds) -> None:
                await self._transactions.job_progressed(state, job, (before + fraction * share) / total)

            log += await self._process.run(folder, command, paths, limits, progressed)
            done += command.seconds
        return log[-_LOG_CHARACTERS:]
