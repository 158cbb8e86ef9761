"""Watermarks and mosaics as fragments of a filter graph (``procedures-and-api.md`` 3.6, 5.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from openvod.kinds.failure import Failure, clip_range
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.geometry import Frame, length, svg_length
from openvod.kinds.plan.model import Asset, Lookup
from openvod.kinds.watermark import MosaicInput, WatermarkInput, WatermarkTemplate

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MOSAIC_PIXELS = 16
#: Browsers show each picture of a GIF for at least 20 ms.
_ANIMATION_FPS = 50


@dataclass(frozen=True)
class Mark:
    """A watermark to lay over pictures of any size; ``start`` and ``end`` in seconds, or ``None`` for all the time."""

    definition: int
    template: WatermarkTemplate
    text: str = ""
    svg: str = ""
    start: float | None = None
    end: float | None = None

    @property
    def timed(self) -> bool:
        """True when the mark changes over time."""
        return self.start is not None or _is_animated(self)


@dataclass(frozen=True)
class Mosaic:
    """A rectangle to pixelate or blur."""

    input: MosaicInput
    start: float | None = None
    end: float | None = None

    @property
    def timed(self) -> bool:
        """True when the mosaic covers only a part of the time."""
        return self.start is not None


def read_marks(inputs: Sequence[WatermarkInput], lookup: Lookup, duration: float, *, still: bool) -> tuple[Mark, ...]:
    """Resolve watermark templates; ``still`` pictures take image marks only (3.6)."""
    marks = []
    for item in inputs:
        template = lookup(TemplateKind.WATERMARK, item.definition)
        if template is None:
            raise Failure(
                "InvalidInput.DefinitionNotExist", f"watermark template {item.definition} does not exist; create it"
            )
        body: WatermarkTemplate = template.body
        if still and body.type != "image":
            continue
        marks.append(_mark(item, body, duration))
    return tuple(marks)


def _mark(item: WatermarkInput, body: WatermarkTemplate, duration: float) -> Mark:
    if body.type == "text":
        _check_text(item.text_content)
    if body.type == "svg" and not item.svg_content.strip():
        raise Failure("InvalidInput", f"watermark {item.definition} is of type svg; SvgContent is required")
    start, end = _span(item.start_time_offset, item.end_time_offset, duration)
    return Mark(item.definition, body, item.text_content, item.svg_content, start, end)


def _check_text(text: str) -> None:
    if not text.strip():
        raise Failure("InvalidInput", "TextContent is required for a watermark of type text")
    if _CONTROL.search(text):
        raise Failure("InvalidInput", "TextContent contains control characters; remove them")


def _span(start: float, end: float, duration: float) -> tuple[float | None, float | None]:
    if not start and not end:
        return None, None
    return clip_range(start, end, duration)


def read_mosaics(inputs: Sequence[MosaicInput], duration: float) -> tuple[Mosaic, ...]:
    """Resolve the times of mosaics."""
    return tuple(Mosaic(item, *_span(item.start_time_offset, item.end_time_offset, duration)) for item in inputs)


def mosaic_filter(mosaic: Mosaic, frame: Frame, label: str) -> str:
    """Return the graph ``[label]…[label_m]`` that covers the rectangle; an empty rectangle is refused."""
    item = mosaic.input
    x, y = length(item.x_pos, frame.width), length(item.y_pos, frame.height)
    width = min(length(item.width, frame.width), frame.width - x)
    height = min(length(item.height, frame.height), frame.height - y)
    if width < 2 or height < 2:
        raise Failure("InvalidInput", f"the mosaic at {item.x_pos},{item.y_pos} lies outside the picture or is empty")
    # Chroma is shared by pairs of pixels, so both the place and the size of the patch are even.
    x, y, width, height = (2 * (value // 2) for value in (x, y, width, height))
    block = max(2, min(_MOSAIC_PIXELS, width // 2, height // 2))
    return (
        f"[{label}]split[{label}_k][{label}_p];"
        f"[{label}_p]crop={width}:{height}:{x}:{y},pixelize=w={block}:h={block}[{label}_q];"
        f"[{label}_k][{label}_q]overlay={x}:{y}{_enable(mosaic.start, mosaic.end)}[{label}_m]"
    )


@dataclass(frozen=True)
class Overlay:
    """A mark made ready for one picture size: the file that FFmpeg reads, its input options and its filters."""

    asset: Asset
    input_options: tuple[str, ...]
    prepare: str
    place: str


def overlay(mark: Mark, frame: Frame, name: str) -> Overlay:
    """Turn a mark into an input and two filter fragments for a picture of ``frame``'s size."""
    place = f"overlay={_corner(mark.template, frame)}{_ending(mark)}{_enable(mark.start, mark.end)}"
    if mark.template.image_template is not None and mark.template.type == "image":
        return _image_overlay(mark, frame, name, place)
    if mark.template.type == "text":
        return _text_overlay(mark, name, place)
    return _svg_overlay(mark, frame, name, place)


