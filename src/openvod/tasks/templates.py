"""Templates of every kind as values; member names and ranges are the wire's (``procedures-and-api.md`` 5.1).

A template's ``definition`` is its id. Presets have fixed ids (:mod:`openvod.tasks.presets`), custom ones start at
:data:`FIRST_CUSTOM_DEFINITION` and are counted per application and kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator

from openvod.base.errors import Invalid
from openvod.base.wire import Wire, merged, read_wire
from openvod.tasks.kinds import TemplateKind as TemplateKind

FIRST_CUSTOM_DEFINITION = 1_000_000
_LENGTH = re.compile(r"\d{1,5}(\.\d{1,4})?(px|%)")
_SVG_LENGTH = re.compile(r"\d{1,5}(\.\d{1,4})?(px|[WHSL]?%)")
_COLOR = re.compile(r"0x[0-9a-fA-F]{6}")


def _zero_or(low: int, high: int) -> AfterValidator:
    def check(value: int) -> int:
        if value and not low <= value <= high:
            raise ValueError(f"must be 0 or lie between {low} and {high}")
        return value

    return AfterValidator(check)


def _matching(pattern: re.Pattern[str], example: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"must look like {example}")
        return value

    return AfterValidator(check)


def _upper_camel(value: object) -> object:
    """The product answers ``topLeft`` where it asks for ``TopLeft``; both are taken (5.1)."""
    return value[:1].upper() + value[1:] if isinstance(value, str) else value


Bitrate = Annotated[int, _zero_or(128, 100_000)]
Side = Annotated[int, _zero_or(32, 8192)]
Switch = Literal["ON", "OFF"]
Toggle = Literal["open", "close"]
FillType = Literal["stretch", "black", "white", "gauss"]
Flag = Literal[0, 1]
Length = Annotated[str, _matching(_LENGTH, "10% or 100px")]
SvgLength = Annotated[str, _matching(_SVG_LENGTH, "10%, 10W%, 10S% or 100px")]
Corner = Annotated[Literal["TopLeft", "TopRight", "BottomLeft", "BottomRight"], BeforeValidator(_upper_camel)]
ImageFormat = Literal["jpg", "png", "webp"]
ReviewLabel = Annotated[
    Literal["Porn", "Terror", "Polity", "Illegal", "Abuse", "Ad", "Moan"],
    # A sample of the original says Ads (5.1).
    BeforeValidator(lambda value: "Ad" if value == "Ads" else value),
]


class VideoTemplate(Wire):
    """How to encode video. Bitrates in kbit/s, 0 = by quality; ``vcrf`` above 0 outranks ``bitrate``."""

    codec: Literal["libx264", "libx265", "av1", "copy"]
    fps: int = Field(0, ge=0, le=100)
    bitrate: Bitrate = 0
    resolution_adaptive: Toggle = "open"
    width: Side = 0
    height: Side = 0
    fill_type: FillType = "black"
    vcrf: int = Field(0, ge=0, le=51)
    gop: int = Field(0, ge=0, le=100_000)
    gop_unit: Literal["frame", "second"] = "frame"
    preserve_hdr_switch: Switch = Field("OFF", alias="PreserveHDRSwitch")
    codec_tag: Literal["", "hvc1", "hev1"] = ""
    mode: Literal["", "VBR", "ABR", "CBR", "VCRF"] = ""
    bframes: int | None = Field(None, ge=0, le=16)
    hls_time: float = Field(0, ge=0, le=10)
    video_profile: Literal["", "baseline", "main", "high", "default"] = ""


class AudioTemplate(Wire):
    """How to encode audio. ``bitrate`` in kbit/s, 0 = by the codec; ``audio_channel`` 0 = as the source."""

    not_offered = ("StreamSelects",)

    codec: Literal["libfdk_aac", "aac", "libmp3lame", "flac", "libopus", "vorbis", "ac3", "pcm16", "copy"]
    bitrate: Annotated[int, _zero_or(24, 512)] = 0
    sample_rate: Literal[0, 16_000, 22_050, 32_000, 44_100, 48_000] = 44_100
    audio_channel: Literal[0, 1, 2, 6] = 2


class TehdConfig(Wire):
    """Perceptual encoding: quality decides, ``max_video_bitrate`` (kbit/s, 0 = none) bounds."""

    type: Literal["TEHD-100", "OFF"] = "OFF"
    max_video_bitrate: int = Field(0, ge=0)


class TranscodeTemplate(Wire):
    """A transcode's target."""

    not_offered = ("EnhanceConfig", "StdExtInfo")

    container: Literal["mp4", "flv", "hls", "mp3", "flac", "ogg", "m4a", "wav"]
    remove_video: Flag = 0
    remove_audio: Flag = 0
    video_template: VideoTemplate | None = None
    audio_template: AudioTemplate | None = None
    tehd_config: TehdConfig = Field(TehdConfig(), alias="TEHDConfig")
    segment_type: Literal["", "ts", "fmp4"] = ""

    @model_validator(mode="after")
    def _has_a_stream(self) -> TranscodeTemplate:
        if self.remove_video and self.remove_audio:
            raise ValueError("RemoveVideo and RemoveAudio leave nothing")
        if self.video_template is None and self.audio_template is None:
            raise ValueError("VideoTemplate or AudioTemplate is required")
        return self

    @property
    def audio_only(self) -> bool:
        """True when no picture is kept."""
        return bool(self.remove_video) or self.container in AUDIO_CONTAINERS or self.video_template is None


