"""Reviews within a flow: pass frames to reviewers, turn verdicts into results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openvod.base.errors import OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.events.codec import iso_time
from openvod.kinds.failure import Failure
from openvod.kinds.kind import ReviewKind, ReviewSettings
from openvod.kinds.plan.model import Share, Source
from openvod.kinds.registry import REVIEW_KINDS, SubTaskKind
from openvod.processing.flow_records import FlowState, FlowTx
from openvod.processing.ports import JobFolder
from openvod.review.codec import (
    cover_review_result,
    review_info,
    success_message,
)
from openvod.review.model import (
    FrameFindings,
    Reviewer,
    ReviewFrame,
    Suggestion,
    Thresholds,
    Verdict,
    judge,
    sample_times,
)
from openvod.storage.outputs import OutputFile
from openvod.tasks.service import template_for


@dataclass(frozen=True)
class Reviewed:
    """A finished review: its result, and the pictures and documents to store unpublished."""

    output: Mapping[str, Any]
    info: Mapping[str, Any]
    message: str
    blocked: bool
    evidence: Sequence[OutputFile]
    #: Whether this is the file's newest review; a suspicious verdict puts the file into the review queue.
    queued: bool = True


class FlowReviews:
    """Passes a review's frames to the installed reviewer of its topic and reports the verdict."""

    def __init__(
        self,
        uow: UnitOfWork[FlowTx],
        reviewers: Mapping[str, Reviewer],
        clock: Clock,
        evidence_url: Callable[[str], tuple[str, str]],
    ) -> None:
        self._uow = uow
        self._reviewers = reviewers
        self._clock = clock
        self._evidence_url = evidence_url

    @property
    def installed(self) -> frozenset[SubTaskKind]:
        """Kinds that have a reviewer; ReviewAudioVideo reviews every topic that is installed."""
        topics = self._reviewers.keys()
        return frozenset(kind for kind, declared in REVIEW_KINDS.items() if topics & set(declared.topics))

    async def review(
        self, state: FlowState, source: Source, share: Share, folder: JobFolder, prefix: str, cover: str = ""
    ) -> Reviewed:
        """Review the frames of a job, and the cover picture at the path ``cover`` if one is given."""
        frames = _frames(share, source, folder)
        topic, settings = _kind(share).topics[0], await self._settings(state, share)
        findings = await self._findings(topic, frames)
        interval = float(share.facts["interval"])
        verdict = judge(frames, findings, settings.thresholds, interval, source.picture_duration)
        self._check_topics(settings.labels, verdict)
        pictures, files = self._evidence(state, share, frames, verdict, prefix)
        reviewed = replace(self._report(share, verdict, pictures, files, folder, prefix), queued=settings.queued)
        return await self._with_cover(reviewed, topic, settings.thresholds, cover) if cover else reviewed

    async def _with_cover(self, reviewed: Reviewed, topic: str, thresholds: Thresholds, cover: str) -> Reviewed:
        """Add the verdict over the cover; reviewers read pictures in a confined process."""
        frame = [ReviewFrame(0.0, cover)]
        findings = await self._findings(topic, frame)
        if findings and findings[0] is None:
            raise Failure("InvalidInput.ConfigurationUnsupported", "the cover is no picture that can be reviewed")
        verdict = judge(frame, findings, thresholds, 1.0, 0.0)
        output = {**reviewed.output, "CoverReviewResult": cover_review_result(verdict)}
        return replace(reviewed, output=output, blocked=reviewed.blocked or verdict.suggestion is Suggestion.BLOCK)

    async def _settings(self, state: FlowState, share: Share) -> ReviewSettings:
        kind = _kind(share)
        template = await self._uow.read(
            lambda tx: template_for(tx.tasks, state.task.sub_app_id, kind.template.kind, share.definition)
        )
        return kind.settings(template.body if template else None)

    async def _findings(self, topic: str, frames: Sequence[ReviewFrame]) -> Sequence[FrameFindings]:
        reviewer = self._reviewers.get(topic)
        if reviewer is None:
            raise Failure("InvalidInput.ConfigurationUnsupported", f"no reviewer is installed for {topic}")
        try:
            return await reviewer.review(frames)
        except OpenVodError as error:
            code = "InvalidInput.ConfigurationUnsupported" if error.code == "review.not_installed" else "InternalError"
            raise Failure(code, error.message) from error

    def _check_topics(self, labels: Sequence[str], verdict: Verdict) -> None:
        """Raise when a clean verdict would cover topics without a reviewer."""
        missing = [label for label in labels if label not in self._reviewers]
        if missing and verdict.suggestion is Suggestion.PASS:
            raise Failure(
                "InvalidInput.ConfigurationUnsupported",
                f"nothing was found for Porn, but no reviewer is installed for {', '.join(missing)}; "
                "use a review template with Labels [Porn], or install the others",
            )

    def _evidence(
        self, state: FlowState, share: Share, frames: Sequence[ReviewFrame], verdict: Verdict, prefix: str
    ) -> tuple[dict[int, str], list[OutputFile]]:
        pictures: dict[int, str] = {}
        files: list[OutputFile] = []
        for segment in verdict.segments:
            if segment.frame not in pictures:
                key = f"{prefix}/{share.kind.value}_{share.definition}_{segment.frame}.jpg"
                files.append(OutputFile(key, frames[segment.frame].path, {"Content-Type": "image/jpeg"}))
                pictures[segment.frame] = self._evidence_url(key)[0]
        return pictures, files

    def _report(
        self,
        share: Share,
        verdict: Verdict,
        pictures: Mapping[int, str],
        files: list[OutputFile],
        folder: JobFolder,
        prefix: str,
    ) -> Reviewed:
        kind = _kind(share)
        key = f"{prefix}/{share.kind.value}_{share.definition}.json"
        url, expires = self._evidence_url(key)
        document_url = ""
        if len(verdict.segments) > kind.segments:
            document = kind.document(verdict, pictures, expires)
            files.append(OutputFile(key, folder.document(share.number, document), {"Content-Type": "application/json"}))
            document_url = url
        output = kind.output(verdict, pictures, expires, file_url=document_url)
        info = review_info(share.definition, verdict, self._now())
        return Reviewed(output, info, success_message(verdict), verdict.suggestion is Suggestion.BLOCK, files)

    def _now(self) -> str:
        return iso_time(self._clock.now())


def _kind(share: Share) -> ReviewKind:
    return REVIEW_KINDS[SubTaskKind(share.kind)]


def _frames(share: Share, source: Source, folder: JobFolder) -> list[ReviewFrame]:
    times = sample_times(source.picture_duration, float(share.facts["interval"]))
    paths = folder.frames(share.number)
    if not paths:
        raise Failure("SourceFileError.ContentMalformed", "no frame could be read from the file; upload it again")
    # Fewer frames where the end cannot be decoded: the existing ones keep their times.
    return [ReviewFrame(moment, path) for moment, path in zip(times, paths, strict=False)]
