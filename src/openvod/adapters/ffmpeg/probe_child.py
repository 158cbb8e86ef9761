"""The child of a probe: limits first, then the media library, then one JSON object on standard output."""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
import sys
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from openvod.adapters import confinement
from openvod.adapters.ffmpeg.codec_strings import audio_codec_string, video_codec_string

if TYPE_CHECKING:
    from av.container import InputContainer

_MEMORY_BYTES = 1024**3
#: No decoder allocates a larger picture. 8K film has 33 million pixels, the largest phone photograph 200 million.
_MAX_PIXELS = 220_000_000
#: Most index entries that are read: ten hours at 60 frames per second have two million.
_MAX_SAMPLES = 5_000_000
#: Seconds spent reading a file whose header has no duration.
_MEASURE_SECONDS = 5.0
#: Containers whose streams have no lengths of their own; those of files up to this size are found by reading.
_SHARED_ENDS = frozenset({"flv", "asf"})
_MEASURED_BYTES = 64 * 1024 * 1024
_OPEN_FILES = 64
_NICE = 5
#: A base rate above this is the clock of the container, not a rhythm of pictures.
_MAX_RATE = 120
#: Container readers that look at one file only; playlists (hls, dash, concat) would open others.
_FORMATS = (
    "mov,matroska,webm,flv,avi,asf,mpeg,mpegts,mxf,rm,ogg,mp3,aac,flac,wav,amr,amrnb,amrwb,m4v,h264,hevc,gif,"
    "image2,png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,ac3,eac3,dv,nut,caf,aiff,ape,w64,mpegvideo"
)
_IMAGES = frozenset({"png_pipe", "jpeg_pipe", "bmp_pipe", "tiff_pipe", "webp_pipe", "image2", "gif"})
#: Pictures in an ISO container, which shares its reader with MP4.
_STILL_BRANDS = frozenset({"avif", "heic", "heix", "mif1", "heim"})
#: Demuxers that report the header's duration, which counts from zero even when the first picture is later.
_FAR_AWAY = 10**15  # microseconds
_UNRELIABLE = frozenset({"matroska,webm"})
#: What a film has as its first video track when that is its cover: single pictures by these codecs.
_STILL_CODECS = frozenset({"mjpeg", "png", "bmp", "gif", "webp"})
#: Sound decoders are given so many packets before the first that is heard.
_PRIMING_PACKETS = 4
_DEFAULT_STREAM = 0x1
_INTERLACED = frozenset({"TT", "BB", "TB", "BT", 2, 3, 4, 5})
_HDR = {16: "hdr10", 18: "hlg"}  # colour transfer characteristics, ITU-T H.273


def main() -> None:
    """Probe standard input."""
    confinement.limit(memory=_MEMORY_BYTES, file_size=0, open_files=_OPEN_FILES, cpu_seconds=int(sys.argv[1]))
    confinement.step_back(_NICE)
    import av

    try:
        answer = _probe()
    except (av.error.FFmpegError, ValueError) as error:
        # Only errors of the file; any other error ends the child without an answer.
        answer = {"error": (getattr(error, "strerror", None) or str(error))[:200]}
    json.dump(answer, sys.stdout)


def _probe() -> dict[str, Any]:
    import av

    av.logging.set_level(av.logging.PANIC)
    options = {
        "format_whitelist": _FORMATS, "protocol_whitelist": "file,pipe,fd", "max_streams": "100",
        "max_pixels": str(_MAX_PIXELS),
    }  # fmt: skip
    with open(0, "rb", closefd=False) as source, av.open(source, "r", options=options) as container:
        return _described(container, os.fstat(0).st_size)