AUDIO_CONTAINERS = frozenset({"mp3", "flac", "ogg", "m4a", "wav"})


class ImageTemplate(Wire):
    """A picture as watermark; ``image_key`` names the stored picture."""

    image_key: str
    width: Length = "10%"
    height: Length = "0px"
    repeat_type: Literal["once", "repeat_last_frame", "repeat"] = "repeat"
    transparency: int = Field(0, ge=0, le=100)


class TextTemplate(Wire):
    """A text as watermark; the text itself comes with the task."""

    font_type: Literal["simkai.ttf", "arial.ttf"]
    font_size: Annotated[str, _matching(re.compile(r"\d{1,3}px"), "16px")]
    font_color: Annotated[str, _matching(_COLOR, "0xFFFFFF")]
    font_alpha: float = Field(gt=0, le=1)


class SvgTemplate(Wire):
    """A vector picture as watermark; ``W H S L`` are width, height, short and long side."""

    not_offered = ("CycleConfig",)

    width: SvgLength = "10W%"
    height: SvgLength = "0px"


class WatermarkTemplate(Wire):
    """A watermark's kind and place: measured inwards from the corner (5.2)."""

    type: Literal["image", "text", "svg"]
    coordinate_origin: Corner = "TopLeft"
    x_pos: Length = "0px"
    y_pos: Length = "0px"
    image_template: ImageTemplate | None = None
    text_template: TextTemplate | None = None
    svg_template: SvgTemplate | None = None

    @model_validator(mode="after")
    def _describes_its_type(self) -> WatermarkTemplate:
        if getattr(self, f"{self.type}_template") is None:
            raise ValueError(f"{self.type.capitalize()}Template is required for Type {self.type}")
        return self


