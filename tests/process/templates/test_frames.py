"""Frames: sizes, fills, cuts, clips before and after, mosaics."""

from __future__ import annotations

import pytest
from PIL import ImageChops, ImageStat

from support.templates.kitchen import FLOWS, Run
from support.templates.look import (
    PLAIN_GREEN,
    detail,
    seconds_of,
    sharpness,
    unlike,
)
from support.templates.sources import (
    BLACK,
    GRAY,
    WHITE,
    Colour,
)

pytestmark = FLOWS


@pytest.mark.parametrize(
    ("name", "border"),
    [("black", BLACK), ("white", WHITE), ("gauss", PLAIN_GREEN), ("stretch", PLAIN_GREEN)],
)
def test_fills(name: str, border: Colour, run: Run) -> None:
    """An upright film in a wide picture: in the middle, 202 pixels wide, the rest is filled as asked for."""
    picture = run.shown(name, 1)
    assert unlike(picture, dict.fromkeys([(5, 5), (5, 355), (214, 180), (425, 180), (635, 180)], border)) == []
    assert unlike(picture, dict.fromkeys([(222, 180), (320, 5), (320, 355), (417, 180)], PLAIN_GREEN)) == []


def test_blurred_border(run: Run) -> None:
    """A gauss fill is the film itself, blurred: bright where it is bright, without detail; the film stays sharp."""
    picture = run.shown("blurred border", 1)
    assert unlike(picture, {(230, 10): BLACK, (410, 10): WHITE}) == []
    assert sharpness(picture, (0, 0, 200, 360)) < 0.3 * sharpness(picture, (222, 0, 418, 360))
    assert detail(picture, (0, 0, 200, 360)) > 5


def test_turned(run: Run) -> None:
    """A film held upright comes out upright: the patch of its top left corner is at the right now."""
    black = dict.fromkeys([(10, 10), (10, 310), (170, 310)], BLACK)
    assert unlike(run.shown("turned", 1), {(170, 10): WHITE} | black) == []


@pytest.mark.parametrize(
    ("name", "colours"),
    [("1 to 3", "gb"), ("from 1", "gbw"), ("last 2", "bw"), ("without last", "rgb"), ("between clips", "rrgbwb")],
)
def test_cuts_and_clips(name: str, colours: str, run: Run) -> None:
    """Offsets cut where they say; clips of the nearest shape come before and after; sound lasts as long."""
    seen = run.seen(name)
    assert seconds_of(run, name) == colours
    assert seen.seconds == pytest.approx(len(colours), abs=0.05)
    assert seen.audio_seconds == pytest.approx(len(colours), abs=0.1)


def test_halves_of_one_template(run: Run) -> None:
    """One template twice in a flow makes two results at two addresses."""
    assert run.output("first half")["Url"] != run.output("second half")["Url"]
    assert [seconds_of(run, name) for name in ("first half", "second half")] == ["rg", "bw"]


def test_fills_with_clips(run: Run) -> None:
    """Beside a clip its own template fills, beside the film the film's does."""
    assert seconds_of(run, "white beside a clip", (5, 90)) == "rgbww"
    assert seconds_of(run, "white beside a clip") == "rgbwb"
    film = run.shown("white beside a film", 2)
    assert unlike(film, {(5, 180): WHITE, (320, 180): PLAIN_GREEN, (635, 180): WHITE}) == []


_COVERED = (160, 100, 352, 220)


@pytest.mark.parametrize(
    ("name", "seconds", "covered"),
    [("mosaic", 0.5, True), ("mosaic", 3.5, True), ("brief mosaic", 0.5, False), ("brief mosaic", 1.5, True),
     ("brief mosaic", 2.5, False)],
)  # fmt: skip
def test_mosaic(name: str, seconds: float, covered: bool, run: Run) -> None:
    """Inside the rectangle and its time nothing but blocks of one colour is left, outside all is as it was."""
    plain, picture = run.shown("sharp", seconds), run.shown(name, seconds)
    left, top, right, bottom = _COVERED
    blocks = [(x + 2, y + 2, x + 14, y + 14) for x in range(left, right, 16) for y in range(top, bottom - 16, 16)]
    flat = [detail(picture, block) < 4 for block in blocks]
    assert all(flat) if covered else not all(flat)
    assert not all(detail(plain, block) < 4 for block in blocks)
    if covered:
        for each in (plain, picture):
            each.paste(GRAY, (left - 2, top - 2, right + 2, bottom + 2))
    difference = ImageChops.difference(plain, picture).convert("L")
    assert ImageStat.Stat(difference).mean[0] < 2
