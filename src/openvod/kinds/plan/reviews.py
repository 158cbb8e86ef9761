"""Plans of reviews: which frames are looked at."""

from __future__ import annotations

from openvod.kinds.plan.geometry import fit
from openvod.kinds.plan.graph import Output, Picture, build_command
from openvod.kinds.plan.model import Item, Job, Lookup, Share, Source, WorkClass
from openvod.kinds.plan.video import find
from openvod.review.model import Thresholds, legacy_interval, sample_times, sampling_interval
from openvod.tasks.model import Failure, SubTaskKind
from openvod.tasks.templates import ContentReviewTemplate, ReviewSwitch, TemplateKind, TopicReview

#: Long side of the frames that a reviewer sees; models look at smaller pictures still.
_REVIEW_SIDE = 640
_TOPICS: dict[SubTaskKind, tuple[str, str]] = {
    SubTaskKind.PORN: ("porn_configure", "img_review_info"),
    SubTaskKind.TERRORISM: ("terrorism_configure", "img_review_info"),
    SubTaskKind.POLITICAL: ("political_configure", "img_review_info"),
    SubTaskKind.PORN_ASR: ("porn_configure", "asr_review_info"),
    SubTaskKind.POLITICAL_ASR: ("political_configure", "asr_review_info"),
    SubTaskKind.PORN_OCR: ("porn_configure", "ocr_review_info"),
    SubTaskKind.POLITICAL_OCR: ("political_configure", "ocr_review_info"),
}


def review_kinds(template: ContentReviewTemplate, *, porn_only: bool) -> list[SubTaskKind]:
    """Return the sub-tasks that a template of the old kind asks for."""
    return [kind for kind in _TOPICS if _switch(template, kind).switch == "ON" and (
        not porn_only or kind is SubTaskKind.PORN)]  # fmt: skip


def thresholds_of(template: ContentReviewTemplate, kind: SubTaskKind) -> Thresholds:
    """Return a topic's thresholds."""
    switch = _switch(template, kind)
    if switch.review_confidence is None:
        return Thresholds(block=float(switch.block_confidence))
    return Thresholds(float(switch.block_confidence), float(switch.review_confidence))


def _switch(template: ContentReviewTemplate, kind: SubTaskKind) -> ReviewSwitch:
    topic, form = _TOPICS[kind]
    topic_review: TopicReview = getattr(template, topic)
    switch: ReviewSwitch = getattr(topic_review, form)
    return switch


def plan_review(item: Item, source: Source, lookup: Lookup, *, installed: frozenset[SubTaskKind]) -> Job:
    """Plan the frames of one review; a topic without a reviewer fails and says so."""
    if item.kind not in installed:
        raise Failure(
            "InvalidInput.ConfigurationUnsupported",
            f"no reviewer is installed for {item.kind.value}; nothing was looked at",
        )
    source.require_video()
    interval = _interval(item, source, lookup)
    count = len(sample_times(source.picture_duration, interval))
    interval = sampling_interval(source.picture_duration, interval)
    frame = fit((source.width, source.height), _REVIEW_SIDE, 0, adaptive=True)
    picture = Picture(frame, every=interval, count=count, pixel_format="yuvj420p")
    name = f"{item.number}/frames/%06d.jpg"
    options = ("-fps_mode", "passthrough", "-f", "image2", "-start_number", "0", "-c:v", "mjpeg", "-q:v", "3", name)
    key_frames = source.require_video().key_frame_seconds
    sparse = ("-skip_frame", "nokey") if 0 < key_frames <= interval else ()
    command, assets = build_command(source, [Output((picture,), False, options)], input_options=sparse)
    share = Share(item.number, item.kind, item.input.definition, {"interval": interval, "count": count})
    return Job(f"review-{item.number}", WorkClass.REVIEW, (share,), (command,), assets)


def _interval(item: Item, source: Source, lookup: Lookup) -> float:
    if item.kind is SubTaskKind.REVIEW_AUDIO_VIDEO:
        find(lookup, TemplateKind.REVIEW, item.input.definition)
        return legacy_interval(source.picture_duration)
    template: ContentReviewTemplate = find(lookup, TemplateKind.CONTENT_REVIEW, item.input.definition)
    return template.screenshot_interval or legacy_interval(source.picture_duration)