def _partial(model: type[Wire]) -> type[Wire]:
    """Return a model with the same members, none of which must be there, at any depth."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind: Any = next((_partial(each) for each in _models_in(field.annotation)), field.annotation)
        for limit in field.metadata:
            kind = Annotated[kind, limit]
        fields[name] = (kind | None, Field(None, alias=field.alias))
    made: type[Wire] = create_model(f"Partial{model.__name__}", __base__=Wire, **fields)
    made.not_offered = model.not_offered
    return made


def _models_in(annotation: Any) -> Iterator[type[Wire]]:
    if isinstance(annotation, type) and issubclass(annotation, Wire):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


#: What ``OverrideParameter`` may hold: members of a transcode template, each by itself.
PartialTranscode = _partial(TranscodeTemplate)


def checked_override(plain: dict[str, Any]) -> dict[str, Any]:
    """Return an ``OverrideParameter``; ``ValueError`` names the first wrong member."""
    try:
        read_wire(PartialTranscode, plain, "template.field")
    except Invalid as error:
        raise ValueError(error.message) from error
    return plain


class SnapshotTemplate(Wire):
    """A picture taken from a video (time-point snapshots and covers)."""

    width: Side = 0
    height: Side = 0
    resolution_adaptive: Toggle = "open"
    format: ImageFormat = "jpg"
    fill_type: FillType = "black"


class SampleSnapshotTemplate(SnapshotTemplate):
    """Pictures at a regular distance, in percent of the duration or in seconds; the first frame comes first."""

    sample_type: Literal["Percent", "Time"]
    sample_interval: int = Field(ge=1, le=100_000)


class ImageSpriteTemplate(Wire):
    """Small pictures tiled into large ones."""

    sample_type: Literal["Percent", "Time"]
    sample_interval: int = Field(ge=1, le=100_000)
    row_count: int = Field(ge=1, le=100)
    column_count: int = Field(ge=1, le=100)
    width: Side = 0
    height: Side = 0
    resolution_adaptive: Toggle = "open"
    fill_type: Literal["stretch", "black"] = "black"
    format: ImageFormat = "jpg"

    @model_validator(mode="after")
    def _fits_a_picture(self) -> ImageSpriteTemplate:
        if self.width * self.column_count > _SPRITE_SIDE or self.height * self.row_count > _SPRITE_SIDE:
            raise ValueError(f"the large picture would exceed {_SPRITE_SIDE} px per side")
        return self


_SPRITE_SIDE = 15_000


class AnimatedGraphicsTemplate(Wire):
    """A short animation."""

    fps: int = Field(ge=1, le=30)
    width: Side = 0
    height: Side = 0
    resolution_adaptive: Toggle = "open"
    format: Literal["gif", "webp"] = "gif"
    quality: int = Field(75, ge=1, le=100)


class StreamInfo(Wire):
    """One rung of a ladder."""

    not_offered = ("EnhanceConfig", "StdExtInfo", "TEHDConfig")

    video: VideoTemplate
    audio: AudioTemplate
    remove_audio: Flag = 0
    remove_video: Flag = 0


class AdaptiveTemplate(Wire):
    """An adaptive stream: a ladder of rungs that share frame rate and key frames."""

    not_offered = ("DrmEncryptType", "DrmKeyProvider")

    format: Literal["HLS", "MPEG-DASH"]
    stream_infos: tuple[StreamInfo, ...] = Field(min_length=1, max_length=10)
    drm_type: Literal["", "SimpleAES"] = ""
    disable_higher_video_bitrate: Flag = 0
    disable_higher_video_resolution: Flag = 0
    segment_type: Literal["", "ts", "mp4", "fmp4"] = ""
    segment_duration: int = Field(6, ge=1, le=10)


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


class ReviewTemplate(Wire):
    """The new kind of review: the labels to look for."""

    labels: tuple[ReviewLabel, ...] = Field(min_length=1)


class HeadTailTemplate(Wire):
    """Clips put before and after a video, named by ``FileId``; the one whose shape is nearest is taken."""

    head_candidate_set: tuple[str, ...] = Field((), max_length=6)
    tail_candidate_set: tuple[str, ...] = Field((), max_length=6)
    fill_type: FillType = "black"


TemplateBody = (
    TranscodeTemplate
    | WatermarkTemplate
    | SnapshotTemplate
    | SampleSnapshotTemplate
    | ImageSpriteTemplate
    | AnimatedGraphicsTemplate
    | AdaptiveTemplate
    | ContentReviewTemplate
    | ReviewTemplate
    | HeadTailTemplate
)

BODIES: Mapping[TemplateKind, type[Wire]] = {
    TemplateKind.TRANSCODE: TranscodeTemplate,
    TemplateKind.WATERMARK: WatermarkTemplate,
    TemplateKind.SNAPSHOT_BY_TIME_OFFSET: SnapshotTemplate,
    TemplateKind.SAMPLE_SNAPSHOT: SampleSnapshotTemplate,
    TemplateKind.IMAGE_SPRITE: ImageSpriteTemplate,
    TemplateKind.ANIMATED_GRAPHICS: AnimatedGraphicsTemplate,
    TemplateKind.ADAPTIVE_DYNAMIC_STREAMING: AdaptiveTemplate,
    TemplateKind.CONTENT_REVIEW: ContentReviewTemplate,
    TemplateKind.REVIEW: ReviewTemplate,
    TemplateKind.HEAD_TAIL: HeadTailTemplate,
}


@dataclass(frozen=True)
class Template:
    """A template with its id. Times are Unix seconds, 0 for presets."""

    kind: TemplateKind
    definition: int
    body: Any
    name: str = ""
    comment: str = ""
    preset: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0


def read_body(kind: TemplateKind, plain: Mapping[str, Any]) -> Any:
    """Return the body of a template from wire members; ``Invalid("template.field")`` names the wrong one."""
    return read_wire(BODIES[kind], plain, "template.field")


def changed_template(
    found: Template, changes: Mapping[str, Any], name: str | None, comment: str | None, now: float
) -> Template:
    """Return a template with wire members changed, nested ones member by member; ``None`` leaves a text as it is."""
    return replace(
        found,
        body=read_body(found.kind, merged(found.body.to_wire(), changes)),
        name=found.name if name is None else name,
        comment=found.comment if comment is None else comment,
        updated_at=now,
    )
