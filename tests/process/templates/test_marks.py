"""Watermarks: places, sizes, times, texts, drawings."""

from __future__ import annotations

from itertools import pairwise

from PIL import ImageChops, ImageStat

from support.templates.kitchen import FLOWS, Run
from support.templates.look import (
    HALF_RED,
    box_of,
    near,
    seconds_of,
    unlike,
)
from support.templates.sources import (
    BLUE,
    GRAY,
    RED,
)

pytestmark = FLOWS


def test_corners(run: Run) -> None:
    """Marks lie inwards from their corners, in pixels or percent; a side of 0 keeps the picture's shape."""
    picture = run.shown("corners", 2)
    width, height = picture.size
    halves = {
        (0, 0): (10, 20, 74, 52),
        (width // 2, 0): (512, 36, 608, 84),
        (0, height // 2): (0, 324, 72, 360),
    }
    for (x, y), expected in halves.items():
        quarter = picture.crop((x, y, x + width // 2, y + height // 2))
        found = box_of(quarter, RED)
        assert near((found[0] + x, found[1] + y, found[2] + x, found[3] + y), expected), (found, expected)
    assert near(box_of(picture, BLUE), (536, 298, 600, 330))
    assert unlike(picture, dict.fromkeys([(320, 180), (5, 10), (635, 355)], GRAY)) == []


def test_half_transparent(run: Run) -> None:
    """A mark of transparency 50 lets half of the film through, a quarter of the size from the edge."""
    assert near(box_of(run.shown("half", 2), HALF_RED, 20), (160, 90, 480, 270))


def test_moving_marks(run: Run) -> None:
    """An animated mark is played once, or once and then held, or again and again; two pictures, half a second each."""
    assert seconds_of(run, "moving marks", (10, 10), step=0.5) == "rb------"
    assert seconds_of(run, "moving marks", (630, 10), step=0.5) == "rbbbbbbb"
    assert seconds_of(run, "moving marks", (10, 350), step=0.5) == "rbrbrbrb"


def test_text(run: Run) -> None:
    """A text is drawn as it is, in its colour at its place, and nowhere else."""
    picture = run.shown("text", 2)
    left, top, right, bottom = box_of(picture, RED)
    assert 20 <= left <= 26
    assert 20 <= top <= 26
    assert 400 < right - left < 610
    assert 28 < bottom - top < 56
    assert unlike(picture, dict.fromkeys([(10, 10), (320, 100), (320, 300)], GRAY)) == []


def test_chinese_text(run: Run) -> None:
    """Chinese glyphs are drawn, half transparent, each of its own shape: no boxes for missing ones."""
    picture = run.shown("chinese", 2)
    left, top, right, bottom = box_of(picture, HALF_RED, 40)
    assert 140 <= right - left <= 165
    assert 30 <= bottom - top <= 45
    glyphs = [picture.crop((x, top, x + 36, bottom)) for x in range(left, left + 160, 40)]
    assert len(glyphs) == 4
    for one, other in pairwise(glyphs):
        assert ImageStat.Stat(ImageChops.difference(one, other).convert("L")).mean[0] > 5
    assert box_of(picture, RED) == (0, 0, 0, 0)


def test_drawing(run: Run) -> None:
    """A drawing has the size that its template names by the picture's sides."""
    assert near(box_of(run.shown("svg", 2), RED), (502, 278, 630, 350))


def test_brief_marks(run: Run) -> None:
    """Marks are there from their start to their end, and at no other time."""
    assert seconds_of(run, "brief mark", (20, 30)) == "-r--"
    assert seconds_of(run, "brief mark", (540, 310)) == "---b"


def test_brief_mark_of_a_cut(run: Run) -> None:
    """Negative offsets count from the end of the result, not of the source."""
    assert seconds_of(run, "brief mark of a cut", (20, 30)) == "-r"


def test_mark_after_a_clip(run: Run) -> None:
    """A cut film after a clip: the upright clip between black borders, then the film; the mark in the last second."""
    assert seconds_of(run, "after a clip, cut, marked", (320, 180)) == "b--"
    assert seconds_of(run, "after a clip, cut, marked", (20, 30)) == "0-r"
