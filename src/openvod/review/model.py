"""Content review as values: findings of a model in frames, and the verdict (procedures-and-api.md 5.1, 7)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from openvod.base.errors import Invalid, Unavailable

#: The wire's labels of the topic Porn (``events.md`` 4.4), most severe first; on ties the more severe one wins.
LABELS = ("porn", "sexy", "vulgar", "intimacy")
#: Most frames of a review, the maximum of the legacy rule.
MAX_FRAMES = 500
_LEGACY_SECONDS = 500.0
#: Suspicious frames that are further apart, in sampling intervals, start a new segment.
_REACH = 1.5

Area = tuple[int, int, int, int]


@dataclass(frozen=True)
class ReviewFrame:
    """A picture of the media: ``time`` in seconds from its start, ``path`` of an image file."""

    time: float
    path: str


@dataclass(frozen=True)
class Finding:
    """A model's finding in a frame.

    ``label`` is one of :data:`LABELS`, ``confidence`` 0 to 100, ``area`` ``(x1, y1, x2, y2)`` in the frame's pixels or
    ``None``. Raises ``ValueError`` for other values: NaN compares as smaller than any threshold and would pass.
    """

    label: str
    confidence: float
    area: Area | None = None

    def __post_init__(self) -> None:
        if self.label not in LABELS:
            raise ValueError(f"unknown review label {self.label!r}")
        if not 0 <= self.confidence <= 100:
            raise ValueError(f"a confidence is a number from 0 to 100, not {self.confidence!r}")


#: The findings of a frame, ``None`` for an unreadable one, which must not count as clean.
FrameFindings = Sequence[Finding] | None


class Reviewer(Protocol):
    """Reviews frames for one topic of the wire (``"Porn"``)."""

    topic: str

    async def review(self, frames: Sequence[ReviewFrame]) -> Sequence[FrameFindings]:
        """Return the findings of each frame, in the order given; ``None`` for a frame that could not be read.

        Raises ``Invalid("review.no_frames")`` without frames, ``Unavailable("review.not_installed")`` without the
        model's packages, ``Unavailable("review.failed")`` when the model did not finish or no frame could be read.
        """
        ...


class Suggestion(StrEnum):
    """The suggested action."""

    PASS = "pass"  # noqa: S105 - the wire's word
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True)
class Thresholds:
    """``BlockConfidence`` and ``ReviewConfidence`` of a template, 0 to 100 (procedures-and-api.md 5.1).

    The defaults apply to unset members of a template. The original documents 0 for ``review``, which would send all
    media to review, although its presets evidently pass media; 75 is OpenVOD's choice (procedures-and-api.md 7).
    """

    block: float = 90.0
    review: float = 75.0

    def __post_init__(self) -> None:
        if not (0 <= self.block <= 100 and 0 <= self.review <= 100):
            raise ValueError(f"thresholds are numbers from 0 to 100, not {self.block!r} and {self.review!r}")

    def decide(self, confidence: float) -> Suggestion:
        """Return the suggestion for a confidence (0 to 100); a value equal to a threshold reaches it."""
        if confidence >= self.block:
            return Suggestion.BLOCK
        return Suggestion.REVIEW if confidence >= self.review else Suggestion.PASS


@dataclass(frozen=True)
class Segment:
    """A suspicious time range ``[start, end)`` in seconds, rated by its worst frame.

    ``frame`` is the index of that frame, ``area`` the place of the finding in its pixels.
    """

    start: float
    end: float
    confidence: float
    label: str
    suggestion: Suggestion
    frame: int
    area: Area | None = None


@dataclass(frozen=True)
class Verdict:
    """The result of a review.

    ``confidence`` is the highest one (0 to 100) and ``label`` its label; "" if the suggestion is pass or there are no
    findings, and then there are no ``segments`` either. Segments are in order of time. ``unreadable`` counts the frames
    that could not be read.
    """

    confidence: float
    suggestion: Suggestion
    label: str = ""
    segments: tuple[Segment, ...] = ()
    unreadable: int = 0


def legacy_interval(duration: float) -> float:
    """Return ``QCVB_ProcessUGCFile``'s seconds between frames: 1 below 500 s, else 1 % (procedures-and-api.md 3.3)."""
    return duration / 100 if duration >= _LEGACY_SECONDS else 1.0


