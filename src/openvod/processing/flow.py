"""Running flows: one call begins a task, each further call runs one job; an effect is stored before it is reported.

The caller may crash at any moment and call again: a sub-task with a result is not repeated, one without is planned
again from the rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from openvod.base.errors import OpenVodError
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Job, Plan, Share, Source, WorkClass
from openvod.kinds.registry import media_kind
from openvod.kinds.results import Results
from openvod.media.layout import command_line, content_type
from openvod.media.model import FORBIDDEN, MediaAsset, MediaOutput
from openvod.media.outputs import forbid, output_bucket
from openvod.media.ports import Originals
from openvod.processing.flow_failures import DEFECTS, defect_failure, internal_failure, why_failed
from openvod.processing.flow_records import (
    FlowState,
    FlowTx,
    UrlOf,
    abortion,
    begin,
    crashed,
    fail,
    fail_pending,
    item_of,
    load,
    settle,
    source_of,
)
from openvod.processing.flow_reviews import Reviewed, ReviewRoom
from openvod.processing.inputs import JobInputs
from openvod.processing.planner import Options, make_plan
from openvod.processing.ports import Ending, JobFolder, MediaProcess, ProcessFailed, ProcessLimits, ScratchSpace
from openvod.storage.model import Bucket
from openvod.storage.outputs import Adopted, OutputFile, OutputStore, place
from openvod.tasks.model import SubTask, SubTaskStatus
from openvod.tasks.service import template_for
from openvod.tasks.state import subtask_begun, subtask_progressed, subtask_succeeded

_log = logging.getLogger("openvod.media.flow")
_ATTEMPTS = 2
_LOG_CHARACTERS = 4000


class Aborted(Exception):
    """A user asked for the task to be aborted."""


@dataclass(frozen=True)
class FlowSettings:
    """Limits of a job: wall seconds at least and per second of source, seconds without progress, bytes of memory.

    ``turns`` bounds the jobs of a class that run at once in this process (1 each); ``hold_blocked`` withdraws a file
    that a review blocks from playback.
    """

    options: Options
    deadline_base: float = 300.0
    deadline_factor: float = 40.0
    stall: float = 120.0
    memory: int = 6 * 1024**3
    hold_blocked: bool = False
    turns: Mapping[WorkClass, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Addresses:
    """Addresses in results: URLs of objects and of encryption keys, signed URLs of evidence."""

    media: UrlOf
    segment_key: Callable[[str, int], str]
    evidence: Callable[[str], tuple[str, str]]
    key_bytes: Callable[[str, int], bytes]


class FlowService:
    """Runs flows: plans jobs, runs FFmpeg and reviewers, stores results and events."""

    def __init__(
        self,
        uow: UnitOfWork[FlowTx],
        originals: Originals,
        outputs: OutputStore,
        process: MediaProcess,
        scratch: ScratchSpace,
        reviews: ReviewRoom,
        clock: Clock,
        entropy: Entropy,
        addresses: Addresses,
        settings: FlowSettings,
    ) -> None:
        self._uow = uow
        self._originals = originals
        self._outputs = outputs
        self._process = process
        self._scratch = scratch
        self._reviews = reviews
        self._clock = clock
        self._entropy = entropy
        self._addresses = addresses
        self._settings = settings
        self._turns = {work: asyncio.Semaphore(settings.turns.get(work, 1)) for work in WorkClass}

    async def begin(self, task_id: str, run: int) -> bool:
        """Start a run of a task; return whether there is work."""
        return await self._uow.write(lambda tx: begin(tx, task_id, run, self._clock.now(), self._addresses.media))

    async def advance(self, task_id: str, run: int) -> bool:
        """Run the next job; return whether there may be another."""
        planned = await self._plan(task_id, run)
        if not planned or not planned[1].jobs:
            return False
        state, plan, source = planned
        job = plan.jobs[0]
        async with self._turns[job.work]:
            await self._attempt(state, source, job)
        return True

    async def _attempt(self, state: FlowState, source: Source, job: Job) -> None:
        """Run a job; afterwards each of its sub-tasks has a result or a fallback to try."""
        task_id = state.task.task_id
        try:
            await self._run(state, source, job)
        except Aborted:
            await self._abort(task_id)
        except ProcessFailed as failed:
            await self._failed(state, source, job, failed)
        except Failure as failure:
            await self._refused(state, job, failure)
        except OpenVodError as error:
            internal = internal_failure(error)
            _log.warning("%s of %s failed: %s", job.name, task_id, error)
            await self._fail(task_id, {share.number: internal for share in job.shares})
        except DEFECTS as error:
            _log.exception("%s of %s met a defect", job.name, task_id)
            await self._fail(task_id, {share.number: defect_failure(error) for share in job.shares})

    async def finish(self, task_id: str, run: int) -> None:
        """Delete the scratch folder of a finished run, but not that of a later run."""
        task = await self._uow.read(lambda tx: tx.tasks.task(task_id))
        if task is None or task.run == run:
            await self._scratch.clear(task_id)

    async def _plan(self, task_id: str, run: int) -> tuple[FlowState, Plan, Source] | None:
        """Plan the sub-tasks without a result; those that cannot be planned fail here."""

        def work(tx: FlowTx) -> tuple[FlowState, Plan, Source] | tuple[FlowState, Failure] | None:
            state = load(tx, task_id)
            if state is None or state.task.run != run or state.task.status.terminal or not state.pending:
                return None
            try:
                if state.task.abort_requested:
                    raise abortion()
                source = source_of(tx, state)
                return state, self._made_plan(tx, state, source), source
            except Failure as refused:
                return state, refused
            except DEFECTS as error:
                _log.exception("the plan of %s met a defect", task_id)
                return state, defect_failure(error)

        planned = await self._uow.read(work)
        if planned is None:
            return None
        if len(planned) == 2:
            state, failure = planned
            await self._fail(task_id, {subtask.number: failure for subtask in state.pending})
            return None
        state, plan, source = planned
        if plan.failures:
            await self._fail(task_id, plan.failures)
        return state, plan, source

    def _made_plan(self, tx: FlowTx, state: FlowState, source: Source) -> Plan:
        return make_plan(
            source,
            [item_of(subtask) for subtask in state.pending],
            lambda kind, definition: template_for(tx.tasks, state.task.sub_app_id, kind, definition),
            replace(self._settings.options, installed_reviews=self._reviews.installed),
        )

    async def _run(self, state: FlowState, source: Source, job: Job) -> None:
        async with AsyncExitStack() as files:
            inputs = JobInputs(self._uow, self._originals, files, _asset(state))
            await self._run_over(inputs, state, source, job)

    async def _run_over(self, inputs: JobInputs, state: FlowState, source: Source, job: Job) -> None:
        asset = _asset(state)
        numbers = [share.number for share in job.shares]
        await self._begin_job(state, job)
        folder = await self._scratch.open(state.task.task_id, job.name, numbers)
        paths = await inputs.paths(source)
        for each in job.assets:
            await folder.put(each, await inputs.image(each))
        log = await self._commands(state, source, job, folder, paths)
        if job.work is WorkClass.REVIEW:
            cover = await inputs.cover(state, job.shares[0].number)
            await self._review(state, asset, source, job.shares[0], folder, cover)
            return
        failures: dict[int, Failure] = {}
        for share in job.shares:
            try:
                await self._store(state, asset, source, share, folder, log)
            except Failure as failure:
                failures[share.number] = failure
            except OpenVodError as error:
                # A failure of one sub-task does not affect the others.
                failures[share.number] = internal_failure(error)
        if failures:
            await self._fail(state.task.task_id, failures, log=log)

    async def _begin_job(self, state: FlowState, job: Job) -> None:
        numbers = {share.number for share in job.shares}
        lines = "\n".join(command_line(command.arguments) for command in job.commands)

        def work(tx: FlowTx) -> None:
            for subtask in tx.tasks.subtasks(state.task.task_id):
                if subtask.number in numbers and not subtask.status.terminal:
                    tx.tasks.put_subtask(subtask_begun(subtask, self._clock.now(), lines))

        await self._uow.write(work)

    async def _commands(
        self, state: FlowState, source: Source, job: Job, folder: JobFolder, paths: Mapping[str, str]
    ) -> str:
        """Run a job's commands in sequence and report their overall progress."""
        total = sum(command.seconds for command in job.commands)
        limits = self._limits(source, job)
        log, done = "", 0.0
        for command in job.commands:
            before = done

            async def progressed(fraction: float, before: float = before, share: float = command.seconds) -> None:
                await self._progress(state.task.task_id, job, (before + fraction * share) / total)

            log += await self._process.run(folder.path, command, paths, limits, progressed)
            done += command.seconds
        return log[-_LOG_CHARACTERS:]

    def _limits(self, source: Source, job: Job) -> ProcessLimits:
        """Derive the time limit from the source's length and the number of results, the size limit from its size."""
        settings = self._settings
        length = max(source.duration, 1.0)
        return ProcessLimits(
            deadline=settings.deadline_base + settings.deadline_factor * length * max(1, len(job.shares)),
            stall=settings.stall,
            memory=settings.memory,
            file_size=max(4 * source.probe.size, int(length * 12_000_000)) + 256 * 1024**2,
        )

    async def _progress(self, task_id: str, job: Job, fraction: float) -> None:
        percent = int(fraction * 100)
        numbers = {share.number for share in job.shares}

        def work(tx: FlowTx) -> bool:
            task = tx.tasks.task(task_id)
            for subtask in tx.tasks.subtasks(task_id):
                if subtask.number in numbers and subtask.status is SubTaskStatus.PROCESSING:
                    tx.tasks.put_subtask(subtask_progressed(subtask, percent))
            return task is None or task.abort_requested

        if await self._uow.write(work):
            raise Aborted

    async def _store(
        self, state: FlowState, asset: MediaAsset, source: Source, share: Share, folder: JobFolder, log: str
    ) -> None:
        """Store one sub-task's files and its result in one transaction."""
        bucket = await self._output_bucket(asset)
        prefix = f"{bucket.short_name}/{asset.directory}{_apart(state, share)}"
        files = folder.share(share.number, self._addresses.key_bytes(asset.file_id, share.definition))
        results = Results(
            url=lambda name: self._addresses.media(f"{prefix}/{name}"),
            key_url=self._addresses.segment_key(asset.file_id, share.definition),
            picture_duration=source.picture_duration,
        )
        output = await media_kind(share.kind).report(share, files, results)
        adopted = await self._outputs.adopt(
            [
                OutputFile(f"{prefix}/{name}", folder.share_path(share.number, name), content_type(name))
                for name in files.sizes()
            ]
        )
        done = _Done(share, output, adopted, bucket, log)
        try:
            await self._uow.write(lambda tx: self._record(tx, state, done))
        except BaseException:
            await self._outputs.discard(adopted)
            raise

    def _record(self, tx: FlowTx, state: FlowState, done: _Done) -> None:
        now = self._clock.now()
        asset = tx.media.asset(state.task.file_id, lock=True)
        subtask = _item(tx, state, done.share.number)
        if asset is None or subtask.status.terminal:
            raise Failure("SourceFileError.DownloadNotAccessible", "the file was deleted")
        place(tx.storage, done.bucket, done.adopted, now, published=asset.status != FORBIDDEN)
        tx.tasks.put_subtask(subtask_succeeded(subtask, done.output, now, done.log))
        output = dict(done.output)
        tx.media.put_output(MediaOutput(asset.file_id, done.share.kind.value, done.share.definition, output, now))
        if media_kind(done.share.kind).sets_cover and _cover_is_ours(asset, done.bucket):
            tx.media.put_asset(replace(asset, cover_key=done.adopted[0].key, updated_at=now))
        settle(tx, state.task.task_id, now, self._addresses.media, changed=True)

    async def _review(
        self, state: FlowState, asset: MediaAsset, source: Source, share: Share, folder: JobFolder, cover: str
    ) -> None:
        """Review the frames; store the evidence unpublished, behind signed URLs."""
        bucket = await self._output_bucket(asset)
        prefix = f"{bucket.short_name}/{asset.directory}/review"
        reviewed = await self._reviews.look(state, source, share, folder, prefix, cover)
        adopted = await self._outputs.adopt(reviewed.evidence)
        try:
            await self._uow.write(lambda tx: self._record_review(tx, state, share, reviewed, adopted, bucket))
        except BaseException:
            await self._outputs.discard(adopted)
            raise

    def _record_review(
        self,
        tx: FlowTx,
        state: FlowState,
        share: Share,
        reviewed: Reviewed,
        adopted: Sequence[Adopted],
        bucket: Bucket,
    ) -> None:
        now, task_id = self._clock.now(), state.task.task_id
        place(tx.storage, bucket, adopted, now, published=False)
        subtask = _item(tx, state, share.number)
        done = subtask_succeeded(subtask, reviewed.output, now)
        tx.tasks.put_subtask(replace(done, message=reviewed.message))
        asset = tx.media.asset(state.task.file_id, lock=True)
        if asset:
            output = MediaOutput(asset.file_id, share.kind.value, share.definition, dict(reviewed.info), now)
            tx.media.put_output(output)
            if reviewed.queued:
                asset = replace(asset, review=str(reviewed.info["Suggestion"]))
            asset = replace(asset, updated_at=now)
            tx.media.put_asset(asset)
        if asset and reviewed.blocked and self._settings.hold_blocked:
            forbid(tx, asset, now)
        if reviewed.blocked and state.task.procedure.stop_on_block:
            why = Failure("InvalidInput.PermissionDenied", "the review blocked this video, so the flow ended here")
            fail(tx, task_id, {s.number: why for s in state.pending}, now, self._addresses.media)
            return
        settle(tx, task_id, now, self._addresses.media, changed=True)

    async def _output_bucket(self, asset: MediaAsset) -> Bucket:
        return await self._uow.write(
            lambda tx: output_bucket(tx.storage, self._entropy, asset.sub_app_id, asset.region)
        )

    async def _failed(self, state: FlowState, source: Source, job: Job, failed: ProcessFailed) -> None:
        """Retry once, apart from other sub-tasks and with less memory; then fail with the reason."""
        reason = f"{failed.ending.value}" + (f" (signal {failed.signal})" if failed.signal else "")
        _log.warning("%s of %s: %s: %s", job.name, state.task.task_id, reason, failed.log[-300:])
        numbers = {share.number for share in job.shares}
        thrifty = failed.ending is Ending.OUT_OF_MEMORY
        repeatable = failed.ending in (Ending.FAILED, Ending.CRASHED, Ending.OUT_OF_MEMORY, Ending.STALLED)

        def work(tx: FlowTx) -> None:
            now = self._clock.now()
            dead = failed.ending is Ending.CRASHED or (thrifty and all(s.thrifty for s in _items(tx, state, numbers)))
            quarantined = dead and crashed(tx, state.task.file_id, reason)
            why = why_failed(failed, source, quarantined=quarantined)
            failures: dict[int, Failure] = {}
            for subtask in _items(tx, state, numbers):
                if quarantined or not repeatable or subtask.attempts + 1 >= _ATTEMPTS:
                    failures[subtask.number] = why
                else:
                    again = replace(subtask, attempts=subtask.attempts + 1, thrifty=thrifty, log=failed.log)
                    tx.tasks.put_subtask(again)
            fail(tx, state.task.task_id, failures, now, self._addresses.media, log=failed.log)

        await self._uow.write(work)

    async def _refused(self, state: FlowState, job: Job, failure: Failure) -> None:
        """Handle an unusable picture, text or drawing: run each sub-task of a shared pass on its own."""
        if len(job.shares) == 1:
            await self._fail(state.task.task_id, {job.shares[0].number: failure})
            return

        def work(tx: FlowTx) -> None:
            for subtask in _items(tx, state, {share.number for share in job.shares}):
                tx.tasks.put_subtask(replace(subtask, attempts=subtask.attempts + 1))

        await self._uow.write(work)

    async def _abort(self, task_id: str) -> None:
        await self._uow.write(
            lambda tx: fail_pending(tx, task_id, abortion(), self._clock.now(), self._addresses.media)
        )

    async def _fail(self, task_id: str, failures: Mapping[int, Failure], *, log: str = "") -> None:
        await self._uow.write(lambda tx: fail(tx, task_id, failures, self._clock.now(), self._addresses.media, log=log))


