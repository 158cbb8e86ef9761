"""Sizes of outputs (``procedures-and-api.md`` 5.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvod.kinds.plan.geometry import Fill, Frame, fit, length, svg_length

SIDES = st.integers(16, 8192)


def size(frame: Frame) -> tuple[int, int, int, int]:
    """Return box and content."""
    return frame.width, frame.height, frame.content_width, frame.content_height


@pytest.mark.parametrize(
    ("source", "width", "height", "adaptive", "fill", "expected"),
    [
        ((1920, 1080), 0, 0, True, "black", (1920, 1080, 1920, 1080)),
        ((1920, 1080), 0, 720, True, "black", (1280, 720, 1280, 720)),
        ((1080, 1920), 0, 720, True, "black", (720, 1280, 720, 1280)),
        ((1080, 1920), 0, 720, False, "black", (404, 720, 404, 720)),
        ((1920, 1080), 640, 0, False, "black", (640, 360, 640, 360)),
        ((640, 360), 0, 1080, True, "black", (640, 360, 640, 360)),
        ((1921, 1081), 0, 0, True, "black", (1920, 1080, 1920, 1080)),
        ((1920, 1080), 640, 640, False, "stretch", (640, 640, 640, 640)),
        ((1920, 1080), 640, 640, False, "black", (640, 640, 640, 360)),
        ((1080, 1920), 1280, 720, True, "gauss", (720, 1280, 720, 1280)),
        ((1080, 1920), 1280, 720, False, "gauss", (1280, 720, 404, 720)),
        ((320, 240), 1280, 720, False, "black", (426, 240, 320, 240)),
        ((320, 240), 1280, 720, False, "stretch", (426, 240, 426, 240)),
        ((1920, 1082), 1280, 720, False, "black", (1280, 720, 1280, 720)),
    ],
)
def test_fit(
    source: tuple[int, int], width: int, height: int, adaptive: bool, fill: Fill, expected: tuple[int, ...]
) -> None:
    """Width and height mean what the table says: 0, one side, both; open follows portrait; small sources stay small."""
    assert size(fit(source, width, height, adaptive=adaptive, fill=fill)) == expected


@given(SIDES, SIDES, st.sampled_from([0, 128, 360, 720, 1920]), st.sampled_from([0, 128, 360, 720]), st.booleans(),
       st.sampled_from(["stretch", "black", "gauss"]))  # fmt: skip
def test_video_frames_are_even_and_never_above_the_source(
    source_width: int, source_height: int, width: int, height: int, adaptive: bool, fill: Fill
) -> None:
    """An encoder gets even sides; the content is never larger than the source, and lies within its box."""
    frame = fit((source_width, source_height), width, height, adaptive=adaptive, fill=fill)
    assert frame.width % 2 == frame.height % 2 == frame.content_width % 2 == frame.content_height % 2 == 0
    assert frame.content_width <= frame.width
    assert frame.content_height <= frame.height
    if fill != "stretch" or not (width and height):
        assert frame.content_width <= source_width + 1
        assert frame.content_height <= source_height + 1


@pytest.mark.parametrize(("text", "pixels"), [("10%", 128), ("0px", 0), ("100px", 100), ("12.5%", 160), ("7.4px", 7)])
def test_length(text: str, pixels: int) -> None:
    """Percent counts of the whole, px as it is."""
    assert length(text, 1280) == pixels


@pytest.mark.parametrize(("text", "pixels"), [("10W%", 72), ("10H%", 128), ("10S%", 72), ("10L%", 128), ("10%", 100)])
def test_svg_length(text: str, pixels: int) -> None:
    """W, H, S and L name width, height, short and long side of the picture."""
    assert svg_length(text, Frame(720, 1280, 720, 1280), 1000) == pixels
