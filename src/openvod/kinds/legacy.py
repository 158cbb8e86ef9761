"""Members that several kinds share in event format 2.0 (``events.md`` 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def definition(given: Json) -> dict[str, Any]:
    """Return an input that names a template alone."""
    return {"definition": given.get("Definition", 0)}


def watermarks(given: Json) -> list[int]:
    """Return the ids of an input's watermark templates."""
    return [mark["Definition"] for mark in given.get("WatermarkSet", ())]


def marked(given: Json) -> dict[str, Any]:
    """Return an input that names a template and watermarks."""
    return definition(given) | {"watermarkDefinition": watermarks(given)}


def streams(given: Json) -> dict[str, Any]:
    """Return the streams of a file; bit rates in bit/s, as captured, although the original's pages say kbit/s."""
    video = ("Bitrate", "Codec", "Fps", "Height", "Width")
    audio = ("Bitrate", "Codec", "SamplingRate")
    return {
        "videoStreamList": [_lower(stream, video) for stream in given["VideoStreamSet"]],
        "audioStreamList": [_lower(stream, audio) for stream in given["AudioStreamSet"]],
    }


def _lower(given: Json, names: Sequence[str]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: given[name] for name in names}