@dataclass(frozen=True)
class _Done:
    """A sub-task's result, to be stored."""

    share: Share
    output: Mapping[str, object]
    adopted: Sequence[Adopted]
    bucket: Bucket
    log: str


def _apart(state: FlowState, share: Share) -> str:
    """Return a folder of its own for a second use of a template: files are named by template."""
    same = [s.number for s in state.subtasks if (s.kind, s.definition) == (share.kind, share.definition)]
    return "" if share.number == min(same) else f"/{share.number}"


def _asset(state: FlowState) -> MediaAsset:
    if state.asset is None or not state.asset.has_original:
        raise Failure("SourceFileError.DownloadNotAccessible", "the file was deleted")
    return state.asset


def _item(tx: FlowTx, state: FlowState, number: int) -> SubTask:
    return next(subtask for subtask in tx.tasks.subtasks(state.task.task_id) if subtask.number == number)


def _items(tx: FlowTx, state: FlowState, numbers: set[int]) -> list[SubTask]:
    return [s for s in tx.tasks.subtasks(state.task.task_id) if s.number in numbers and not s.status.terminal]


def _cover_is_ours(asset: MediaAsset, outputs: Bucket) -> bool:
    """Whether the cover may be replaced: an uploaded one may not."""
    return not asset.cover_key or asset.cover_key.startswith(f"{outputs.short_name}/")
