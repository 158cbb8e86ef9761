"""Overlays on pictures, watermarks and mosaics, and the templates of watermarks (``procedures-and-api.md`` 5.2)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from openvod.base.wire import Wire
from openvod.kinds.fields import Corner, Length, SvgLength, matching
from openvod.kinds.names import TemplateKind
from openvod.kinds.templates import TemplateFamily

_COLOR = re.compile(r"0x[0-9a-fA-F]{6}")


class WatermarkInput(Wire):
    """A watermark on an output; offsets in seconds (see :func:`clip_range`)."""

    definition: int
    text_content: str = Field("", max_length=100)
    svg_content: str = Field("", max_length=2_000_000)
    start_time_offset: float = 0
    end_time_offset: float = 0


class MosaicInput(Wire):
    """A rectangle made unrecognisable."""

    coordinate_origin: Literal["TopLeft"] = "TopLeft"
    x_pos: Length = "0px"
    y_pos: Length = "0px"
    width: Length = "10%"
    height: Length = "10%"
    start_time_offset: float = 0
    end_time_offset: float = 0


class ImageTemplate(Wire):
    """A picture as watermark; ``image_key`` names the stored picture."""

    image_key: str
    width: Length = "10%"
    height: Length = "0px"
    repeat_type: Literal["once", "repeat_last_frame", "repeat"] = "repeat"
    transparency: int = Field(0, ge=0, le=100)


class TextTemplate(Wire):
    """A text as watermark; the text itself comes with the task."""

    font_type: Literal["simkai.ttf", "arial.ttf"]
    font_size: Annotated[str, matching(re.compile(r"\d{1,3}px"), "16px")]
    font_color: Annotated[str, matching(_COLOR, "0xFFFFFF")]
    font_alpha: float = Field(gt=0, le=1)


class SvgTemplate(Wire):
    """A vector picture as watermark; ``W H S L`` are width, height, short and long side."""

    not_offered = ("CycleConfig",)

    width: SvgLength = "10W%"
    height: SvgLength = "0px"


class WatermarkTemplate(Wire):
    """A watermark's kind and place: measured inwards from the corner (5.2)."""

    type: Literal["image", "text", "svg"]
    coordinate_origin: Corner = "TopLeft"
    x_pos: Length = "0px"
    y_pos: Length = "0px"
    image_template: ImageTemplate | None = None
    text_template: TextTemplate | None = None
    svg_template: SvgTemplate | None = None

    @model_validator(mode="after")
    def _describes_its_type(self) -> WatermarkTemplate:
        if getattr(self, f"{self.type}_template") is None:
            raise ValueError(f"{self.type.capitalize()}Template is required for Type {self.type}")
        return self


#: No noun: the API's watermark actions have names and members of their own.
TEMPLATE = TemplateFamily(TemplateKind.WATERMARK, WatermarkTemplate, noun="", quota=1000)
