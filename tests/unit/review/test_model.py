"""Content review's decisions as values (procedures-and-api.md 3.3, 5.1, 7)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openvod.base.errors import Invalid, Unavailable
from openvod.review.model import (
    LABELS,
    MAX_FRAMES,
    Finding,
    FrameFindings,
    ReviewFrame,
    Segment,
    Suggestion,
    Thresholds,
    Verdict,
    judge,
    legacy_interval,
    sample_times,
    sampling_interval,
)

PASS, REVIEW, BLOCK = Suggestion.PASS, Suggestion.REVIEW, Suggestion.BLOCK


def frames(count: int, interval: float = 1.0) -> list[ReviewFrame]:
    """Frames one interval apart."""
    return [ReviewFrame(n * interval, f"{n}.jpg") for n in range(count)]


def judged(
    *seen: FrameFindings,
    interval: float = 1.0,
    thresholds: Thresholds = Thresholds(),  # noqa: B008 - frozen
    duration: float | None = None,
    labels: Sequence[str] = LABELS,
) -> Verdict:
    """Judge frames of one interval; the media ends one interval after the last unless told otherwise."""
    length = len(seen) * interval if duration is None else duration
    return judge(frames(len(seen), interval), seen, thresholds, interval, length, labels)


def porn(confidence: float) -> list[Finding]:
    """A frame with one finding."""
    return [Finding("porn", confidence)]


@pytest.mark.parametrize(
    ("confidence", "thresholds", "suggestion"),
    [
        (100.0, Thresholds(), BLOCK),
        (90.0, Thresholds(), BLOCK),
        (89.99, Thresholds(), REVIEW),
        (75.0, Thresholds(), REVIEW),
        (74.99, Thresholds(), PASS),
        (0.0, Thresholds(), PASS),
        (60.0, Thresholds(block=60), BLOCK),
        (59.9, Thresholds(block=60), PASS),
        (0.0, Thresholds(review=0), REVIEW),
        (0.0, Thresholds(block=0), BLOCK),
    ],
)
def test_decision(confidence: float, thresholds: Thresholds, suggestion: Suggestion) -> None:
    """A score at a threshold counts as above it; unset thresholds are 90 and 75."""
    assert thresholds.decide(confidence) is suggestion


@pytest.mark.parametrize("value", [-0.1, 100.1, math.nan, math.inf])
def test_numbers_that_no_decision_can_be_made_on(value: float) -> None:
    """What is no number from 0 to 100 is refused: NaN, smaller than no threshold and greater than none, would pass."""
    with pytest.raises(ValueError, match="0 to 100"):
        Finding("porn", value)
    with pytest.raises(ValueError, match="0 to 100"):
        Thresholds(block=value)
    with pytest.raises(ValueError, match="0 to 100"):
        Thresholds(review=value)


def test_a_label_off_the_wire() -> None:
    """A label that the wire does not know is refused."""
    with pytest.raises(ValueError, match="label"):
        Finding("Porn", 50.0)


@pytest.mark.parametrize(
    ("duration", "interval"), [(0, 1.0), (10, 1.0), (499.9, 1.0), (500, 5.0), (600, 6.0), (36_000, 360.0)]
)
def test_legacy_interval(duration: float, interval: float) -> None:
    """QCVB_ProcessUGCFile looks once a second below 500 s, from there on once per 1 %."""
    assert legacy_interval(duration) == interval


@pytest.mark.parametrize(
    ("duration", "interval", "times"),
    [
        (0.0, 1.0, (0.0,)),
        (0.3, 1.0, (0.0,)),
        (1.0, 1.0, (0.0,)),
        (2.5, 1.0, (0.0, 1.0, 2.0)),
        (30.0, 10.0, (0.0, 10.0, 20.0)),
        (-1.0, 1.0, (0.0,)),
        (math.nan, 1.0, (0.0,)),
        (math.inf, 1.0, (0.0,)),
    ],
)
def test_sample_times(duration: float, interval: float, times: tuple[float, ...]) -> None:
    """Frames are taken at 0 and every interval before the end; at least one, however little is known of the media."""
    assert sample_times(duration, interval) == times


@example(281.21000000000004, 4.61)  # 61 * 4.61 is the very end
@given(
    st.floats(min_value=0, max_value=1e6, allow_nan=False), st.floats(min_value=0.01, max_value=1e5, allow_nan=False)
)
def test_sampling_covers_the_media(duration: float, interval: float) -> None:
    """Of any media there are 1 to MAX_FRAMES frames, inside it, evenly, with no unseen stretch longer than a step."""
    times, step = sample_times(duration, interval), sampling_interval(duration, interval)
    assert 1 <= len(times) <= MAX_FRAMES
    assert times[0] == 0
    assert all(b - a == pytest.approx(step) for a, b in pairwise(times))
    assert step >= interval
    assert all(t < duration for t in times[1:])
    assert duration - times[-1] <= step * (1 + 1e-9)
    assert sampling_interval(duration, step) == step


@given(st.floats(min_value=0, max_value=1e6, allow_nan=False))
def test_legacy_sampling_is_never_thinned(duration: float) -> None:
    """The bound on frames leaves the legacy rule as it is."""
    assert sampling_interval(duration, legacy_interval(duration)) == legacy_interval(duration)


@pytest.mark.parametrize("interval", [0.0, -1.0, math.nan, math.inf])
def test_intervals_that_are_none(interval: float) -> None:
    """An interval that is no positive number is an error of the request."""
    with pytest.raises(Invalid, match=r"review\.interval"):
        sample_times(10.0, interval)


def test_no_frames_no_pass() -> None:
    """Where there is nothing to look at, there is no verdict."""
    with pytest.raises(Invalid, match=r"review\.no_frames"):
        judge([], [], Thresholds(), 1.0, 10.0)


def test_every_frame_is_answered_for() -> None:
    """Findings for fewer or more frames than there are make no verdict."""
    for count in (0, 1, 3):
        with pytest.raises(Unavailable, match=r"review\.failed"):
            judge(frames(2), [[]] * count, Thresholds(), 1.0, 2.0)


def test_unreadable_frames_are_counted() -> None:
    """A frame nobody could look at is counted; if there are no others, there is no verdict."""
    assert judged(None, [], None) == Verdict(0.0, PASS, unreadable=2)
    assert judged(None, porn(95), None).unreadable == 2
    with pytest.raises(Unavailable, match="none of the 2 frames") as error:
        judged(None, None)
    assert (error.value.code, error.value.details) == ("review.failed", {"unreadable": 2})


def test_a_pass_has_no_label_and_no_segments() -> None:
    """A pass shows the highest confidence and nothing else."""
    assert judged([], porn(12.5), porn(74.9)) == Verdict(74.9, PASS)
    assert judged([], []) == Verdict(0.0, PASS)


def test_a_template_that_sends_everything_to_review() -> None:
    """A review threshold of 0, explicitly set, is taken literally even where nothing was seen."""
    assert judged([], thresholds=Thresholds(review=0)) == Verdict(0.0, REVIEW)


def test_one_suspicious_frame() -> None:
    """A frame stands for the time until the next one, and its finding is the evidence."""
    seen = [Finding("sexy", 80.0, (1, 2, 3, 4)), Finding("sexy", 79.0, (5, 6, 7, 8)), Finding("porn", 10.0)]
    verdict = judged([], [], seen, [], interval=2.0)
    assert verdict == Verdict(80.0, REVIEW, "sexy", (Segment(4.0, 6.0, 80.0, "sexy", REVIEW, 2, (1, 2, 3, 4)),))


def test_neighbours_merge() -> None:
    """Adjacent suspicious frames are one segment, judged by its worst frame."""
    verdict = judged(porn(80), porn(95), porn(76), [], porn(75))
    assert verdict.segments == (
        Segment(0.0, 3.0, 95, "porn", BLOCK, 1),
        Segment(4.0, 5.0, 75, "porn", REVIEW, 4),
    )
    assert (verdict.confidence, verdict.suggestion, verdict.label) == (95, BLOCK, "porn")


def test_labels_do_not_merge() -> None:
    """Segments of different labels stay apart and may overlap; those that start together are in order of gravity."""
    both = [Finding("sexy", 91.0), Finding("porn", 80.0)]
    verdict = judged(both, [Finding("sexy", 85.0)])
    assert verdict.segments == (
        Segment(0.0, 1.0, 80.0, "porn", REVIEW, 0),
        Segment(0.0, 2.0, 91.0, "sexy", BLOCK, 0),
    )
    assert (verdict.label, verdict.suggestion) == ("sexy", BLOCK)


def test_of_equal_scores_the_graver_label_is_told() -> None:
    """A tie between labels goes to the graver one."""
    assert judged([Finding("intimacy", 90.0), Finding("porn", 90.0), Finding("sexy", 90.0)]).label == "porn"


@pytest.mark.parametrize(("gap", "segments"), [(1.0, 1), (1.5, 1), (1.6, 2), (2.0, 2)])
def test_reach(gap: float, segments: int) -> None:
    """Frames up to 1.5 intervals apart merge: samples are rarely exactly on time."""
    times = [ReviewFrame(0.0, "a"), ReviewFrame(gap * 10, "b")]
    verdict = judge(times, [porn(90), porn(90)], Thresholds(), 10.0, 100.0)
    assert len(verdict.segments) == segments


@pytest.mark.parametrize(("duration", "end"), [(2.4, 2.4), (3.0, 3.0), (9.0, 3.0), (0.0, 2.0), (1.0, 2.0)])
def test_segments_end_with_the_media(duration: float, end: float) -> None:
    """The last frame's stretch is cut at the end of the media, and no segment ends before it starts."""
    assert judged([], [], porn(90), duration=duration).segments == (Segment(2.0, end, 90, "porn", BLOCK, 2),)


