"""What demuxing and decoding find in a file or playlist."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer
from PIL import Image

from openvod.adapters.ffmpeg.encoder import ffmpeg_path


@dataclass(frozen=True)
class Rendition:
    """What demuxing and decoding a file or playlist of ours found.

    ``frames`` are the times of all pictures in seconds, ``keys`` the places of key frames among them; ``audio_rate`` in
    Hz; ``bytes`` those of the packets; ``pixels`` is the pixel format; ``begins`` the container's first time stamp.
    """

    container: str
    codec: str = ""
    tag: str = ""
    width: int = 0
    height: int = 0
    rotation: int = 0
    pixels: str = ""
    transfer: int = 0
    frames: tuple[float, ...] = ()
    keys: tuple[int, ...] = ()
    video_bytes: int = 0
    audio: str = ""
    audio_rate: int = 0
    channels: int = 0
    audio_seconds: float = 0.0
    audio_bytes: int = 0
    begins: float = 0.0

    @property
    def fps(self) -> float:
        """Mean pictures per second."""
        span = self.frames[-1] - self.frames[0] if len(self.frames) > 1 else 0.0
        return (len(self.frames) - 1) / span if span else 0.0

    @property
    def seconds(self) -> float:
        """How long there are pictures, or sound where there are none."""
        if not self.frames:
            return self.audio_seconds
        return self.frames[-1] - self.frames[0] + (1 / self.fps if self.fps else 0.0)

    @property
    def kbps(self) -> float:
        """Mean bitrate of the picture."""
        return self.video_bytes * 8 / 1000 / max(self.seconds, 0.001)

    @property
    def audio_kbps(self) -> float:
        """Mean bitrate of the sound."""
        return self.audio_bytes * 8 / 1000 / max(self.audio_seconds, 0.001)

    @property
    def gop(self) -> int:
        """The longest distance of key frames, in frames; the end counts as one."""
        return max((end - key for key, end in pairwise((*self.keys, len(self.frames)))), default=0)

    @property
    def key_times(self) -> list[float]:
        """When key frames come, from the first picture on."""
        return [round(self.frames[key] - self.frames[0], 3) for key in self.keys]


def examined(address: Path | str) -> Rendition:
    """Demux and decode a file or an HTTP address, one video and one audio stream; damage raises."""
    with av.open(str(address)) as film:
        found = replace(_streams(film), begins=(film.start_time or 0) / 1_000_000)
        video = film.streams.video[0] if film.streams.video else None
        audio = film.streams.audio[0] if film.streams.audio else None
        if video:
            video.thread_type = "AUTO"
        pictures: list[tuple[float, bool]] = []
        sizes = {"video": 0, "audio": 0}
        samples, rotation = 0, 0
        for packet in film.demux([stream for stream in (video, audio) if stream]):
            sizes[packet.stream.type] += packet.size
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    rotation = int(-frame.rotation) % 360
                    pictures.append((float(frame.time or 0), frame.key_frame))
                elif isinstance(frame, av.AudioFrame):
                    samples += frame.samples
    return replace(
        found, rotation=rotation, frames=tuple(time for time, _ in pictures),
        keys=tuple(place for place, (_, key) in enumerate(pictures) if key),
        video_bytes=sizes["video"], audio_bytes=sizes["audio"],
        audio_seconds=samples / found.audio_rate if found.audio_rate else 0.0,
    )  # fmt: skip


def _streams(film: InputContainer) -> Rendition:
    found = Rendition(film.format.name)
    if film.streams.video:
        context = film.streams.video[0].codec_context
        found = replace(
            found, codec=context.codec.canonical_name, tag=context.codec_tag.strip("\0"), width=context.width,
            height=context.height, pixels=str(context.pix_fmt), transfer=int(context.color_trc or 0),
        )  # fmt: skip
    if film.streams.audio:
        sound = film.streams.audio[0].codec_context
        found = replace(found, audio=sound.codec.canonical_name, audio_rate=sound.sample_rate, channels=sound.channels)
    return found


def picture_at(path: Path, seconds: float) -> Image.Image:
    """Return the picture that is shown at a moment, counted from the first picture."""
    with av.open(str(path)) as film:
        first: float | None = None
        shown: av.VideoFrame | None = None
        for frame in film.decode(video=0):
            moment = float(frame.time or 0)
            first = moment if first is None else first
            if shown is not None and moment - first > seconds + 0.001:
                break
            shown = frame
        assert shown is not None
        picture: Image.Image = shown.to_image()  # type: ignore[no-untyped-call]  # PyAV has no types here
        return picture


def begins_with_key_frame(path: Path) -> bool:
    """Tell whether decoding can begin at the first picture of a segment."""
    with av.open(str(path)) as film:
        stream = film.streams[0]
        return next(packet for packet in film.demux(stream) if packet.size).is_keyframe


def plays(address: str) -> None:
    """Decode every stream of a file or an HTTP address with FFmpeg, playlists and keys included; damage is told."""
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-xerror", "-i", address, "-map", "0", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    words = done.stderr[-1000:].decode("utf-8", "replace")
    assert done.returncode == 0, words
    assert not words, words
