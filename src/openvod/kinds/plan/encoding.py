"""Encoding of streams, and the conditions for copying them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openvod.kinds.failure import Failure
from openvod.kinds.plan.geometry import Frame
from openvod.kinds.plan.model import Encoder, Source
from openvod.kinds.probe import AudioStream, VideoStream
from openvod.kinds.streams import AudioTemplate, TehdConfig, TranscodeTemplate, VideoTemplate

_VIDEO_CODECS = {"libx264": "h264", "libx265": "hevc", "av1": "av1"}
#: FFmpeg's AAC encoder replaces libfdk_aac, whose licence forbids its distribution.
_AUDIO_ENCODERS = {
    "libfdk_aac": "aac",
    "aac": "aac",
    "libmp3lame": "libmp3lame",
    "flac": "flac",
    "libopus": "libopus",
    "vorbis": "libvorbis",
    "ac3": "ac3",
    "pcm16": "pcm_s16le",
}
_AUDIO_CODECS = {"libfdk_aac": "aac", "aac": "aac", "libmp3lame": "mp3", "flac": "flac", "libopus": "opus",
                 "vorbis": "vorbis", "ac3": "ac3", "pcm16": "pcm_s16le"}  # fmt: skip
#: Codecs of a container; players fail on others even where the muxer accepts them.
_CONTAINER_VIDEO = {"mp4": {"h264", "hevc", "av1"}, "hls": {"h264", "hevc", "av1"}, "flv": {"h264", "hevc"}}
_CONTAINER_AUDIO = {
    "mp4": {"aac", "mp3", "ac3", "opus", "flac"},
    "hls": {"aac", "mp3", "ac3"},
    "flv": {"aac", "mp3"},
    "m4a": {"aac"},
    "mp3": {"mp3"},
    "flac": {"flac"},
    "ogg": {"flac", "opus", "vorbis"},
    "wav": {"pcm_s16le"},
}
#: Containers with a presentation time per packet. For others FFmpeg guesses, and muxers refuse guesses.
_TIMED = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "flv", "mpegts"})
#: Containers that carry a display matrix.
_TURNED = frozenset({"mp4"})
_FLV_MP3_RATES = (11_025, 22_050, 44_100)
#: Broadcast or unindexed streams: their audio may be damaged, or its timestamps may jump.
_UNSAFE_TO_COPY = frozenset({"mpegts", "mpeg", "aac", "avi", "mp3"})
#: A stream is copied when its bitrate is not much above the target.
_COPY_BITRATE = 1.15
_COPY_GOP_SECONDS = 10.0
_DEFAULT_CRF = {"libx264": 23, "libx265": 26, "av1": 34}
_FALLBACK_FPS = 25.0


@dataclass(frozen=True)
class VideoEncoding:
    """Options of one video stream. ``bitrate`` in kbit/s; ``crf`` above 0 outranks it; ``copy`` passes packets on."""

    codec: str
    fps: float = 0.0
    bitrate: int = 0
    crf: int = 0
    gop: int = 0
    max_bitrate: int = 0
    profile: str = ""
    tag: str = ""
    bframes: int | None = None
    hdr: str = ""
    copy: bool = False

    @property
    def pixel_format(self) -> str:
        """8 bits, or 10 when HDR is kept."""
        return "yuv420p10le" if self.hdr else "yuv420p"


@dataclass(frozen=True)
class AudioEncoding:
    """Options of one audio stream. ``bitrate`` in kbit/s, ``channels`` 0 = as the source."""

    encoder: str
    bitrate: int = 0
    sample_rate: int = 0
    channels: int = 0
    copy: bool = False


def carries_video(container: str, source: Source) -> bool:
    """Return whether copied packets look the same in ``container``: same pictures, times and rotation.

    An edit list that hides frames, rotation, mirroring, guessed timestamps and a long last picture are stored outside
    the packets, and copying loses them.
    """
    video = source.require_video()
    turned = bool(source.probe.rotate or video.mirrored)
    timed = source.probe.container in _TIMED
    return timed and not video.hidden and not source.held and (not turned or container in _TURNED)


def carries_audio(container: str, source: Source) -> bool:
    """Return whether copied audio packets sound the same in ``container``."""
    sound = source.audio
    if sound is None or sound.hidden:
        return False
    return container != "flv" or sound.codec != "mp3" or sound.sampling_rate in _FLV_MP3_RATES


def remuxed(template: TranscodeTemplate, source: Source, *, copyable: bool) -> TranscodeTemplate:
    """Return the template with encoding in place of each copy that would lose something."""
    video, audio, container = template.video_template, template.audio_template, template.container
    if video and video.codec == "copy" and source.video and not (copyable and carries_video(container, source)):
        video = VideoTemplate(codec="libx264")
    if audio and audio.codec == "copy" and source.audio and not (copyable and carries_audio(container, source)):
        audio = AudioTemplate(codec="aac", bitrate=128)
    return template.model_copy(update={"video_template": video, "audio_template": audio})


def check_container(container: str, video: VideoTemplate | None, audio: AudioTemplate | None, source: Source) -> None:
    """Refuse a codec that the container cannot hold (``InvalidInput.ConfigurationUnsupported``)."""
    if video:
        codec = source.require_video().codec if video.codec == "copy" else _VIDEO_CODECS[video.codec]
        if codec not in _CONTAINER_VIDEO.get(container, set()):
            raise _unsupported(container, codec)
    if audio and source.audio:
        codec = source.audio.codec if audio.codec == "copy" else _AUDIO_CODECS[audio.codec]
        if codec not in _CONTAINER_AUDIO[container]:
            raise _unsupported(container, codec)


def _unsupported(container: str, codec: str) -> Failure:
    message = f"container {container} cannot hold {codec}; choose another container or codec"
    return Failure("InvalidInput.ConfigurationUnsupported", message)


def video_encoding(
    template: VideoTemplate, source: Source, frame: Frame, *, tehd: TehdConfig | None = None, copyable: bool = True
) -> VideoEncoding:
    """Decide how to encode a video stream; a source that already fits is copied when ``copyable``.

    A template that copies was checked by :func:`remuxed`.
    """
    stream = source.require_video()
    fps = target_fps(template.fps, stream)
    hdr = stream.dynamic_range if template.preserve_hdr_switch == "ON" and template.codec == "libx265" else ""
    if template.codec == "copy":
        return VideoEncoding("copy", copy=True, tag="hvc1" if stream.codec == "hevc" else "")
    perceptual = tehd is not None and tehd.type != "OFF"
    encoding = VideoEncoding(
        codec=template.codec,
        fps=fps,
        bitrate=0 if perceptual else template.bitrate,
        crf=template.vcrf,
        gop=_gop_frames(template, fps or stream.frame_rate),
        max_bitrate=tehd.max_video_bitrate if perceptual and tehd else 0,
        profile=template.video_profile.replace("default", ""),
        tag=template.codec_tag or ("hvc1" if template.codec == "libx265" else ""),
        bframes=template.bframes,
        hdr=hdr,
    )
    if copyable and not perceptual and fits(stream, source, template, frame, encoding):
        return replace(encoding, copy=True)
    return encoding


def fits(stream: VideoStream, source: Source, template: VideoTemplate, frame: Frame, encoding: VideoEncoding) -> bool:
    """Return whether the source's stream already meets the template."""
    bitrate = stream.bitrate or source.probe.bitrate
    return (
        carries_video("", source)
        and stream.codec == _VIDEO_CODECS.get(template.codec)
        and stream.pixel_format == "yuv420p"
        and not stream.dynamic_range
        and not stream.interlaced
        and stream.pixel_aspect == 1.0
        and (stream.width, stream.height) == (frame.width, frame.height)
        and not frame.filled
        and template.vcrf == 0
        and 0 < bitrate <= template.bitrate * 1000 * _COPY_BITRATE
        and (not template.fps or 0 < stream.frame_rate <= template.fps * 1.26)
        and 0 < stream.key_frame_seconds <= _COPY_GOP_SECONDS
    )


