"""Renditions judged by decoding them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer

from support.corpus.case import Corner, Output

_BRIGHT = 200
_DARK = 60
_HDR_TRANSFERS = (16, 18)  # ITU-T H.273: SMPTE ST 2084 and ARIB STD-B67
_CORNERS: tuple[tuple[Corner, int, int], ...] = (
    ("top left", 1, 1), ("top right", 7, 1), ("bottom left", 1, 7), ("bottom right", 7, 7)
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What decoding every packet of a rendition found; sizes as displayed, ``bright`` the one corner that is white."""

    width: int = 0
    height: int = 0
    rotate: int = 0
    codec: str = ""
    pixels: str = ""
    hdr: bool = False
    bright: Corner = ""
    video_seconds: float = 0
    audio_seconds: float = 0


def looked_at(path: Path) -> Seen:
    """Decode a rendition; what cannot be decoded raises."""
    with av.open(str(path)) as film:
        seconds = _heard(film) if film.streams.audio else 0.0
    with av.open(str(path)) as film:
        return _seen(film, seconds) if film.streams.video else Seen(audio_seconds=seconds)


def _heard(film: InputContainer) -> float:
    return sum(frame.samples / frame.sample_rate for frame in film.decode(audio=0))


def _seen(film: InputContainer, audio_seconds: float) -> Seen:
    frames = film.decode(video=0)
    first, stream = next(frames), film.streams.video[0]
    begins, ends = float(first.time or 0), _last(frames, float(first.time or 0))
    square = stream.sample_aspect_ratio or 1
    return Seen(
        width=round(first.width * square), height=first.height, rotate=int(-first.rotation) % 360,
        codec=stream.codec_context.name, pixels=first.format.name, hdr=int(first.color_trc) in _HDR_TRANSFERS,
        bright=_bright(first), video_seconds=ends - begins + 1 / float(stream.average_rate or 25),
        audio_seconds=audio_seconds,
    )  # fmt: skip


def _last(frames: Iterator[av.VideoFrame], last: float) -> float:
    for frame in frames:
        last = float(frame.time or last)
    return last


def _bright(frame: av.VideoFrame) -> Corner:
    """Name the corner with the white patch, when the other three are dark."""
    gray = frame.reformat(format="gray")
    plane = gray.planes[0]
    light = bytes(plane)
    levels = {
        corner: light[frame.height * down // 8 * plane.line_size + frame.width * right // 8]
        for corner, right, down in _CORNERS
    }
    bright = [corner for corner, level in levels.items() if level > _BRIGHT]
    dark = [corner for corner, level in levels.items() if level < _DARK]
    return bright[0] if len(bright) == 1 and len(dark) == 3 else ""


def differences(output: Output, seen: Seen) -> list[str]:
    """Return what a rendition is not, in words."""
    wrong = []
    if bool(seen.audio_seconds) != output.has_audio:
        wrong.append("it has sound" if seen.audio_seconds else "it has no sound")
    if bool(seen.width) != output.has_video:
        wrong.append("it has a picture" if seen.width else "it has no picture")
    elif output.has_video:
        wrong += _of_picture(output, seen)
    seconds = seen.video_seconds if output.has_video else seen.audio_seconds
    if seconds not in output.duration:
        wrong.append(f"it lasts {seconds:.2f} s, not {output.duration}")
    return wrong


def _of_picture(output: Output, seen: Seen) -> list[str]:
    wrong = []
    if abs(seen.width - output.width) > 2 or abs(seen.height - output.height) > 2:
        wrong.append(f"it is shown as {seen.width}x{seen.height}, not {output.width}x{output.height}")
    if (seen.codec, seen.pixels) != ("h264", "yuv420p"):
        wrong.append(f"it is {seen.codec} with {seen.pixels}, which not every player plays")
    if seen.rotate:
        wrong.append(f"it must still be turned by {seen.rotate} degrees")
    if seen.hdr:
        wrong.append("it claims a dynamic range that 8 bits do not have")
    if output.bright and seen.bright != output.bright:
        wrong.append(f"the white patch is {seen.bright or 'nowhere'}, not {output.bright}")
    return wrong
