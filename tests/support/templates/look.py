"""Pictures judged by their pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from support.templates.kitchen import Run
from support.templates.sources import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    RED,
    WHITE,
    Box,
    Colour,
)

PLAIN_GREEN = (0, 190, 0)
HALF_RED = (191, 64, 64)
COLOURS = {"r": RED, "g": GREEN, "b": BLUE, "w": WHITE, "0": BLACK, "-": GRAY}


def named(names: Sequence[str]) -> list[Any]:
    """Return test parameters that have their names as ids."""
    return [pytest.param(name, id=name) for name in names]


def unlike(picture: Image.Image, expected: Mapping[tuple[int, int], Colour], tolerance: int = 16) -> list[str]:
    """Return where a picture has other colours than expected, in words."""
    found = {place: picture.getpixel(place) for place in expected}
    return [
        f"{place} is {found[place]}, not {colour}"
        for place, colour in expected.items()
        if max(abs(a - b) for a, b in zip(_triple(found[place]), colour, strict=True)) > tolerance
    ]


def _triple(pixel: object) -> Colour:
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return int(red), int(green), int(blue)


def box_of(picture: Image.Image, colour: Colour, tolerance: int = 60) -> Box:
    """Return the smallest rectangle around everything of about a colour; all 0 where there is none."""
    unlikeness = ImageChops.difference(picture, Image.new("RGB", picture.size, colour)).split()
    worst = ImageChops.lighter(ImageChops.lighter(unlikeness[0], unlikeness[1]), unlikeness[2])
    return worst.point([255 if level < tolerance else 0 for level in range(256)]).getbbox() or (0, 0, 0, 0)


def detail(picture: Image.Image, box: Box) -> float:
    """Return how much the light differs within a rectangle."""
    return float(ImageStat.Stat(picture.crop(box).convert("L")).stddev[0])


def sharpness(picture: Image.Image, box: Box) -> float:
    """Return how much neighbours differ in their light within a rectangle."""
    light = picture.crop(box).convert("L")
    return float(ImageStat.Stat(ImageChops.difference(light, ImageChops.offset(light, 1, 0))).mean[0])


def near(box: Box, expected: Box, pixels: int = 2) -> bool:
    """Tell whether two rectangles are the same but for the blur of chroma."""
    return all(abs(a - b) <= pixels for a, b in zip(box, expected, strict=True))


def seconds_of(run: Run, name: str, place: tuple[int, int] = (160, 90), *, step: float = 1.0) -> str:
    """Return the initial of the colour shown in the middle of every second, or step."""
    shown = ""
    for number in range(round(run.seen(name).seconds / step)):
        picture = run.shown(name, (number + 0.5) * step)
        shown += next((key for key, colour in COLOURS.items() if not unlike(picture, {place: colour})), "?")
    return shown
