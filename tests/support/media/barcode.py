"""Films whose every picture tells its number, however it is scaled and compressed, and whose sound begins at a moment.

A picture is eleven stripes: white, nine bits of its number from the lowest on, black. A mirrored one begins with black.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from PIL import Image

from openvod.adapters.ffmpeg.encoder import ffmpeg_path

_BITS = 9
_STRIPES = _BITS + 2
#: The tone begins here, in seconds of the film as it was made.
TONE_AT = 4.0
SIZE = (352, 192)


@dataclass(frozen=True)
class Shown:
    """A picture of a film: when it is shown by the container's clock (s), its number, whether it is mirrored."""

    time: float
    number: int
    mirrored: bool = False


def make(path: Path, *arguments: str) -> Path:
    """Run FFmpeg to make a file; ``arguments`` are its inputs and options."""
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *arguments, str(path)], check=True, timeout=60)
    return path


def film(path: Path, seconds: float, rate: int, *options: str) -> Path:
    """Make a film with its sound; ``options`` are the encoder's."""
    width, height = SIZE
    stripe = f"floor(X*{_STRIPES}/W)"
    bit = f"mod(floor(N/pow(2,{stripe}-1)),2)"
    light = f"if(eq({stripe},0),235,if(eq({stripe},{_STRIPES - 1}),16,16+219*{bit}))"
    # One row is computed, the others are copies of it.
    picture = f"color=s={width}x2:r={rate}:d={seconds},format=yuv420p,geq=lum='{light}':cb=128:cr=128"
    picture += f",scale={width}:{height}:flags=neighbor"
    tone = f"aevalsrc='if(gte(t,{TONE_AT}),0.5*sin(2*PI*440*t),0)':s=44100:d={seconds}"
    return make(path, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-pix_fmt", "yuv420p", *options)


def read_picture(image: Image.Image, box: tuple[int, int, int, int] | None = None) -> tuple[int, bool]:
    """Return a picture's number and whether it is mirrored; -1 for what is none of ours (black, for one)."""
    grey = image.convert("L").crop(box) if box else image.convert("L")
    row = [_at(grey, (place + 0.5) / _STRIPES) > 125 for place in range(_STRIPES)]
    if row[0] == row[-1]:
        return -1, False
    mirrored = row[-1]
    bits = row[-2:0:-1] if mirrored else row[1:-1]
    return sum(1 << place for place, bit in enumerate(bits) if bit), mirrored


def _at(grey: Image.Image, part: float) -> int:
    pixel = grey.getpixel((min(int(grey.width * part), grey.width - 1), grey.height // 2))
    return int(pixel) if isinstance(pixel, (int, float)) else 0


def pictures(path: Path | str) -> list[Shown]:
    """Return every picture of a film that a player shows, as it shows it, by the clock that its streams share."""
    return list(_decoded(str(path)))


def _decoded(path: str) -> Iterator[Shown]:
    # The program turns and mirrors as players do; the library's frames lie as they are stored.
    with av.open(path) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            if frame.pts is not None and frame.time_base is not None and frame.pts * frame.time_base >= -0.001:
                decoded: Any = frame
                number, mirrored = read_picture(decoded.to_image())
                matrix = next((bytes(d) for d in decoded.side_data if d.type.name == "DISPLAYMATRIX"), b"")
                flipped = len(matrix) >= 4 and int.from_bytes(matrix[:4], "little", signed=True) < 0
                yield Shown(float(frame.pts * frame.time_base), number, mirrored != flipped)


def tone(path: Path | str) -> float:
    """Return when the tone begins, by the clock that its streams share; raises ``ValueError`` when it never does."""
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]):
            samples = frame.to_ndarray()[0]
            loud = next((place for place, value in enumerate(abs(samples)) if value > _loud(samples.dtype)), None)
            if loud is not None and frame.pts is not None and frame.time_base is not None:
                return float(frame.pts * frame.time_base) + loud / frame.sample_rate
    raise ValueError(f"{path} is silent")


def _loud(kind: object) -> float:
    return 0.1 if str(kind).startswith("float") else 3276


def offsets(shown: Sequence[Shown], rate: int) -> list[float]:
    """Return for each picture by how much later than in the film it is shown."""
    return [each.time - each.number / rate for each in shown]
