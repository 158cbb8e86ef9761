"""Types of the wire's members, by their names."""

from __future__ import annotations

from typing import Any

from openvod.media.info import PARTS

#: What the wire declares by name; a strict client refuses the whole answer for one wrong type (2.4).
_INTEGERS = frozenset(
    {"Size", "Bitrate", "Height", "Width", "Rotate", "Fps", "SamplingRate", "Definition", "BlindWatermarkDefinition",
     "TotalCount", "Interval", "ClassId"}
)  # fmt: skip


_NUMBERS = frozenset(
    {"Duration", "VideoDuration", "AudioDuration", "TimeOffset", "StartTimeOffset", "EndTimeOffset"}
)  # fmt: skip


_NULLABLE = frozenset({"LiveRecordInfo", "TrtcRecordInfo", "WebPageRecordInfo", *PARTS.values()})


def check_types(value: Any, name: str) -> None:
    """Assert that a value has the type that its name declares, at every depth."""
    if isinstance(value, dict):
        for member, inner in value.items():
            check_types(inner, member)
    elif isinstance(value, list):
        assert name.endswith("Set") or name == "WaterMarkDefinition", name
        for inner in value:
            check_types(inner, "Definition" if name == "WaterMarkDefinition" else "")
    elif value is None:
        assert name in _NULLABLE, name
    elif name in _INTEGERS:
        assert type(value) is int, (name, value)
    elif name in _NUMBERS:
        assert type(value) in (int, float), (name, value)
    else:
        assert type(value) is str, (name, value)
