"""Picture sizes: resolves a template's width and height for a source (``procedures-and-api.md`` 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fill = Literal["stretch", "black", "white", "gauss"]


@dataclass(frozen=True)
class Frame:
    """A picture of ``width`` × ``height``; smaller content is padded."""

    width: int
    height: int
    content_width: int
    content_height: int
    fill: Fill = "stretch"

    @property
    def filled(self) -> bool:
        """True when the content is padded."""
        return (self.width, self.height) != (self.content_width, self.content_height)


def fit(
    source: tuple[int, int], width: int, height: int, *, adaptive: bool, fill: Fill = "black", even: bool = True
) -> Frame:
    """Return the frame for a template's size; never above the source.

    ``adaptive``: ``width`` is the long side, ``height`` the short one. ``even`` rounds to even pixels, which video
    needs.
    """
    source_width, source_height = source
    if adaptive and source_height > source_width:
        width, height = height, width
    if width and height:
        return _boxed(source, width, height, fill, even)
    factor = 1.0
    if width or height:
        factor = min(1.0, width / source_width if width else height / source_height)
    size = _rounded(source_width * factor, even), _rounded(source_height * factor, even)
    return Frame(*size, *size)


def _boxed(source: tuple[int, int], width: int, height: int, fill: Fill, even: bool) -> Frame:
    factor = min(width / source[0], height / source[1])
    # Shrink the whole frame when the content would have to be enlarged.
    shrink = max(1.0, factor)
    box = _rounded(width / shrink, even), _rounded(height / shrink, even)
    if fill == "stretch":
        return Frame(*box, *box)
    scale = factor / shrink
    content = (
        min(box[0], _rounded(source[0] * scale, even)),
        min(box[1], _rounded(source[1] * scale, even)),
    )
    # A border of one or two pixels comes from rounding: drop it.
    if box[0] - content[0] <= 2 and box[1] - content[1] <= 2:
        content = box
    return Frame(*box, *content, fill)


def inside(source: tuple[int, int], frame: Frame, fill: Fill) -> Frame:
    """Return a frame of the same size for another content, which may have to grow."""
    if fill == "stretch":
        return Frame(frame.width, frame.height, frame.width, frame.height)
    factor = min(frame.width / source[0], frame.height / source[1])
    width, height = (_rounded(side * factor, True) for side in source)
    return Frame(frame.width, frame.height, min(width, frame.width), min(height, frame.height), fill)


def _rounded(value: float, even: bool) -> int:
    return max(2, 2 * round(value / 2)) if even else max(1, round(value))


def length(text: str, whole: int) -> int:
    """Return pixels of ``"10%"`` (of ``whole``) or ``"100px"``."""
    if text.endswith("%"):
        return round(float(text[:-1]) * whole / 100)
    return round(float(text.removesuffix("px")))


def svg_length(text: str, frame: Frame, whole: int) -> int:
    """As :func:`length`, where ``W% H% S% L%`` name the picture's width, height, short and long side."""
    sides = {
        "W%": frame.width,
        "H%": frame.height,
        "S%": min(frame.width, frame.height),
        "L%": max(frame.width, frame.height),
    }
    side = sides.get(text[-2:])
    return round(float(text[:-2]) * side / 100) if side is not None else length(text, whole)
