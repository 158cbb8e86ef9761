"""Storing what a job made: first the bytes, durably, then one transaction with objects, result and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from openvod.base.errors import OpenVodError
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Job, Share, WorkClass
from openvod.kinds.registry import media_kind
from openvod.kinds.results import Results
from openvod.media.layout import content_type
from openvod.media.model import FORBIDDEN, MediaAsset, MediaOutput
from openvod.media.outputs import forbid, output_bucket
from openvod.processing.flow_failures import internal_failure
from openvod.processing.flow_records import FlowState, FlowTx, UrlOf, fail, finish_if_done
from openvod.processing.flow_reviews import FlowReviews, Reviewed
from openvod.processing.flow_transactions import Planned
from openvod.processing.job_runner import FinishedJob
from openvod.storage.model import Bucket
from openvod.storage.outputs import Adopted, OutputFile, OutputStore, place
from openvod.tasks.model import SubTask
from openvod.tasks.state import subtask_succeeded


@dataclass(frozen=True)
class Addresses:
    """Addresses in results: URLs of objects and of encryption keys, signed URLs of evidence."""

    media: UrlOf
    segment_key: Callable[[str, int], str]
    evidence: Callable[[str], tuple[str, str]]
    key_bytes: Callable[[str, int], bytes]


class JobResults:
    """Stores the results of finished jobs.

    ``hold_blocked`` withdraws a file that a review blocks from playback.
    """

    def __init__(
        self,
        uow: UnitOfWork[FlowTx],
        outputs: OutputStore,
        reviews: FlowReviews,
        clock: Clock,
        entropy: Entropy,
        addresses: Addresses,
        *,
        hold_blocked: bool = False,
    ) -> None:
        self._uow = uow
        self._outputs = outputs
        self._reviews = reviews
        self._clock = clock
        self._entropy = entropy
        self._addresses = addresses
        self._hold_blocked = hold_blocked

    async def store(self, planned: Planned, job: Job, finished: FinishedJob) -> Mapping[int, Failure]:
        """Store the results of a job's sub-tasks; return the failures of those without one, by number.

        Raises :class:`Failure` for a review without a result.
        """
        if job.work is WorkClass.REVIEW:
            await self._store_review(planned, job.shares[0], finished)
            return {}
        failures: dict[int, Failure] = {}
        for share in job.shares:
            try:
                await self._store_output(planned, share, finished)
            except Failure as failure:
                failures[share.number] = failure
            except OpenVodError as error:
                # A failure of one sub-task does not affect the others.
                failures[share.number] = internal_failure(error)
        return failures

    async def _store_output(self, planned: Planned, share: Share, finished: FinishedJob) -> None:
        state, folder = planned.state, finished.folder
        asset = state.stored_file()
        bucket = await self._output_bucket(asset)
        prefix = f"{bucket.short_name}/{asset.directory}{_subfolder(state, share)}"
        files = folder.share(share.number, self._addresses.key_bytes(asset.file_id, share.definition))
        results = Results(
            url=lambda name: self._addresses.media(f"{prefix}/{name}"),
            key_url=self._addresses.segment_key(asset.file_id, share.definition),
            picture_duration=planned.source.picture_duration,
        )
        output = await media_kind(share.kind).report(share, files, results)
        paths = [
            OutputFile(f"{prefix}/{name}", folder.share_path(share.number, name), content_type(name))
            for name in files.sizes()
        ]

        def record(tx: FlowTx, adopted: Sequence[Adopted]) -> None:
            self._record_output(tx, state, _Output(share, output, bucket, finished.log), adopted)

        await self._adopt_and(paths, record)

    def _record_output(self, tx: FlowTx, state: FlowState, made: _Output, adopted: Sequence[Adopted]) -> None:
        now, share = self._clock.now(), made.share
        asset = tx.media.asset(state.task.file_id, lock=True)
        subtask = _subtask(tx, state, share)
        if asset is None or subtask.status.terminal:
            raise Failure("SourceFileError.DownloadNotAccessible", "the file was deleted")
        place(tx.storage, made.bucket, adopted, now, published=asset.status != FORBIDDEN)
        tx.tasks.put_subtask(subtask_succeeded(subtask, made.fields, now, made.log))
        tx.media.put_output(MediaOutput(asset.file_id, share.kind.value, share.definition, dict(made.fields), now))
        if media_kind(share.kind).sets_cover and _replaceable_cover(asset, made.bucket):
            tx.media.put_asset(replace(asset, cover_key=adopted[0].key, updated_at=now))
        finish_if_done(tx, state.task.task_id, now, self._addresses.media, changed=True)

    async def _store_review(self, planned: Planned, share: Share, finished: FinishedJob) -> None:
        """Review the frames; store the evidence unpublished, behind signed URLs."""
        state = planned.state
        asset = state.stored_file()
        cover = await finished.inputs.cover(state, share.number)
        bucket = await self._output_bucket(asset)
        prefix = f"{bucket.short_name}/{asset.directory}/review"
        reviewed = await self._reviews.review(state, planned.source, share, finished.folder, prefix, cover)

        def record(tx: FlowTx, adopted: Sequence[Adopted]) -> None:
            now = self._clock.now()
            place(tx.storage, bucket, adopted, now, published=False)
            self._record_review(tx, state, share, reviewed, now)

        await self._adopt_and(reviewed.evidence, record)

    def _record_review(self, tx: FlowTx, state: FlowState, share: Share, reviewed: Reviewed, now: float) -> None:
        task_id, url = state.task.task_id, self._addresses.media
        done = subtask_succeeded(_subtask(tx, state, share), reviewed.output, now)
        tx.tasks.put_subtask(replace(done, message=reviewed.message))
        asset = tx.media.asset(state.task.file_id, lock=True)
        if asset:
            output = MediaOutput(asset.file_id, share.kind.value, share.definition, dict(reviewed.info), now)
            tx.media.put_output(output)
            if reviewed.queued:
                asset = replace(asset, review=str(reviewed.info["Suggestion"]))
            asset = replace(asset, updated_at=now)
            tx.media.put_asset(asset)
        if asset and reviewed.blocked and self._hold_blocked:
            forbid(tx, asset, now)
        if reviewed.blocked and state.task.procedure.stop_on_block:
            why = Failure("InvalidInput.PermissionDenied", "the review blocked this video, so the flow ended here")
            fail(tx, task_id, {subtask.number: why for subtask in state.pending}, now, url)
            return
        finish_if_done(tx, task_id, now, url, changed=True)

    async def _adopt_and(
        self, files: Sequence[OutputFile], record: Callable[[FlowTx, Sequence[Adopted]], None]
    ) -> None:
        """Move files into the store, then record them; discard them when recording fails."""
        adopted = await self._outputs.adopt(files)
        try:
            await self._uow.write(lambda tx: record(tx, adopted))
        except BaseException:
            await self._outputs.discard(adopted)
            raise

    async def _output_bucket(self, asset: MediaAsset) -> Bucket:
        return await self._uow.write(
            lambda tx: output_bucket(tx.storage, self._entropy, asset.sub_app_id, asset.region)
        )


@dataclass(frozen=True)
class _Output:
    """A sub-task's result, to be recorded: the fields of its wire form, its bucket, the end of the log."""

    share: Share
    fields: Mapping[str, object]
    bucket: Bucket
    log: str


def _subfolder(state: FlowState, share: Share) -> str:
    """Return a folder of its own for a second use of a template: files are named by template."""
    same = [s.number for s in state.subtasks if (s.kind, s.definition) == (share.kind, share.definition)]
    return "" if share.number == min(same) else f"/{share.number}"


def _subtask(tx: FlowTx, state: FlowState, share: Share) -> SubTask:
    return next(subtask for subtask in tx.tasks.subtasks(state.task.task_id) if subtask.number == share.number)


def _replaceable_cover(asset: MediaAsset, outputs: Bucket) -> bool:
    """Whether the cover may be replaced: an uploaded one may not."""
    return not asset.cover_key or asset.cover_key.startswith(f"{outputs.short_name}/")
