"""Template fields (``procedures-and-api.md`` 5.1)."""

from __future__ import annotations

from typing import Any

import pytest

from openvod.base.errors import Invalid
from openvod.base.wire import read_wire
from openvod.kinds.failure import Failure, clip_range, err_code
from openvod.kinds.names import TemplateKind
from openvod.kinds.registry import FAMILIES
from openvod.tasks.model import CustomProcedure, read_notify_mode
from openvod.tasks.presets import PRESETS
from openvod.tasks.templates import read_body

VIDEO = {"Codec": "libx264", "Fps": 25, "Bitrate": 500}
AUDIO = {"Codec": "libfdk_aac", "Bitrate": 64, "SampleRate": 44100}


def transcode(**changes: Any) -> dict[str, Any]:
    """Return wire members of a transcode template."""
    return {"Container": "mp4", "VideoTemplate": VIDEO, "AudioTemplate": AUDIO} | changes


@pytest.mark.parametrize("template", PRESETS.values(), ids=lambda t: f"{t.kind.value}-{t.definition}")
def test_presets_round_trip_on_the_wire(template: Any) -> None:
    """What a template says of itself can be sent back: same members, same values."""
    assert read_body(template.kind, template.body.to_wire()) == template.body


def test_every_kind_has_a_body() -> None:
    """No kind of template is without its fields."""
    assert set(FAMILIES) == set(TemplateKind)


@pytest.mark.parametrize(
    ("kind", "plain", "field"),
    [
        (TemplateKind.TRANSCODE, transcode(Container="avi"), "Container"),
        (TemplateKind.TRANSCODE, transcode(VideoTemplate=VIDEO | {"Fps": 101}), "VideoTemplate.Fps"),
        (TemplateKind.TRANSCODE, transcode(VideoTemplate=VIDEO | {"Bitrate": 100}), "VideoTemplate.Bitrate"),
        (TemplateKind.TRANSCODE, transcode(VideoTemplate=VIDEO | {"Codec": "H.266"}), "VideoTemplate.Codec"),
        (TemplateKind.TRANSCODE, transcode(VideoTemplate=VIDEO | {"Width": 9000}), "VideoTemplate.Width"),
        (TemplateKind.TRANSCODE, transcode(VideoTemplate=VIDEO | {"Vcrf": 52}), "VideoTemplate.Vcrf"),
        (TemplateKind.TRANSCODE, transcode(AudioTemplate=AUDIO | {"SampleRate": 1}), "AudioTemplate.SampleRate"),
        (TemplateKind.TRANSCODE, transcode(Typo=1), "Typo"),
        (TemplateKind.TRANSCODE, {"Container": "mp4", "RemoveVideo": 1, "RemoveAudio": 1}, "every stream"),
        (TemplateKind.WATERMARK, {"Type": "image"}, "ImageTemplate"),
        (TemplateKind.WATERMARK, {"Type": "text", "XPos": "10"}, "XPos"),
        (TemplateKind.WATERMARK, {"Type": "svg", "CoordinateOrigin": "Middle"}, "CoordinateOrigin"),
        (TemplateKind.SAMPLE_SNAPSHOT, {"SampleType": "Percent"}, "SampleInterval"),
        (TemplateKind.IMAGE_SPRITE,
         {"SampleType": "Time", "SampleInterval": 1, "RowCount": 100, "ColumnCount": 100, "Width": 200}, "15000"),
        (TemplateKind.ANIMATED_GRAPHICS, {"Fps": 31}, "Fps"),
        (TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, {"Format": "HLS", "StreamInfos": []}, "StreamInfos"),
        (TemplateKind.ADAPTIVE_DYNAMIC_STREAMING,
         {"Format": "HLS", "DrmType": "Widevine", "StreamInfos": [{"Video": VIDEO, "Audio": AUDIO}]}, "DrmType"),
        (TemplateKind.REVIEW, {"Labels": ["Dance"]}, "Labels"),
    ],
)  # fmt: skip
def test_wrong_fields_are_named(kind: TemplateKind, plain: dict[str, Any], field: str) -> None:
    """Each field out of its range is refused, and the refusal names it."""
    with pytest.raises(Invalid) as caught:
        read_body(kind, plain)
    assert field in caught.value.message


def test_corners_in_either_case() -> None:
    """``topRight``, which the product answers, is taken where ``TopRight`` is asked for."""
    plain = {"Type": "text", "CoordinateOrigin": "topRight", "TextTemplate":
             {"FontType": "arial.ttf", "FontSize": "16px", "FontColor": "0xFFFFFF", "FontAlpha": 1}}  # fmt: skip
    assert read_body(TemplateKind.WATERMARK, plain).coordinate_origin == "TopRight"


@pytest.mark.parametrize("name", ["", "a" * 21, "a(b", "a=b", "a&b"])
def test_procedure_names(name: str) -> None:
    """A name that a signature could not carry, or that reads like a call, is refused."""
    with pytest.raises(Invalid, match="Name"):
        read_wire(CustomProcedure, {"Name": name}, "procedure.field")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 0, (0, 10)),
        (2, 0, (2, 10)),
        (0, 4, (0, 4)),
        (2, -1, (2, 9)),
        (-3, 0, (7, 10)),
        (-3, -1, (7, 9)),
        (1, 99, (1, 10)),
    ],
)
def test_clip_range(start: float, end: float, expected: tuple[float, float]) -> None:
    """Offsets count from the begin, or from the end when negative; 0 is the begin or the end (3.6)."""
    assert clip_range(start, end, 10) == expected


@pytest.mark.parametrize(("start", "end"), [(5, 5), (5, 4), (10, 0), (-11, 0), (0, -10)])
def test_empty_ranges_are_refused(start: float, end: float) -> None:
    """A range outside the video, or without length, is a failure with its wire code."""
    with pytest.raises(Failure) as caught:
        clip_range(start, end, 10)
    assert caught.value.err_code_ext == "InvalidInput.InvalidTimeOffset"


def test_numbers_of_failures() -> None:
    """The deprecated number goes by the family of the code."""
    assert [err_code(code) for code in ("", "InvalidInput.X", "SourceFileError.Y", "InternalError")] == [
        0, 40000, 60000, 70000,
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "mode"), [("none", "None"), ("CHANGE", "Change"), ("", "Finish"), ("?", "Finish")])
def test_notify_modes_in_any_case(text: str, mode: str) -> None:
    """Clients spell the mode as they like (``events.md`` 5)."""
    assert read_notify_mode(text).value == mode
