"""Types of members that several kinds' inputs and templates have (``procedures-and-api.md`` 3.6, 5.1)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from openvod.base.wire import Wire

_LENGTH = re.compile(r"\d{1,5}(\.\d{1,4})?(px|%)")
_SVG_LENGTH = re.compile(r"\d{1,5}(\.\d{1,4})?(px|[WHSL]?%)")


def zero_or(low: int, high: int) -> AfterValidator:
    """Return a validator that accepts 0, which means "not set", or a number in a range."""

    def check(value: int) -> int:
        if value and not low <= value <= high:
            raise ValueError(f"must be 0 or lie between {low} and {high}")
        return value

    return AfterValidator(check)


def matching(pattern: re.Pattern[str], example: str) -> AfterValidator:
    """Return a validator that matches a pattern; its error shows ``example``."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"must look like {example}")
        return value

    return AfterValidator(check)


def _upper_camel(value: object) -> object:
    """Accept ``topLeft`` for ``TopLeft``: the original requires the latter and returns the former (5.1)."""
    return value[:1].upper() + value[1:] if isinstance(value, str) else value


Bitrate = Annotated[int, zero_or(128, 100_000)]
Side = Annotated[int, zero_or(32, 8192)]
Switch = Literal["ON", "OFF"]
Toggle = Literal["open", "close"]
FillType = Literal["stretch", "black", "white", "gauss"]
Flag = Literal[0, 1]
Length = Annotated[str, matching(_LENGTH, "10% or 100px")]
SvgLength = Annotated[str, matching(_SVG_LENGTH, "10%, 10W%, 10S% or 100px")]
Corner = Annotated[Literal["TopLeft", "TopRight", "BottomLeft", "BottomRight"], BeforeValidator(_upper_camel)]
ImageFormat = Literal["jpg", "png", "webp"]


def _is_empty(value: Any) -> bool:
    """Return whether a value requests nothing: it is empty, is switched off, or has only such members."""
    if isinstance(value, dict):
        return value.get("Switch") == "OFF" or all(_is_empty(each) for each in value.values())
    return not value


def _check_absent(value: Any) -> None:
    if not _is_empty(value):
        raise ValueError("is not offered; leave it out")


#: A member of the original that OpenVOD does not support: empty values are dropped, others are refused (3.6).
NotOffered = Annotated[Any, AfterValidator(_check_absent), Field(exclude=True)]


class Marked(Wire):
    """Kinds of marks and subtitles that the original puts on films besides watermarks."""

    trace_watermark: NotOffered = None
    copy_right_watermark: NotOffered = None
    blind_watermark: NotOffered = None
    subtitle_info_set: NotOffered = None