def test_order_of_frames_does_not_matter() -> None:
    """Frames may come in any order; the evidence is named by the index in the order given."""
    shuffled = [ReviewFrame(2.0, "c"), ReviewFrame(0.0, "a"), ReviewFrame(1.0, "b")]
    verdict = judge(shuffled, [porn(80), porn(81), porn(99)], Thresholds(), 1.0, 3.0)
    assert verdict.segments == (Segment(0.0, 3.0, 99, "porn", BLOCK, 2),)


def test_labels_of_the_template() -> None:
    """What the template does not look for neither counts nor shows."""
    seen = [Finding("sexy", 99.0), Finding("porn", 80.0)]
    assert judged(seen, labels=["porn"]) == Verdict(80.0, REVIEW, "porn", (Segment(0.0, 1.0, 80.0, "porn", REVIEW, 0),))
    assert judged(seen, labels=["vulgar"]) == Verdict(0.0, PASS)


def test_widened_sampling_still_merges() -> None:
    """Media so long that frames are further apart than asked for are judged by the distance there is."""
    duration = MAX_FRAMES * 4.0
    taken = [ReviewFrame(t, "") for t in sample_times(duration, 1.0)]
    verdict = judge(taken, [porn(90)] * len(taken), Thresholds(), 1.0, duration)
    assert verdict.segments == (Segment(0.0, duration, 90, "porn", BLOCK, 0),)


