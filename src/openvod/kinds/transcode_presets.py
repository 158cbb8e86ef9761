"""Preset templates of transcodes; ids and figures of ``procedures-and-api.md`` 4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from openvod.kinds.names import TemplateKind
from openvod.kinds.streams import (
    AudioTemplate,
    Container,
    TehdConfig,
    TranscodeTemplate,
    VideoCodec,
    VideoTemplate,
    aac,
    by_height,
)
from openvod.kinds.templates import Template

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
_FAMILIES: tuple[tuple[int, VideoCodec, Container, str], ...] = (
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


def _transcode(definition: int, name: str, body: TranscodeTemplate) -> Template:
    return Template(TemplateKind.TRANSCODE, definition, body, name=name, preset=True)


def _current() -> Iterator[Template]:
    for base, codec, container, family in _FAMILIES:
        for label, height, bitrate, audio, number, hevc_bitrate in _LEVELS:
            kbps = hevc_bitrate if codec == "libx265" else bitrate
            if kbps:
                body = TranscodeTemplate(
                    container=container,
                    video_template=by_height(codec, height, kbps, _CURRENT_FPS),
                    audio_template=aac(audio),
                )
                yield _transcode(base + number, f"STD-{family}-{label}", body)


def _legacy() -> Iterator[Template]:
    for ids, width, bitrate in _LEGACY_H264:
        video = VideoTemplate(
            codec="libx264", fps=24, bitrate=bitrate, width=width, resolution_adaptive="close", gop=_LEGACY_GOP
        )
        yield from _in_containers(ids, video, f"H264-{width}W", flv_audio="libmp3lame")
    for ids, height, bitrate, fps in _LEGACY_LARGE:
        yield from _in_containers(ids, by_height("libx264", height, bitrate, fps, _LEGACY_GOP), f"H264-{height}P",
                                  flv_audio="libmp3lame")  # fmt: skip
    for ids, height, bitrate, fps in _LEGACY_H265:
        yield from _in_containers(ids, by_height("libx265", height, bitrate, fps, _LEGACY_GOP), f"H265-{height}P")


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
            container="mp4", video_template=video, audio_template=aac(audio), tehd_config=TehdConfig(type="TEHD-100")
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


def transcode_presets() -> Iterator[Template]:
    """Yield the current presets, then legacy ones, audio, perceptual encoding and remuxes."""
    yield from _current()
    yield from _legacy()
    yield from _audio()
    yield from _perceptual()
    yield from _remux()