def sampling_interval(duration: float, interval: float) -> float:
    """Return ``interval`` (s), increased if necessary to stay within :data:`MAX_FRAMES` over ``duration`` (s).

    Raises ``Invalid("review.interval")`` unless the interval is a positive number.
    """
    if not (interval > 0 and math.isfinite(interval)):
        raise Invalid("review.interval", "the interval between frames of a review must be a positive number of seconds")
    return max(interval, _known(duration) / MAX_FRAMES)


def sample_times(duration: float, interval: float) -> tuple[float, ...]:
    """Return the times (s) to take frames at: 0 and every :func:`sampling_interval` before the end.

    At least one, so that pictures and media of unknown duration (0) are reviewed, too.
    """
    step, length = sampling_interval(duration, interval), _known(duration)
    count = min(MAX_FRAMES, math.ceil(length / step))
    return (0.0, *(time for time in (n * step for n in range(1, count)) if time < length))


def judge(
    frames: Sequence[ReviewFrame],
    findings: Sequence[FrameFindings],
    thresholds: Thresholds,
    interval: float,
    duration: float,
    labels: Collection[str] = LABELS,
) -> Verdict:
    """Combine findings to a verdict.

    ``findings`` has one entry per frame; ``interval`` and ``duration`` (s) are those the frames were sampled with.
    ``labels`` is the template's ``LabelSet``: other labels are ignored (procedures-and-api.md 5.1).

    Raises ``Invalid("review.no_frames")`` without frames and ``Unavailable("review.failed")`` if results are
    missing or no frame was readable, because media that was not reviewed must not pass.
    """
    unreadable = _unreadable(frames, findings)
    hits = [_Hit(n, frames[n].time, f) for n, seen in enumerate(findings) for f in seen or () if f.label in labels]
    worst = max(hits, key=_Hit.gravity, default=None)
    confidence = worst.finding.confidence if worst else 0.0
    suggestion = thresholds.decide(confidence)
    if worst is None or suggestion is Suggestion.PASS:
        return Verdict(confidence, suggestion, unreadable=unreadable)
    suspicious = [hit for hit in hits if thresholds.decide(hit.finding.confidence) is not Suggestion.PASS]
    step = sampling_interval(duration, interval)
    segments = (_segment(run, thresholds, step, duration) for run in _runs(suspicious, step))
    ordered = tuple(sorted(segments, key=lambda s: (s.start, LABELS.index(s.label))))
    return Verdict(confidence, suggestion, worst.finding.label, ordered, unreadable)


@dataclass(frozen=True)
class _Hit:
    frame: int
    time: float
    finding: Finding

    def gravity(self) -> tuple[float, int]:
        return self.finding.confidence, -LABELS.index(self.finding.label)


def _unreadable(frames: Sequence[ReviewFrame], findings: Sequence[FrameFindings]) -> int:
    if not frames:
        raise Invalid("review.no_frames", "a review requires at least one frame, and the media has none")
    if len(findings) != len(frames):
        raise Unavailable("review.failed", f"the review returned {len(findings)} results for {len(frames)} frames")
    unreadable = sum(seen is None for seen in findings)
    if unreadable == len(frames):
        raise Unavailable("review.failed", f"none of the {len(frames)} frames could be read", unreadable=unreadable)
    return unreadable


def _runs(hits: Sequence[_Hit], step: float) -> Iterator[list[_Hit]]:
    """Group findings by label, then into time ranges without long gaps."""
    run: list[_Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.finding.label, hit.time)):
        if run and (hit.finding.label != run[-1].finding.label or hit.time - run[-1].time > _REACH * step):
            yield run
            run = []
        run.append(hit)
    if run:
        yield run


def _segment(run: Sequence[_Hit], thresholds: Thresholds, step: float, duration: float) -> Segment:
    worst = max(run, key=_Hit.gravity)
    seen, last = worst.finding, run[-1].time
    end = max(last, min(last + step, _known(duration)))
    return Segment(
        run[0].time, end, seen.confidence, seen.label, thresholds.decide(seen.confidence), worst.frame, seen.area
    )


def _known(duration: float) -> float:
    """Return a finite, positive duration, or 0 for an unknown one."""
    return duration if duration > 0 and math.isfinite(duration) else 0.0
