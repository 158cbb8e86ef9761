"""Whether browsers can play a file, judged by its probe result; and which outputs they can play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from openvod.kinds.players import NOTHING, ForPlayers
from openvod.kinds.probe import ProbeResult
from openvod.kinds.registry import MEDIA_KINDS, SubTaskKind
from openvod.media.model import MediaAsset, MediaOutput

_MP4, _WEBM, _OGG = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "ogg"
#: By the container's name (FFmpeg's): codecs of pictures and of sound that current Chromium and Firefox play in it.
_PLAYED: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    _MP4: (frozenset({"h264", "vp9", "av1"}), frozenset({"aac", "mp3", "opus", "flac"})),
    _WEBM: (frozenset({"vp8", "vp9", "av1"}), frozenset({"vorbis", "opus"})),
    _OGG: (frozenset(), frozenset({"vorbis", "opus", "flac"})),
    "mp3": (frozenset(), frozenset({"mp3"})),
    "wav": (frozenset(), frozenset({"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"})),
    "flac": (frozenset(), frozenset({"flac"})),
    "aac": (frozenset(), frozenset({"aac"})),
}
_PIXELS = frozenset({"", "yuv420p", "yuvj420p", "nv12"})


class HindranceKind(StrEnum):
    """Why browsers cannot play the original file."""

    ENCRYPTED = "encrypted"
    CONTAINER = "container"
    VIDEO_CODEC = "video_codec"
    PIXEL_FORMAT = "pixel_format"
    AUDIO_CODEC = "audio_codec"


@dataclass(frozen=True)
class Hindrance:
    """What keeps browsers from playing a file; ``name`` is the container's or codec's, empty where there is none."""

    kind: HindranceKind
    name: str = ""


def hindrance(probe: ProbeResult) -> Hindrance | None:
    """Return what keeps browsers from playing a file as it was uploaded, ``None`` when they play it."""
    if probe.encrypted:
        return Hindrance(HindranceKind.ENCRYPTED)
    played = _PLAYED.get(probe.container)
    if played is None:
        return Hindrance(HindranceKind.CONTAINER, probe.container.partition(",")[0])
    pictures, sounds = played
    for video in probe.video_streams[:1]:
        if video.codec not in pictures:
            return Hindrance(HindranceKind.VIDEO_CODEC, video.codec)
        if video.codec == "h264" and video.pixel_format not in _PIXELS:
            return Hindrance(HindranceKind.PIXEL_FORMAT, video.pixel_format)
    if probe.heard and probe.heard.codec not in sounds:
        return Hindrance(HindranceKind.AUDIO_CODEC, probe.heard.codec)
    return None


def for_players(output: MediaOutput, category: str) -> ForPlayers:
    """Return what players can use of a result of a file of ``category``; nothing of a review."""
    declared = MEDIA_KINDS.get(SubTaskKind(output.kind))
    return declared.for_players(output.output, category) if declared else NOTHING


def plays_processed(asset: MediaAsset, outputs: Sequence[MediaOutput]) -> bool:
    """Return whether any processing output of a file is playable."""
    return any(for_players(each, asset.category).stream for each in outputs)