def _described(container: InputContainer, size: int) -> dict[str, Any]:
    # A stream without a decoder has no codec context, one that never showed a picture no size.
    videos = [s for s in container.streams.video if s.codec_context and s.width and s.height]
    videos = [s for s in videos if not s.disposition.value & 0x400]  # attached pictures are covers
    audios = [s for s in container.streams.audio if s.codec_context]
    if any(len(s.index_entries) > _MAX_SAMPLES for s in [*videos, *audios]):
        raise ValueError("the file claims more samples than any film has")
    if not videos and not audios:
        raise ValueError("the file has neither a video nor an audio stream")
    still = container.format.name in _IMAGES or container.metadata.get("major_brand", "").strip() in _STILL_BRANDS
    encrypted = any(_is_encrypted(container, s) for s in [*videos[:1], *audios[:1]])
    trusted = bool(container.duration) and container.format.name not in _UNRELIABLE
    shared = container.format.name in _SHARED_ENDS and bool(videos and audios) and size <= _MEASURED_BYTES
    ends = _measured_ends(container, whole=trusted) if not still and (shared or not trusted) else {}
    # A cover that nothing marks as one comes last, and its size is not the film's.
    films = [s for s in videos if not _is_cover(s, ends)]
    videos = films + [s for s in videos if s not in films]
    films = films or videos
    rotate, mirrored = (0, False) if encrypted else _orientation(container, videos)
    duration = _seconds(container.duration, Fraction(1, 1_000_000))
    if ends and not trusted:
        duration = max(ends.values())
    seconds = {s.index: ends.get(s.index) or _seconds(s.duration, s.time_base) for s in [*videos, *audios]}
    video_duration = max((seconds[s.index] or duration for s in videos), default=0.0)
    audio_duration = max((seconds[s.index] or duration for s in audios), default=0.0)
    duration = duration or max(video_duration, audio_duration)
    image = still and duration < 0.1
    return {
        "size": size,
        "container": container.format.name,
        "bitrate": int(container.bit_rate or 0) or (int(size * 8 / duration) if duration else 0),
        "width": max((s.width for s in films), default=0),
        "height": max((s.height for s in films), default=0),
        "duration": round(duration, 3),
        "rotate": rotate,
        "video_duration": round(video_duration, 3),
        "audio_duration": round(audio_duration, 3),
        "category": "Image" if image else ("Video" if videos else "Audio"),
        "video_streams": [
            _video(s) | {"mirrored": mirrored and place == 0, "seconds": round(seconds[s.index], 3)}
            for place, s in enumerate(videos)
        ],
        "audio_streams": [_audio(s) for s in audios],
        "encrypted": encrypted,
    }


def _seconds(ticks: int | None, time_base: Fraction | None) -> float:
    return float(ticks * time_base) if ticks and time_base and ticks > 0 else 0.0


def _is_encrypted(container: InputContainer, stream: Any) -> bool:
    """Common encryption: the container's reader says so beside each packet."""
    try:
        packet = next(container.demux(stream))
        return any(data.data_type == "encryption_info" for data in packet.iter_sidedata())
    except Exception:
        return False
    finally:
        with contextlib.suppress(Exception):
            container.seek(0)


def _rates(stream: Any, *, interlaced: bool) -> tuple[float, float]:
    """Return the mean of frames per second, and the rate at which they come where something moves.

    A recording of a screen pauses for minutes; made at its mean rate, what moves would stutter.
    """
    base = float(stream.base_rate or 0)
    told = [float(r) for r in (stream.average_rate, stream.guessed_rate) if r and r < 1000]
    # AVI may count in ticks of which most show nothing; then the distance of pictures is the one to believe.
    if told and told[0] > _MAX_RATE >= base > 0:
        told = [base]
    mean = told[0] if told else 0.0
    moving = base if mean and not interlaced and mean * 1.2 < base <= _MAX_RATE else mean
    return mean, moving


