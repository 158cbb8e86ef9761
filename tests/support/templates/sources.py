"""Films and pictures that templates are tried on, made when they are needed first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from support.corpus.build import PATCHES, ffmpeg

Plain = Mapping[str, Any]
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
SECONDS = 4.0
RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
GRAY = (128, 128, 128)
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_AAC = ("-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "48000")
_TONE = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS:g}")


def _made_by(*arguments: str) -> Callable[[Path], None]:
    return lambda path: void(ffmpeg(*arguments, str(path)))


def void(_: object) -> None:
    """Return nothing."""


def _moving(size: str, rate: int = 30) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={SECONDS:g},{PATCHES}", *_TONE)


def _colour(colour: str, size: str, seconds: float = SECONDS) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"color=c={colour}:size={size}:rate=25:duration={seconds:g}")


#: A second each of red, green, blue and white.
_STEPS = (
    "-f", "lavfi", "-i",
    "color=c=red:size=320x180:rate=25:duration=4,drawbox=color=lime:t=fill:enable='between(t,1,1.99)',"
    "drawbox=color=blue:t=fill:enable='between(t,2,2.99)',drawbox=color=white:t=fill:enable='gte(t,3)'",
)  # fmt: skip
_LIGHT = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"


def _turned(path: Path) -> None:
    straight = path.with_name("straight.mp4")
    ffmpeg(*_moving("640x360"), *_X264, *_AAC, str(straight))
    ffmpeg("-display_rotation:v:0", "270", "-i", str(straight), "-c", "copy", str(path))


SOURCES: Mapping[str, Callable[[Path], None]] = {
    "film.mp4": _made_by(*_moving("640x360"), *_X264, "-g", "45", *_AAC),
    "plain.mp4": _made_by(*_colour("0x808080", "640x360"), *_X264),
    "steps.mp4": _made_by(*_STEPS, *_TONE, *_X264, *_AAC),
    "portrait.mp4": _made_by(*_colour("0x00c000", "360x640"), *_X264),
    "turned.mp4": _turned,
    "pauses.mp4": _made_by(*_moving("320x180"), "-vf", "select='lt(n,30)+gt(n,75)'", "-fps_mode", "vfr", *_X264, *_AAC),
    "hdr.mp4": _made_by(*_moving("320x180"), "-t", "1", "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt",
                        "yuv420p10le", "-tag:v", "hvc1", "-x265-params", _LIGHT, *_AAC),
    "tracks.mp4": _made_by(*_moving("320x180"), "-f", "lavfi", "-i", "sine=frequency=880:sample_rate=22050:duration=4",
                           "-map", "0:v", "-map", "1:a", "-map", "2:a", *_X264, "-c:a", "aac", "-ac:a:0", "2"),
    "vp9.webm": _made_by(*_moving("160x90"), "-t", "1", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
                         "-c:a", "libopus"),
    "red.mp4": _made_by(*_colour("red", "320x180", 1), "-f", "lavfi", "-i", "sine=frequency=880:duration=1", *_X264,
                        *_AAC),
    "blue.mp4": _made_by(*_colour("blue", "180x320", 1), *_X264),
    "fits.mp4": _made_by(*_moving("854x480", 24), "-c:v", "libx264", "-preset", "superfast", "-pix_fmt", "yuv420p",
                         "-b:v", "300k", "-maxrate", "400k", "-bufsize", "400k", "-g", "31", "-sc_threshold", "0",
                         *_AAC),
}  # fmt: skip


def _png(path: Path, size: tuple[int, int], colour: tuple[int, int, int]) -> None:
    Image.new("RGB", size, colour).save(path)


def _gif(path: Path) -> None:
    """Write two pictures, half a second each: red, then blue."""
    red, blue = (Image.new("RGB", (40, 20), colour) for colour in (RED, BLUE))
    red.save(path, save_all=True, append_images=[blue], duration=500, loop=0)


PICTURES: Mapping[str, Callable[[Path], None]] = {
    "red.png": lambda path: _png(path, (100, 50), RED),
    "blue.jpg": lambda path: _png(path, (64, 64), BLUE),
    "moving.gif": _gif,
}