def target_fps(wanted: int, stream: VideoStream) -> float:
    """Return frames per second: the template's, never above the source's; 0 keeps the source's times."""
    if not wanted:
        return 0.0
    return min(float(wanted), stream.frame_rate) if stream.frame_rate >= 1 else float(wanted)


def steady_fps(fps: float, stream: VideoStream) -> float:
    """Return the frame rate for outputs that need one when the template names none."""
    rate = fps or stream.frame_rate or _FALLBACK_FPS
    return min(rate, 120.0) if rate >= 1 else _FALLBACK_FPS


def _gop_frames(template: VideoTemplate, fps: float) -> int:
    if template.gop and template.gop_unit == "second":
        return max(1, round(template.gop * (fps or _FALLBACK_FPS)))
    return template.gop


def audio_encoding(template: AudioTemplate, source: Source, *, copyable: bool = True) -> AudioEncoding | None:
    """Decide how to encode an audio stream; None when the source has none."""
    stream = source.audio
    if stream is None:
        return None
    if template.codec == "copy":
        return AudioEncoding("copy", copy=True)
    encoding = AudioEncoding(
        _AUDIO_ENCODERS[template.codec], template.bitrate, template.sample_rate, template.audio_channel
    )
    safe = source.probe.container not in _UNSAFE_TO_COPY and carries_audio("", source)
    if copyable and safe and _audio_fits(stream, template):
        return replace(encoding, copy=True)
    return encoding


