"""The new kind of review: a task of its own, which looks at whatever it is asked and finds a reviewer for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from openvod.base.wire import Wire
from openvod.kinds.kind import ReviewKind, ReviewSettings
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.frames import frames_job
from openvod.kinds.plan.model import Encoder, Item, Job, Lookup, Source
from openvod.kinds.plan.video import find
from openvod.kinds.templates import TemplateFamily, preset
from openvod.review.codec import REVIEW_SEGMENTS, review_document, review_output

ReviewLabel = Annotated[
    Literal["Porn", "Terror", "Polity", "Illegal", "Abuse", "Ad", "Moan"],
    # A sample of the original says Ads (5.1).
    BeforeValidator(lambda value: "Ad" if value == "Ads" else value),
]


class ReviewAudioVideoInput(Wire):
    """The new kind of review; it is a task of its own."""

    definition: int = 10
    review_contents: tuple[Literal["Media", "Cover"], ...] = ("Media",)


class ReviewTemplate(Wire):
    """The new kind of review: the labels to look for."""

    labels: tuple[ReviewLabel, ...] = Field(min_length=1)


TEMPLATE = TemplateFamily(
    TemplateKind.REVIEW, ReviewTemplate, noun="ReviewTemplate", quota=50, full="LimitExceeded",
    presets=(preset(TemplateKind.REVIEW, 10, ReviewTemplate(labels=("Porn", "Terror", "Polity", "Moan"))),),
)  # fmt: skip


def _plan(item: Item, source: Source, lookup: Lookup, _: Encoder) -> Job:
    find(lookup, TemplateKind.REVIEW, item.input.definition)
    return frames_job(item, source, None)


def _settings(template: Any | None) -> ReviewSettings:
    return ReviewSettings(labels=template.labels if template else ("Porn",))


KIND = ReviewKind(
    name="ReviewAudioVideo",
    input=ReviewAudioVideoInput,
    result="",
    template=TEMPLATE,
    plan=_plan,
    folder="frames",
    trial=None,
    topics=("Porn", "Terror", "Polity"),
    settings=_settings,
    segments=REVIEW_SEGMENTS,
    output=review_output,
    document=review_document,
)
