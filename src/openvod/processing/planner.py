"""From sub-tasks to jobs: sub-tasks share one pass over the source where they can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from openvod.kinds.failure import Failure
from openvod.kinds.plan.graph import ClipRange, Output, build_command
from openvod.kinds.plan.joined import joined_command
from openvod.kinds.plan.marks import mosaic_filter, overlay
from openvod.kinds.plan.model import Encoder, Item, Job, Limits, Lookup, Plan, Source, WorkClass
from openvod.kinds.plan.pictures import Series, series_job
from openvod.kinds.plan.video import VideoWork
from openvod.kinds.registry import SubTaskKind

#: Order of jobs: the review that may stop the flow, then pictures, then long encodes.
_ORDER = {WorkClass.REVIEW: 0, WorkClass.LIGHT: 1, WorkClass.ENCODE: 2}


_SHARED = -1


@dataclass(frozen=True)
class Options:
    """How to plan."""

    encoder: Encoder = field(default_factory=Encoder)
    limits: Limits = field(default_factory=Limits)
    installed_reviews: frozenset[SubTaskKind] = frozenset()


def make_plan(source: Source, items: Sequence[Item], lookup: Lookup, options: Options) -> Plan:
    """Return the plan of a flow; sub-tasks that cannot be planned are in ``failures``."""
    failures: dict[int, Failure] = {}
    jobs: list[Job] = []
    series: list[Series] = []
    videos: list[VideoWork] = []
    for item in items:
        try:
            check_source(source, options.limits)
            made = _planned(item, source, lookup, options)
            _check_drawing(made)
        except Failure as failure:
            failures[item.number] = failure
            continue
        match made:
            case Job():
                jobs.append(made)
            case Series():
                series.append(made)
            case VideoWork():
                videos.append(made)
    separate = frozenset(item.number for item in items if item.separate)
    jobs += _video_jobs(videos, series, source, failures, separate)
    return Plan(tuple(sorted(jobs, key=lambda job: _ORDER[job.work])), failures)


def check_source(source: Source, limits: Limits) -> None:
    """Refuse a source beyond the limits of pixels or duration before it is decoded."""
    probe = source.probe
    if probe.encrypted:
        raise Failure("SourceFileError.ContentUnsupported", "the file is encrypted; upload it without its protection")
    pixels = max((stream.width * stream.height for stream in probe.video_streams), default=0)
    if pixels > limits.pixels:
        raise Failure(
            "SourceFileError.ContentUnsupported", f"pictures of {pixels} pixels exceed the limit of {limits.pixels}"
        )
    if probe.duration > limits.seconds:
        raise Failure(
            "SourceFileError.ContentUnsupported", f"{probe.duration:g} s exceed the limit of {limits.seconds:g} s"
        )


def _planned(item: Item, source: Source, lookup: Lookup, options: Options) -> Job | Series | VideoWork:
    kind = SubTaskKind(item.kind)
    if kind.is_review and kind not in options.installed_reviews:
        raise Failure(
            "InvalidInput.ConfigurationUnsupported",
            f"no reviewer is installed for {kind.value}; nothing was looked at",
        )
    return kind.declaration.plan(item, source, lookup, replace(options.encoder, thrifty=item.thrifty))


def _check_drawing(made: Job | Series | VideoWork) -> None:
    """Refuse a drawing that cannot be rendered before it joins a shared pass; a job's command is already built."""
    outputs = made.outputs if isinstance(made, VideoWork) else (made.output,) if isinstance(made, Series) else ()
    for picture in (picture for output in outputs for picture in output.videos if picture):
        for mosaic in picture.mosaics:
            mosaic_filter(mosaic, picture.frame, "check")
        for mark in picture.marks:
            overlay(mark, picture.frame, "check")


def _video_jobs(
    videos: Sequence[VideoWork],
    series: Sequence[Series],
    source: Source,
    failures: dict[int, Failure],
    separate: frozenset[int],
) -> list[Job]:
    jobs: list[Job] = []
    groups: dict[tuple[ClipRange, int], list[VideoWork]] = {}
    for work in videos:
        if work.heads or work.tails:
            try:
                jobs.append(_joined_job(work, source))
            except Failure as failure:
                failures[work.share.number] = failure
        else:
            # A copied stream needs no decoder; in a job of its own it is ready long before any encode.
            alone = work.share.number if work.share.number in separate or not work.decodes else _SHARED
            groups.setdefault((work.clip, alone), []).append(work)
    whole = groups.get((ClipRange(), _SHARED))
    riders = [each for each in series if whole and each.share.number not in separate]
    for (clip, _), members in groups.items():
        jobs.append(_pass_job(members, riders if members is whole else [], clip, source))
    return jobs + [series_job(each, source) for each in series if each not in riders]


def _pass_job(members: Sequence[VideoWork], riders: Sequence[Series], clip: ClipRange, source: Source) -> Job:
    outputs: list[Output] = [output for work in members for output in work.outputs]
    outputs += [each.output for each in riders]
    command, assets = build_command(source, outputs, clip)
    shares = tuple(work.share for work in members) + tuple(each.share for each in riders)
    work_class = WorkClass.ENCODE if any(work.decodes for work in members) else WorkClass.LIGHT
    name = "pass-" + "-".join(str(share.number) for share in shares)
    return Job(name, work_class, shares, (command,), assets)


def _joined_job(work: VideoWork, source: Source) -> Job:
    command, assets = joined_command(work, source)
    return Job(f"joined-{work.share.number}", WorkClass.ENCODE, (work.share,), (command,), assets)