def _video(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    interlaced = context.field_order in _INTERLACED if hasattr(context, "field_order") else False
    mean, moving = _rates(stream, interlaced=interlaced)
    return {
        "bitrate": int(stream.bit_rate or 0),
        "height": stream.height,
        "width": stream.width,
        "codec": _codec(context),
        "fps": round(mean),
        "codec_tag": context.codec_tag.strip("\x00") if _codec(context) == "hevc" else "",
        "dynamic_range": _HDR.get(int(context.color_trc or 0), ""),
        "index": stream.index,
        "frame_rate": round(moving, 6),
        "pixel_format": str(context.pix_fmt or ""),
        "pixel_aspect": _pixel_aspect(stream, context),
        "interlaced": interlaced,
        **_key_frames(stream),
        "hidden": any(entry.is_discard for entry in stream.index_entries),
        "codec_string": video_codec_string(_codec(context), bytes(context.extradata or b"")),
    }


def _pixel_aspect(stream: Any, context: Any) -> float:
    ratio = stream.sample_aspect_ratio or context.sample_aspect_ratio
    return round(float(ratio), 6) if ratio and 0.1 <= float(ratio) <= 10 else 1.0


def _key_frames(stream: Any) -> dict[str, float]:
    """Distances of key frames by the container's index, for as long as it has one; unknown is 0."""
    entries = stream.index_entries
    times = [entry.timestamp for entry in entries if entry.is_keyframe] if stream.time_base else []
    if len(entries) < 2 or not times:
        return {"key_frame_seconds": 0.0, "key_frame_grid": 0.0}
    end = times[0] + (stream.duration or 0)
    gaps = [b - a for a, b in zip(times, [*times[1:], max(end, times[-1])], strict=True)]
    # An index by decoding time: where the file's first picture is shown at its beginning, so are key frames on time.
    regular = len(set(gaps[:-1])) == 1 and gaps[-1] <= gaps[0] and not stream.start_time
    return {
        "key_frame_seconds": round(float(max(gaps) * stream.time_base), 3),
        "key_frame_grid": round(float(gaps[0] * stream.time_base), 6) if regular else 0.0,
    }


def _audio(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    return {
        "bitrate": int(stream.bit_rate or 0),
        "sampling_rate": context.sample_rate or 0,
        "codec": _codec(context),
        "index": stream.index,
        "channels": context.channels or 0,
        "profile": str(context.profile or ""),
        "codec_string": audio_codec_string(_codec(context), str(context.profile or "")),
        "default": bool(stream.disposition.value & _DEFAULT_STREAM),
        "hidden": sum(entry.is_discard for entry in stream.index_entries) > _PRIMING_PACKETS,
    }


def _codec(context: Any) -> str:
    """The codec's own name, not that of the decoder in use (``mp3``, not ``mp3float``)."""
    return str(context.codec.canonical_name)


def _is_cover(stream: Any, ends: dict[int, float]) -> bool:
    """Whether a track is one picture of a codec for pictures, although nothing marks it as a cover."""
    if _codec(stream.codec_context) not in _STILL_CODECS:
        return False
    rate = float(stream.average_rate or 0) or 1.0
    seconds = ends.get(stream.index) or _seconds(stream.duration, stream.time_base)
    return stream.frames == 1 or len(stream.index_entries) == 1 or 0 < seconds <= 1.5 / rate


def _orientation(container: InputContainer, videos: list[Any]) -> tuple[int, bool]:
    """Read turn and mirror from the first frame, the one place where every container's matrix ends up."""
    if not videos or videos[0].width * videos[0].height > _MAX_PIXELS:
        return 0, False
    videos[0].codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
    try:
        with contextlib.suppress(Exception):
            container.seek(0)
        for frame in container.decode(videos[0]):
            return _turn(next((bytes(d) for d in frame.side_data if d.type.name == "DISPLAYMATRIX"), b""))
    except Exception:
        return 0, False
    return 0, False


def _turn(matrix: bytes) -> tuple[int, bool]:
    """Return degrees clockwise of a display matrix and whether it mirrors; a mirror is no turn, and is undone first."""
    if len(matrix) < 36:
        return 0, False
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, c = -a, -c
    return round(math.degrees(math.atan2(b, a))) % 360, mirrored


def _measured_ends(container: InputContainer, *, whole: bool) -> dict[int, float]:
    """Return when each stream ends, in seconds from the file's beginning; nothing when finding out takes too long."""
    deadline, ends = time.monotonic() + _MEASURE_SECONDS, dict[int, float]()
    start = (container.start_time or 0) / 1_000_000
    try:
        # To the last key frame that the index knows, or nowhere.
        container.seek(0 if whole else _FAR_AWAY)
        for packet in container.demux():
            if packet.pts is not None and packet.time_base:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base) - start
                ends[packet.stream_index] = max(ends.get(packet.stream_index, 0.0), end)
            if time.monotonic() > deadline:
                return {}
    except Exception:
        return {}
    finally:
        with contextlib.suppress(Exception):
            container.seek(0)
    return ends


if __name__ == "__main__":
    main()