_findings = st.lists(
    st.builds(Finding, st.sampled_from(LABELS), st.floats(min_value=0, max_value=100)), min_size=0, max_size=4
)


@given(st.lists(st.none() | _findings, min_size=1, max_size=40).filter(lambda seen: seen != [None] * len(seen)))
def test_nothing_suspicious_is_lost(seen: list[FrameFindings]) -> None:
    """Every suspicious finding lies in a segment of its label that is no milder, and every segment has its evidence."""
    verdict, thresholds = judged(*seen, interval=0.5), Thresholds()
    suspicious = [
        (n * 0.5, f) for n, found in enumerate(seen) for f in found or () if thresholds.decide(f.confidence) != PASS
    ]
    for time, finding in suspicious:
        assert any(
            s.start <= time < s.end and s.label == finding.label and s.confidence >= finding.confidence
            for s in verdict.segments
        )
    for segment in verdict.segments:
        evidence = seen[segment.frame]
        assert evidence is not None
        assert any((f.label, f.confidence) == (segment.label, segment.confidence) for f in evidence)
        assert segment.suggestion is thresholds.decide(segment.confidence)
    assert (verdict.suggestion is PASS) == (not suspicious)
    assert verdict.confidence == max((f.confidence for found in seen for f in found or ()), default=0.0)
    assert verdict.unreadable == seen.count(None)
