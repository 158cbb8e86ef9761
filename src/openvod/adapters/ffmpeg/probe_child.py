"""The child process of a probe: sets limits, imports the media library, prints one JSON object."""

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

from openvod.adapters.ffmpeg.codec_strings import audio_codec_string, video_codec_string
from openvod.adapters.sandbox import confinement
from openvod.adapters.sandbox.policy import read_arguments

if TYPE_CHECKING:
    from av.container import InputContainer

_MEMORY_BYTES = 1024**3
#: Largest picture that a decoder may allocate. 8K video has 33 million pixels, the largest phone photo 200 million.
_MAX_PIXELS = 220_000_000
#: Most index entries that are read: ten hours at 60 frames/s have two million.
_MAX_SAMPLES = 5_000_000
#: Most seconds to read packets of a file whose header has no duration.
_MEASURE_SECONDS = 5.0
#: Containers without a duration per stream; for files up to this size it is measured by reading packets.
_SHARED_ENDS = frozenset({"flv", "asf"})
_MEASURED_BYTES = 64 * 1024 * 1024
#: A base rate above this is the container's time base, not a frame rate.
_MAX_RATE = 120
#: Demuxers that read a single file; playlists (hls, dash, concat) would open others.
_FORMATS = (
    "mov,matroska,webm,flv,avi,asf,mpeg,mpegts,mxf,rm,ogg,mp3,aac,flac,wav,amr,amrnb,amrwb,m4v,h264,hevc,gif,"
    "image2,png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,ac3,eac3,dv,nut,caf,aiff,ape,w64,mpegvideo"
)
_IMAGES = frozenset({"png_pipe", "jpeg_pipe", "bmp_pipe", "tiff_pipe", "webp_pipe", "image2", "gif"})
#: Brands of still pictures in an ISO container, which has the same demuxer as MP4.
_STILL_BRANDS = frozenset({"avif", "heic", "heix", "mif1", "heim"})
#: Demuxers that report the header's duration, which counts from 0 even when the first frame is later.
_FAR_AWAY = 10**15  # microseconds
_UNRELIABLE = frozenset({"matroska,webm"})
#: Codecs of covers that are stored as a video track with a single frame.
_STILL_CODECS = frozenset({"mjpeg", "png", "bmp", "gif", "webp"})
#: Most priming packets of an audio decoder, which an edit list skips.
_PRIMING_PACKETS = 4
_DEFAULT_STREAM = 0x1
_INTERLACED = frozenset({"TT", "BB", "TB", "BT", 2, 3, 4, 5})
_HDR = {16: "hdr10", 18: "hlg"}  # colour transfer characteristics, ITU-T H.273


def main() -> None:
    """Probe standard input. Arguments: CPU seconds, the parent's process id, the policy of the sandbox."""
    confinement.confine_reader(*read_arguments(sys.argv[1:]), memory=_MEMORY_BYTES)
    import av

    try:
        answer = _probe()
    except (av.error.FFmpegError, ValueError) as error:
        # Only errors of the file; any other error ends the child without a result.
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
    # A stream without a decoder has no codec context; one without a decoded frame has no size.
    videos = [s for s in container.streams.video if s.codec_context and s.width and s.height]
    videos = [s for s in videos if not s.disposition.value & 0x400]  # attached pictures are covers
    audios = [s for s in container.streams.audio if s.codec_context]
    if any(len(s.index_entries) > _MAX_SAMPLES for s in [*videos, *audios]):
        raise ValueError("the file's index has more samples than any real video")
    if not videos and not audios:
        raise ValueError("the file has neither a video nor an audio stream")
    still = container.format.name in _IMAGES or container.metadata.get("major_brand", "").strip() in _STILL_BRANDS
    encrypted = any(_is_encrypted(container, s) for s in [*videos[:1], *audios[:1]])
    trusted = bool(container.duration) and container.format.name not in _UNRELIABLE
    shared = container.format.name in _SHARED_ENDS and bool(videos and audios) and size <= _MEASURED_BYTES
    ends = _measured_ends(container, whole=trusted) if not still and (shared or not trusted) else {}
    # Unmarked covers come last, and their size is ignored.
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
    """Return whether a stream has common encryption, which the demuxer reports as side data of packets."""
    try:
        packet = next(container.demux(stream))
        return any(data.data_type == "encryption_info" for data in packet.iter_sidedata())
    except Exception:
        return False
    finally:
        with contextlib.suppress(Exception):
            container.seek(0)


def _rates(stream: Any, *, interlaced: bool) -> tuple[float, float]:
    """Return the mean frame rate, and the frame rate during motion.

    Screen recordings pause for minutes; encoded at the mean rate, motion would stutter.
    """
    base = float(stream.base_rate or 0)
    rates = [float(r) for r in (stream.average_rate, stream.guessed_rate) if r and r < 1000]
    # AVI may have a time base with more ticks than frames; then use the interval between frames.
    if rates and rates[0] > _MAX_RATE >= base > 0:
        rates = [base]
    mean = rates[0] if rates else 0.0
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
    """Return the intervals between key frames from the container's index; 0 without one."""
    entries = stream.index_entries
    times = [entry.timestamp for entry in entries if entry.is_keyframe] if stream.time_base else []
    if len(entries) < 2 or not times:
        return {"key_frame_seconds": 0.0, "key_frame_grid": 0.0}
    end = times[0] + (stream.duration or 0)
    gaps = [b - a for a, b in zip(times, [*times[1:], max(end, times[-1])], strict=True)]
    # The index has decoding times. When the first frame is shown at 0, they equal presentation times at key frames.
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
    """Return the codec's name, not its decoder's (``mp3``, not ``mp3float``)."""
    return str(context.codec.canonical_name)


def _is_cover(stream: Any, ends: dict[int, float]) -> bool:
    """Return whether a track has a single frame of a still-picture codec: a cover that is not marked as one."""
    if _codec(stream.codec_context) not in _STILL_CODECS:
        return False
    rate = float(stream.average_rate or 0) or 1.0
    seconds = ends.get(stream.index) or _seconds(stream.duration, stream.time_base)
    return stream.frames == 1 or len(stream.index_entries) == 1 or 0 < seconds <= 1.5 / rate


def _orientation(container: InputContainer, videos: list[Any]) -> tuple[int, bool]:
    """Return rotation and mirroring from the first frame, which has the display matrix of every container."""
    if not videos or videos[0].width * videos[0].height > _MAX_PIXELS:
        return 0, False
    videos[0].codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
    try:
        with contextlib.suppress(Exception):
            container.seek(0)
        for frame in container.decode(videos[0]):
            return _rotation(next((bytes(d) for d in frame.side_data if d.type.name == "DISPLAYMATRIX"), b""))
    except Exception:
        return 0, False
    return 0, False


def _rotation(matrix: bytes) -> tuple[int, bool]:
    """Return a display matrix's rotation in degrees clockwise, after undoing mirroring, and whether it mirrors."""
    if len(matrix) < 36:
        return 0, False
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, c = -a, -c
    return round(math.degrees(math.atan2(b, a))) % 360, mirrored


def _measured_ends(container: InputContainer, *, whole: bool) -> dict[int, float]:
    """Return each stream's end, in seconds from the file's beginning; empty when measuring takes too long."""
    deadline, ends = time.monotonic() + _MEASURE_SECONDS, dict[int, float]()
    start = (container.start_time or 0) / 1_000_000
    try:
        # Seeks to the last key frame of the index, or not at all.
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
