"""Templates of encoded streams: of transcodes, and of the rungs of an adaptive stream."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from openvod.base.wire import Wire
from openvod.kinds.fields import Bitrate, FillType, Flag, Side, Switch, Toggle, zero_or

Container = Literal["mp4", "flv", "hls", "mp3", "flac", "ogg", "m4a", "wav"]
VideoCodec = Literal["libx264", "libx265", "av1", "copy"]


class VideoTemplate(Wire):
    """How to encode video. Bitrates in kbit/s, 0 = by quality; ``vcrf`` above 0 outranks ``bitrate``."""

    codec: VideoCodec
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
    bitrate: Annotated[int, zero_or(24, 512)] = 0
    sample_rate: Literal[0, 16_000, 22_050, 32_000, 44_100, 48_000] = 44_100
    audio_channel: Literal[0, 1, 2, 6] = 2


class TehdConfig(Wire):
    """Perceptual encoding: quality decides, ``max_video_bitrate`` (kbit/s, 0 = none) bounds."""

    type: Literal["TEHD-100", "OFF"] = "OFF"
    max_video_bitrate: int = Field(0, ge=0)


class TranscodeTemplate(Wire):
    """A transcode's target."""

    not_offered = ("EnhanceConfig", "StdExtInfo")

    container: Container
    remove_video: Flag = 0
    remove_audio: Flag = 0
    video_template: VideoTemplate | None = None
    audio_template: AudioTemplate | None = None
    tehd_config: TehdConfig = Field(TehdConfig(), alias="TEHDConfig")
    segment_type: Literal["", "ts", "fmp4"] = ""

    @model_validator(mode="after")
    def _has_a_stream(self) -> TranscodeTemplate:
        if self.remove_video and self.remove_audio:
            raise ValueError("RemoveVideo and RemoveAudio remove every stream; set one of them to 0")
        if self.video_template is None and self.audio_template is None:
            raise ValueError("VideoTemplate or AudioTemplate is required")
        return self

    @property
    def audio_only(self) -> bool:
        """True when no picture is kept."""
        return bool(self.remove_video) or self.container in AUDIO_CONTAINERS or self.video_template is None


AUDIO_CONTAINERS = frozenset({"mp3", "flac", "ogg", "m4a", "wav"})


def by_height(codec: VideoCodec, height: int, bitrate: int, fps: int, gop: int = 0) -> VideoTemplate:
    """Return a video stream of a height in pixels at a bitrate in kbit/s; ``fps`` and ``gop`` 0 = as the source."""
    return VideoTemplate(
        codec=codec, fps=fps, bitrate=bitrate, height=height, gop=gop,
        codec_tag="hvc1" if codec == "libx265" else "",
    )  # fmt: skip


def aac(bitrate: int) -> AudioTemplate:
    """Return an AAC stereo stream at a bitrate in kbit/s."""
    return AudioTemplate(codec="libfdk_aac", bitrate=bitrate, sample_rate=44_100, audio_channel=2)
