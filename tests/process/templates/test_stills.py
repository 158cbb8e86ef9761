"""Snapshots, sprites and animations."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from support.templates.kitchen import FLOWS, Run
from support.templates.look import (
    COLOURS,
    PLAIN_GREEN,
    box_of,
    near,
    unlike,
)
from support.templates.sources import (
    BLUE,
    GREEN,
    RED,
    WHITE,
)

pytestmark = FLOWS


def test_png_snapshots(run: Run) -> None:
    """Snapshots of an upright film in a wide frame with white beside it, in the order asked for."""
    told = run.output("png")["PicInfoSet"]
    assert [picture["TimeOffset"] for picture in told] == [0, pytest.approx(3960, abs=60), 1500]
    for picture in run.stills("png", "PNG"):
        assert picture.size == (200, 100)
        assert near(box_of(picture, PLAIN_GREEN), (72, 0, 128, 100))
        assert unlike(picture, {(5, 50): WHITE, (195, 50): WHITE}) == []


@pytest.mark.parametrize(
    ("name", "form", "colours"), [("webp", "WEBP", "rgbw"), ("cover", "JPEG", "g"), ("samples", "PNG", "rgbw")]
)
def test_stills(name: str, form: str, colours: str, run: Run) -> None:
    """Every still is of its moment."""
    pictures = run.stills(name, form)
    assert {picture.size for picture in pictures} == {(160, 90) if name == "cover" else (320, 180)}
    for picture, key in zip(pictures, colours, strict=True):
        assert unlike(picture, {(120, 80): COLOURS[key]}) == []


def test_marked_stills(run: Run) -> None:
    """Pictures are drawn upon stills, texts are not."""
    (picture,) = run.stills("marked snapshot", "PNG")
    assert near(box_of(picture, RED), (10, 20, 74, 52))
    for sample in run.stills("samples", "PNG")[1:]:
        assert near(box_of(sample, RED), (10, 20, 42, 36))


def test_many_samples(run: Run) -> None:
    """Every twentieth of a film that moves."""
    pictures = run.stills("many samples", "JPEG")
    assert {picture.size for picture in pictures} == {(160, 90)}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures) == 20


def test_sprite(run: Run) -> None:
    """Four small pictures over two large ones; each second's cue leads to its colour."""
    output = run.output("sprite")
    assert (output["TotalCount"], output["Width"], output["Height"]) == (4, 96, 54)
    pages = run.stills("sprite", "PNG")
    assert {page.size for page in pages} == {(288, 54)}
    names = [url.rpartition("/")[2] for url in output["ImageUrlSet"]]
    cues = re.findall(
        r"00:00:(\d\d\.\d{3}) --> 00:00:(\d\d\.\d{3})\n(\S+)#xywh=(\d+),(\d+),96,54",
        run.bench.text(output["WebVttUrl"]),
    )
    assert [(float(start), float(end)) for start, end, *_ in cues] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    for (_, _, name, x, y), key in zip(cues, "rgbw", strict=True):
        page = pages[names.index(name)]
        assert unlike(page, {(int(x) + 48, int(y) + 27): COLOURS[key]}) == []


@pytest.mark.parametrize(
    ("name", "form", "size", "fps"), [("animation", "WEBP", (160, 90), 4), ("gif", "GIF", (228, 128), 5)]
)
def test_animations(name: str, form: str, size: tuple[int, int], fps: int, run: Run) -> None:
    """Animations have their span, size, rate and colours, and repeat for ever."""
    shown: list[Image.Image] = []
    with Image.open(run.path(name)) as image:
        assert (image.format, image.size, image.info["loop"]) == (form, size, 0)
        for place in range(int(getattr(image, "n_frames", 1))):
            image.seek(place)
            # Pictures that are alike may be stored as one that is shown longer.
            shown += [image.convert("RGB")] * round(image.info["duration"] * fps / 1000)
    assert len(shown) == 2 * fps
    if name == "gif":
        assert len({picture.tobytes() for picture in shown}) == len(shown)
    else:
        # The change may fall on either side of its moment by half the distance of two pictures.
        sure = dict.fromkeys((0, 1, 2), GREEN) | dict.fromkeys((5, 6, 7), BLUE)
        assert [unlike(shown[place], {(80, 45): colour}) for place, colour in sure.items()] == [[]] * 6
