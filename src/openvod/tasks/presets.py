"""Preset templates and procedures; ids and figures of ``procedures-and-api.md`` 3.4 and 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from openvod.tasks.model import (
    AdaptiveInput,
    CoverBySnapshotInput,
    ImageSpriteInput,
    MediaProcessTask,
    Procedure,
)
from openvod.tasks.templates import (
    AdaptiveTemplate,
    AnimatedGraphicsTemplate,
    AudioTemplate,
    ContentReviewTemplate,
    ImageSpriteTemplate,
    ReviewSwitch,
    ReviewTemplate,
    SampleSnapshotTemplate,
    SnapshotTemplate,
    StreamInfo,
    TehdConfig,
    Template,
    TemplateKind,
    TopicReview,
    TranscodeTemplate,
    VideoTemplate,
)

Container = Literal["mp4", "flv", "hls", "mp3", "flac", "ogg", "m4a", "wav"]
Codec = Literal["libx264", "libx265", "av1", "copy"]

_CURRENT_FPS = 25
#: name, height, video kbit/s, audio kbit/s, number within the family, kbit/s as H.265 (0 = no such preset).
_LEVELS = (
    ("360P", 360, 400, 64, 10, 300),
    ("540P", 540, 1000, 64, 20, 800),
    ("720P", 720, 1800, 128, 30, 1500),
    ("1080P", 1080, 2500, 128, 40, 0),
    ("2K", 1440, 3000, 160, 70, 0),
    ("4K", 2160, 6000, 160, 80, 0),
)
_FAMILIES: tuple[tuple[int, Codec, Container, str], ...] = (
    (100_000, "libx264", "mp4", "H264-MP4"),
    (100_200, "libx264", "hls", "H264-HLS"),
    (101_000, "libx265", "mp4", "H265-MP4"),
    (101_200, "libx265", "hls", "H265-HLS"),
)
#: id, width, kbit/s of the legacy H.264 presets: MP4, HLS, FLV.
_LEGACY_H264 = (
    ((10, 210, 10_046), 320, 256),
    ((20, 220, 10_047), 640, 512),
    ((30, 230, 10_048), 1280, 1024),
    ((40, 240, 10_049), 1920, 2500),
)
#: ids, height, kbit/s, frames per second (0 = as the source).
_LEGACY_LARGE = (((70, 270, 370), 1440, 3072, 30), ((80, 280, 380), 2160, 6144, 30))
_LEGACY_H265 = (
    ((510, 610, 710), 240, 250, 15),
    ((520, 620, 720), 480, 600, 24),
    ((530, 630, 730), 720, 800, 25),
    ((540, 640, 740), 1080, 1400, 30),
    ((570, 670, 770), 1440, 2048, 0),
    ((580, 680, 780), 2160, 4096, 0),
)
_LEGACY_CONTAINERS: tuple[Container, ...] = ("mp4", "hls", "flv")
_LEGACY_GOP = 240
_TEHD = ((100_800, 0, 128), (100_810, 360, 64), (100_820, 540, 64), (100_830, 720, 128), (100_840, 1080, 128))
_M4A = ((1100, 24), (1110, 48), (1120, 96), (1130, 192), (1140, 256))
_MP3 = ((1010, 128), (1020, 320))
#: height and kbit/s of the rungs of adaptive 10, 12 and 20 (720p: 1024, see 12).
_LADDER = ((240, 256), (480, 512), (720, 1024), (1080, 1024), (1440, 3072), (2160, 6144))
_LADDER_FPS = 24


def _by_height(codec: Codec, height: int, bitrate: int, fps: int, gop: int = 0) -> VideoTemplate:
    return VideoTemplate(
        codec=codec, fps=fps, bitrate=bitrate, height=height, gop=gop,
        codec_tag="hvc1" if codec == "libx265" else "",
    )  # fmt: skip


def _aac(bitrate: int) -> AudioTemplate:
    return AudioTemplate(codec="libfdk_aac", bitrate=bitrate, sample_rate=44_100, audio_channel=2)


def _transcode(definition: int, name: str, body: TranscodeTemplate) -> Template:
    return Template(TemplateKind.TRANSCODE, definition, body, name=name, preset=True)


def _current() -> Iterator[Template]:
    for base, codec, container, family in _FAMILIES:
        for label, height, bitrate, audio, number, hevc_bitrate in _LEVELS:
            kbps = hevc_bitrate if codec == "libx265" else bitrate
            if kbps:
                body = TranscodeTemplate(
                    container=container,
                    video_template=_by_height(codec, height, kbps, _CURRENT_FPS),
                    audio_template=_aac(audio),
                )
                yield _transcode(base + number, f"STD-{family}-{label}", body)


def _legacy() -> Iterator[Template]:
    for ids, width, bitrate in _LEGACY_H264:
        video = VideoTemplate(
            codec="libx264", fps=24, bitrate=bitrate, width=width, resolution_adaptive="close", gop=_LEGACY_GOP
        )
        yield from _in_containers(ids, video, f"H264-{width}W", flv_audio="libmp3lame")
    for ids, height, bitrate, fps in _LEGACY_LARGE:
        yield from _in_containers(ids, _by_height("libx264", height, bitrate, fps, _LEGACY_GOP), f"H264-{height}P",
                                  flv_audio="libmp3lame")  # fmt: skip
    for ids, height, bitrate, fps in _LEGACY_H265:
        yield from _in_containers(ids, _by_height("libx265", height, bitrate, fps, _LEGACY_GOP), f"H265-{height}P")


def _in_containers(
    ids: tuple[int, ...],
    video: VideoTemplate,
    label: str,
    flv_audio: Literal["libfdk_aac", "libmp3lame"] = "libfdk_aac",
) -> Iterator[Template]:
    for definition, container in zip(ids, _LEGACY_CONTAINERS, strict=True):
        codec = flv_audio if container == "flv" else "libfdk_aac"
        audio = AudioTemplate(codec=codec, bitrate=48, sample_rate=44_100, audio_channel=2)
        body = TranscodeTemplate(container=container, video_template=video, audio_template=audio)
        yield _transcode(definition, f"{label}-{container.upper()}", body)


def _audio() -> Iterator[Template]:
    for definition, bitrate in _M4A:
        yield _transcode(definition, f"M4A-{bitrate}K", _audio_only("m4a", "libfdk_aac", bitrate))
    for definition, bitrate in _MP3:
        yield _transcode(definition, f"MP3-{bitrate}K", _audio_only("mp3", "libmp3lame", bitrate))


def _audio_only(container: Container, codec: Literal["libfdk_aac", "libmp3lame"], bitrate: int) -> TranscodeTemplate:
    audio = AudioTemplate(codec=codec, bitrate=bitrate, sample_rate=44_100, audio_channel=2)
    return TranscodeTemplate(container=container, remove_video=1, audio_template=audio)


def _perceptual() -> Iterator[Template]:
    for definition, height, audio in _TEHD:
        video = VideoTemplate(codec="libx264", height=height)
        body = TranscodeTemplate(
            container="mp4", video_template=video, audio_template=_aac(audio), tehd_config=TehdConfig(type="TEHD-100")
        )
        yield _transcode(definition, f"TESHD-H264-MP4-{f'{height}P' if height else 'SAME'}", body)


def _remux() -> Iterator[Template]:
    containers: tuple[tuple[int, Container], ...] = ((875, "mp4"), (876, "hls"))
    for definition, container in containers:
        body = TranscodeTemplate(
            container=container,
            video_template=VideoTemplate(codec="copy"),
            audio_template=AudioTemplate(codec="copy", sample_rate=0, audio_channel=0),
        )
        yield _transcode(definition, f"REMUX-{container.upper()}", body)


def _ladder() -> tuple[StreamInfo, ...]:
    return tuple(
        StreamInfo(video=_by_height("libx264", height, bitrate, _LADDER_FPS), audio=_aac(48))
        for height, bitrate in _LADDER
    )


def _adaptive() -> Iterator[Template]:
    rungs = _ladder()
    bodies: tuple[tuple[int, str, AdaptiveTemplate], ...] = (
        (10, "Adaptive-HLS", AdaptiveTemplate(format="HLS", stream_infos=rungs, disable_higher_video_resolution=1)),
        (12, "Adaptive-HLS-SimpleAES", AdaptiveTemplate(format="HLS", stream_infos=rungs, drm_type="SimpleAES",
                                                        disable_higher_video_resolution=1)),
        (20, "Adaptive-MPEG-DASH", AdaptiveTemplate(format="MPEG-DASH", stream_infos=rungs)),
    )  # fmt: skip
    for definition, name, body in bodies:
        yield Template(TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, definition, body, name=name, preset=True)


def _pictures() -> Iterator[Template]:
    bodies: tuple[tuple[TemplateKind, int, Any], ...] = (
        (TemplateKind.SNAPSHOT_BY_TIME_OFFSET, 10, SnapshotTemplate(fill_type="stretch")),
        (TemplateKind.SAMPLE_SNAPSHOT, 10, SampleSnapshotTemplate(sample_type="Percent", sample_interval=10)),
        (TemplateKind.IMAGE_SPRITE, 10, ImageSpriteTemplate(
            sample_type="Time", sample_interval=10, row_count=10, column_count=10, width=142, height=80,
            resolution_adaptive="close")),
        (TemplateKind.ANIMATED_GRAPHICS, 20_000, AnimatedGraphicsTemplate(fps=2, format="gif")),
        (TemplateKind.ANIMATED_GRAPHICS, 20_001, AnimatedGraphicsTemplate(fps=2, format="webp")),
    )  # fmt: skip
    for kind, definition, body in bodies:
        yield Template(kind, definition, body, name=f"{kind.value}-{definition}", preset=True)


def _reviews() -> Iterator[Template]:
    on = ReviewSwitch(switch="ON")
    pictures, everything = (
        TopicReview(img_review_info=on),
        TopicReview(img_review_info=on, asr_review_info=on, ocr_review_info=on),
    )
    for definition, topic in ((10, pictures), (20, everything)):
        body = ContentReviewTemplate(porn_configure=topic, terrorism_configure=topic, political_configure=topic)
        yield Template(TemplateKind.CONTENT_REVIEW, definition, body, name=f"ContentReview-{definition}", preset=True)
    review = ReviewTemplate(labels=("Porn", "Terror", "Polity", "Moan"))
    yield Template(TemplateKind.REVIEW, 10, review, name="Review-10", preset=True)


def _all() -> Iterator[Template]:
    yield from _current()
    yield from _legacy()
    yield from _audio()
    yield from _perceptual()
    yield from _remux()
    yield from _adaptive()
    yield from _pictures()
    yield from _reviews()


PRESETS: Mapping[tuple[TemplateKind, int], Template] = {(t.kind, t.definition): t for t in _all()}


def _long_video(name: str, adaptive: int) -> Procedure:
    return Procedure(
        name=name,
        media_process_task=MediaProcessTask(
            adaptive_dynamic_streaming_task_set=(AdaptiveInput(definition=adaptive),),
            image_sprite_task_set=(ImageSpriteInput(definition=10),),
            cover_by_snapshot_task_set=(CoverBySnapshotInput(definition=10, position_type="Time", position_value=0),),
        ),
    )


PRESET_PROCEDURES: Mapping[str, Procedure] = {
    "LongVideoPreset": _long_video("LongVideoPreset", 10),
    "SimpleAesEncryptPreset": _long_video("SimpleAesEncryptPreset", 12),
}