def _audio_fits(stream: AudioStream, template: AudioTemplate) -> bool:
    return (
        stream.codec == "aac" == _AUDIO_CODECS[template.codec]
        and stream.profile in ("LC", "")
        and 0 < stream.bitrate <= template.bitrate * 1000 * _COPY_BITRATE
        and stream.sampling_rate == template.sample_rate
        and stream.channels in (template.audio_channel, 1)
    )


def video_arguments(encoding: VideoEncoding, encoder: Encoder, specifier: str = "v") -> list[str]:
    """Return FFmpeg's options for one video stream."""
    if encoding.copy:
        tag = [f"-tag:{specifier}", encoding.tag] if encoding.tag else []
        return [f"-c:{specifier}", "copy", *tag]
    library = {"av1": "libsvtav1"}.get(encoding.codec, encoding.codec)
    options = [f"-c:{specifier}", library, *_speed(encoding, encoder, specifier), *_rate(encoding, specifier)]
    if encoding.gop:
        options += [f"-g:{specifier}", str(encoding.gop)]
    if encoding.bframes is not None and encoding.codec != "av1":
        options += [f"-bf:{specifier}", str(encoding.bframes)]
    if encoding.codec == "libx264":
        options += [f"-profile:{specifier}", encoding.profile or "high"]
    if encoding.tag and encoding.codec == "libx265":
        options += [f"-tag:{specifier}", encoding.tag]
    return options


def _speed(encoding: VideoEncoding, encoder: Encoder, specifier: str) -> list[str]:
    if encoding.codec == "av1":
        return [f"-preset:{specifier}", "10"]
    preset = "superfast" if encoder.thrifty else encoder.preset
    if encoding.codec == "libx265":
        colours = _hdr_parameters(encoding.hdr)
        quiet = ["log-level=error", "pools=1"] if encoder.thrifty else ["log-level=error"]
        return [f"-preset:{specifier}", preset, f"-x265-params:{specifier}", ":".join(quiet + colours)]
    thrift = [f"-threads:{specifier}", "1", f"-x264-params:{specifier}", "rc-lookahead=8"] if encoder.thrifty else []
    return [f"-preset:{specifier}", preset, *thrift]


def _hdr_parameters(hdr: str) -> list[str]:
    if not hdr:
        return []
    transfer = {"hdr10": "smpte2084", "hlg": "arib-std-b67"}[hdr]
    common = ["colorprim=bt2020", f"transfer={transfer}", "colormatrix=bt2020nc", "range=limited"]
    return [*common, "hdr10-opt=1"] if hdr == "hdr10" else common


def _rate(encoding: VideoEncoding, specifier: str) -> list[str]:
    """Return rate control: quality with an optional ceiling, or bitrate with a bounded peak."""
    if encoding.crf or not encoding.bitrate:
        options = [f"-crf:{specifier}", str(encoding.crf or _DEFAULT_CRF[encoding.codec])]
        if encoding.max_bitrate:
            options += [f"-maxrate:{specifier}", f"{encoding.max_bitrate}k",
                        f"-bufsize:{specifier}", f"{encoding.max_bitrate * 2}k"]  # fmt: skip
        return options
    if encoding.codec == "av1":
        return [f"-b:{specifier}", f"{encoding.bitrate}k"]
    return [
        f"-b:{specifier}", f"{encoding.bitrate}k",
        f"-maxrate:{specifier}", f"{encoding.bitrate * 3 // 2}k",
        f"-bufsize:{specifier}", f"{encoding.bitrate * 2}k",
    ]  # fmt: skip


def audio_arguments(encoding: AudioEncoding, specifier: str = "a") -> list[str]:
    """Return FFmpeg's options for one audio stream."""
    if encoding.copy:
        return [f"-c:{specifier}", "copy"]
    options = [f"-c:{specifier}", encoding.encoder]
    if encoding.bitrate and encoding.encoder not in ("flac", "pcm_s16le"):
        options += [f"-b:{specifier}", f"{encoding.bitrate}k"]
    if encoding.sample_rate and encoding.encoder != "libopus":
        options += [f"-ar:{specifier}", str(encoding.sample_rate)]
    if encoding.channels:
        options += [f"-ac:{specifier}", str(encoding.channels)]
    return options
