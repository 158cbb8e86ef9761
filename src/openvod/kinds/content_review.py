"""Content reviews of the old API: one kind for each topic in pictures, speech and on-screen text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from openvod.base.wire import Wire
from openvod.kinds.fields import Switch
from openvod.kinds.kind import ReviewKind, ReviewSettings
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.frames import frames_job
from openvod.kinds.plan.model import Encoder, Item, Job, Lookup, Source
from openvod.kinds.plan.video import find
from openvod.kinds.templates import TemplateFamily, preset
from openvod.review.codec import CONTENT_REVIEW_SEGMENTS, content_review_document, content_review_output
from openvod.review.model import Thresholds


class ReviewInput(Wire):
    """A review, analysis or recognition, by the id of its template."""

    definition: int


class ReviewSwitch(Wire):
    """Whether one form of a topic is looked at, and where its thresholds lie (0–100)."""

    switch: Switch = "OFF"
    label_set: tuple[str, ...] = ()
    block_confidence: int = Field(90, ge=0, le=100)
    review_confidence: int | None = Field(None, ge=0, le=100)


class TopicReview(Wire):
    """A topic in pictures, speech and on-screen text."""

    img_review_info: ReviewSwitch = ReviewSwitch()
    asr_review_info: ReviewSwitch = ReviewSwitch()
    ocr_review_info: ReviewSwitch = ReviewSwitch()


class ContentReviewTemplate(Wire):
    """The old kind of review; ``screenshot_interval`` in seconds, ``None`` = by the duration (3.3).

    ``review_wall_switch``: whether what looks suspicious goes into the review queue.
    """

    not_offered = ("ProhibitedConfigure", "UserDefineConfigure")

    review_wall_switch: Switch = "ON"
    screenshot_interval: float | None = Field(None, ge=0.5)
    porn_configure: TopicReview = TopicReview()
    terrorism_configure: TopicReview = TopicReview()
    political_configure: TopicReview = TopicReview()


_ON = ReviewSwitch(switch="ON")
_PICTURES = TopicReview(img_review_info=_ON)
_EVERYTHING = TopicReview(img_review_info=_ON, asr_review_info=_ON, ocr_review_info=_ON)


def _all_topics(topic: TopicReview) -> ContentReviewTemplate:
    return ContentReviewTemplate(porn_configure=topic, terrorism_configure=topic, political_configure=topic)


TEMPLATE = TemplateFamily(
    TemplateKind.CONTENT_REVIEW, ContentReviewTemplate, noun="ContentReviewTemplate", quota=50, full="LimitExceeded",
    presets=(
        preset(TemplateKind.CONTENT_REVIEW, 10, _all_topics(_PICTURES)),
        preset(TemplateKind.CONTENT_REVIEW, 20, _all_topics(_EVERYTHING)),
    ),
)  # fmt: skip

#: Returns the switch of one topic in one form.
_SwitchOf = Callable[[ContentReviewTemplate], ReviewSwitch]


def _plan(item: Item, source: Source, lookup: Lookup, _: Encoder) -> Job:
    template: ContentReviewTemplate = find(lookup, TemplateKind.CONTENT_REVIEW, item.input.definition)
    return frames_job(item, source, template.screenshot_interval)


def _thresholds(switch: ReviewSwitch) -> Thresholds:
    if switch.review_confidence is None:
        return Thresholds(block=float(switch.block_confidence))
    return Thresholds(float(switch.block_confidence), float(switch.review_confidence))


_SWITCHES: dict[str, _SwitchOf] = {
    "Porn": lambda template: template.porn_configure.img_review_info,
    "Terrorism": lambda template: template.terrorism_configure.img_review_info,
    "Political": lambda template: template.political_configure.img_review_info,
    "Porn.Asr": lambda template: template.porn_configure.asr_review_info,
    "Political.Asr": lambda template: template.political_configure.asr_review_info,
    "Porn.Ocr": lambda template: template.porn_configure.ocr_review_info,
    "Political.Ocr": lambda template: template.political_configure.ocr_review_info,
}


def _kind(name: str, result: str, topics: tuple[str, ...], *, trial: bool = False) -> ReviewKind:
    def settings(template: Any | None) -> ReviewSettings:
        if template is None:
            return ReviewSettings()
        return ReviewSettings(_thresholds(_SWITCHES[name](template)), queued=template.review_wall_switch == "ON")

    return ReviewKind(
        name=name,
        input=ReviewInput,
        result=result,
        template=TEMPLATE,
        plan=_plan,
        folder="frames",
        trial={} if trial else None,
        topics=topics,
        settings=settings,
        segments=CONTENT_REVIEW_SEGMENTS,
        output=content_review_output,
        document=content_review_document,
    )


PORN = _kind("Porn", "PornTask", ("Porn",), trial=True)
TERRORISM = _kind("Terrorism", "TerrorismTask", ("Terror",))
POLITICAL = _kind("Political", "PoliticalTask", ("Polity",))
#: No reviewer exists for speech and on-screen text: their sub-tasks fail.
PORN_ASR = _kind("Porn.Asr", "PornAsrTask", ())
POLITICAL_ASR = _kind("Political.Asr", "PoliticalAsrTask", ())
PORN_OCR = _kind("Porn.Ocr", "PornOcrTask", ())
POLITICAL_OCR = _kind("Political.Ocr", "PoliticalOcrTask", ())


def asked_reviews(template: ContentReviewTemplate, *, porn_only: bool) -> list[str]:
    """Return the names of the kinds that a template enables; with ``porn_only``, at most porn in pictures."""
    asked = [name for name, switch_of in _SWITCHES.items() if switch_of(template).switch == "ON"]
    return [name for name in asked if not porn_only or name == PORN.name]