def _image_overlay(mark: Mark, frame: Frame, name: str, place: str) -> Overlay:
    image = mark.template.image_template
    if image is None:
        raise AssertionError("checked by the caller")
    width, height = length(image.width, frame.width), length(image.height, frame.height)
    if not width and not height:
        raise Failure("InvalidInput", f"watermark {mark.definition} has neither width nor height")
    scale = f"scale={width or -1}:{height or -1}"
    opacity = f",colorchannelmixer=aa={1 - image.transparency / 100:g}" if image.transparency else ""
    options = ("-stream_loop", "-1") if _is_animated(mark) and image.repeat_type == "repeat" else ()
    asset = Asset(f"{name}{_suffix(image.image_key)}", "image", {"key": image.image_key})
    # The overlay filter ignores the duration of an animation's last picture: repeat the picture for that time.
    lasting = f",fps={_ANIMATION_FPS}" if _is_animated(mark) and image.repeat_type == "once" else ""
    return Overlay(asset, options, f"format=rgba,{scale}{opacity}{lasting}", place)


def _is_animated(mark: Mark) -> bool:
    image = mark.template.image_template
    return image is not None and image.image_key.endswith(".gif")


def _suffix(key: str) -> str:
    return "." + key.rpartition(".")[2]


def _text_overlay(mark: Mark, name: str, place: str) -> Overlay:
    template = mark.template.text_template
    if template is None:
        raise AssertionError("checked by the template")
    options = {
        "text": mark.text,
        "font": template.font_type,
        "size": int(template.font_size.removesuffix("px")),
        "color": template.font_color,
        "alpha": template.font_alpha,
    }
    return Overlay(Asset(f"{name}.png", "text", options), (), "format=rgba", place)


def _svg_overlay(mark: Mark, frame: Frame, name: str, place: str) -> Overlay:
    template = mark.template.svg_template
    if template is None:
        raise AssertionError("checked by the template")
    width, height = svg_length(template.width, frame, frame.width), svg_length(template.height, frame, frame.height)
    # Rasterise at the displayed size, so that edges stay sharp.
    size = [
        value for side, pixels in (("-width", width), ("-height", height)) if pixels for value in (side, str(pixels))
    ]
    return Overlay(Asset(f"{name}.svg", "svg", {"svg": mark.svg}), ("-f", "svg_pipe", *size), "format=rgba", place)


def _corner(template: WatermarkTemplate, frame: Frame) -> str:
    """Offsets count inwards from the corner that belongs to picture and mark alike (5.2)."""
    x, y = length(template.x_pos, frame.width), length(template.y_pos, frame.height)
    left = f"W-w-{x}" if template.coordinate_origin.endswith("Right") else str(x)
    top = f"H-h-{y}" if template.coordinate_origin.startswith("Bottom") else str(y)
    return f"{left}:{top}"


def _ending(mark: Mark) -> str:
    """Return the option that ends the overlay with the video: a still mark repeats, an animated one may be endless."""
    image = mark.template.image_template
    if not _is_animated(mark) or image is None:
        return ":eof_action=repeat"
    return {"repeat": ":shortest=1", "repeat_last_frame": ":eof_action=repeat", "once": ":eof_action=pass"}[
        image.repeat_type
    ]


def _enable(start: float | None, end: float | None) -> str:
    return "" if start is None or end is None else f":enable='between(t,{start:g},{end:g})'"
