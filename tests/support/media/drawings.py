"""Pictures that FFmpeg draws for reviewers."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg

Rgb = tuple[int, int, int]


#: Centre x and y, half axes, colour, how much darker the rim is than the centre.
Ellipse = tuple[float, float, float, float, Rgb, float]


def figure(shade: float) -> tuple[Ellipse, ...]:
    """Return an oval and four circles that the model takes for a naked person, darker at their rims by ``shade``.

    A harmless way to a ``block``, in fainter shades to a ``review``.
    """
    return (
        (320, 414, 190, 260, (214, 150, 120), 0.25),
        *((320 + side * 86, 190, 75, 75, (222, 160, 132), shade) for side in (-1, 1)),
        *((320 + side * 86, 200, 16, 16, (155, 69, 82), 0.2) for side in (-1, 1)),
    )


FACE: tuple[Ellipse, ...] = (
    (320, 370, 150, 90, (40, 60, 120), 0), (320, 270, 35, 60, (225, 180, 150), 0),
    (320, 150, 95, 120, (60, 40, 30), 0), (320, 170, 75, 100, (225, 180, 150), 0),
    (290, 155, 15, 8, (255, 255, 255), 0), (350, 155, 15, 8, (255, 255, 255), 0),
    (290, 155, 7, 7, (30, 40, 60), 0), (350, 155, 7, 7, (30, 40, 60), 0), (290, 137, 20, 4, (60, 40, 30), 0),
    (350, 137, 20, 4, (60, 40, 30), 0), (320, 200, 10, 6, (190, 140, 110), 0), (320, 229, 28, 6, (190, 90, 90), 0),
)  # fmt: skip


def generate(path: Path, *arguments: str) -> Path:
    """Run FFmpeg to make ``path``."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-v", "error", "-nostdin", "-y", *arguments, str(path)], check=True, timeout=60)
    return path


def source(path: Path, filters: str) -> Path:
    """Make one picture of 640x360 from a generator of FFmpeg."""
    return generate(path, "-f", "lavfi", "-i", filters, "-frames:v", "1", "-update", "1")


def drawing(path: Path, shapes: Sequence[Ellipse], ground: Rgb) -> Path:
    """Draw ellipses, the last one on top."""
    planes = "rgb"
    expressions = []
    for channel, plane in enumerate(planes):
        value = str(ground[channel])
        for x, y, rx, ry, colour, shade in shapes:
            distance = f"(pow((X-{x})/{rx},2)+pow((Y-{y})/{ry},2))"
            value = f"if(lt({distance},1),{colour[channel]}*(1-{shade}*{distance}),{value})"
        expressions.append(f"{plane}='{value}'")
    return source(path, f"color=size=640x360,format=gbrp,geq={':'.join(expressions)},gblur=sigma=4")


def blank(path: Path, side: int) -> Path:
    """Write a black PNG of one bit per pixel, small on disk however large it is."""
    header = side.to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"
    rows = zlib.compress(bytes((side + 7) // 8 + 1) * side)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    body = [len(d).to_bytes(4, "big") + k + d + zlib.crc32(k + d).to_bytes(4, "big") for k, d in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))
    return path
