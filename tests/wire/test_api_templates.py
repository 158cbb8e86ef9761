"""Templates of every kind through API 3.0, against a real server."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from openvod.kinds.registry import FAMILIES as ALL_FAMILIES
from openvod.kinds.templates import TemplateFamily
from support.server import PlatformServer
from support.server.api import call, code, paced
from support.server.wire import Wire

_VIDEO = {"Codec": "libx264", "Fps": 25, "Bitrate": 500}
_AUDIO = {"Codec": "libfdk_aac", "Bitrate": 64, "SampleRate": 44100}
_SAMPLE = {"SampleType": "Time", "SampleInterval": 2}
#: What creates a template of each kind, and a change with what it leads to.
BODIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "TranscodeTemplate": (
        {"Container": "mp4", "VideoTemplate": _VIDEO, "AudioTemplate": _AUDIO, "TEHDConfig": {"Type": "OFF"}},
        {"Container": "hls"},
    ),
    "SnapshotByTimeOffsetTemplate": ({"Width": 320, "Height": 0, "Format": "png"}, {"FillType": "white"}),
    "SampleSnapshotTemplate": (_SAMPLE | {"Width": 320}, {"SampleInterval": 3}),
    "ImageSpriteTemplate": (_SAMPLE | {"RowCount": 4, "ColumnCount": 5, "Width": 160, "Height": 90}, {"RowCount": 6}),
    "AnimatedGraphicsTemplate": ({"Fps": 5, "Width": 320}, {"Quality": 50}),
    "AdaptiveDynamicStreamingTemplate": (
        {"Format": "HLS", "StreamInfos": [{"Video": _VIDEO, "Audio": _AUDIO}]},
        {"DisableHigherVideoBitrate": 1},
    ),
    "ReviewTemplate": ({"Labels": ["Porn", "Terror"]}, {"Labels": ["Ad"]}),
    "ContentReviewTemplate": (
        {"ScreenshotInterval": 1, "PornConfigure": {"ImgReviewInfo": {"Switch": "ON"}}},
        {"ScreenshotInterval": 2.5},
    ),
}
_QUOTAS = {"SnapshotByTimeOffsetTemplate": 16, "SampleSnapshotTemplate": 16, "ImageSpriteTemplate": 16,
           "AnimatedGraphicsTemplate": 16, "ReviewTemplate": 50, "ContentReviewTemplate": 50, "TranscodeTemplate": 100,
           "AdaptiveDynamicStreamingTemplate": 100}  # fmt: skip
_PRESETS = {"TranscodeTemplate": 100_010, "SnapshotByTimeOffsetTemplate": 10, "SampleSnapshotTemplate": 10,
            "ImageSpriteTemplate": 10, "AnimatedGraphicsTemplate": 20_000, "AdaptiveDynamicStreamingTemplate": 10,
            "ReviewTemplate": 10, "ContentReviewTemplate": 10}  # fmt: skip
FAMILIES = [family for family in ALL_FAMILIES.values() if family.noun]
families = pytest.mark.parametrize("family", FAMILIES, ids=[family.noun for family in FAMILIES])


@pytest.fixture
def own(wire: Wire, shared_server: PlatformServer) -> Wire:
    """A client of an application of the test's own, so that counts are its own."""
    application = shared_server.administer(lambda access: access.create_application("templates")).sub_app_id
    return Wire(wire.url, shared_server.create_key(application), wire.http)


def create(own: Wire, noun: str, **changes: Any) -> int:
    """Create a template of a kind; return its id."""
    answer = paced(own, f"Create{noun}", BODIES[noun][0] | changes)
    assert code(answer) == "", answer
    definition = answer["Definition"]
    assert type(definition) is int
    return definition


def describe(own: Wire, family: TemplateFamily, **filters: Any) -> list[dict[str, Any]]:
    """Return what Describe lists."""
    answer = paced(own, f"Describe{family.noun}s", filters)
    assert code(answer) == "", answer
    return list(answer[family.members])


@families
def test_create_describe_modify_delete(own: Wire, family: TemplateFamily) -> None:
    """A template comes back with every member sent; a change keeps the others; deleted it is gone."""
    body, change = BODIES[family.noun]
    definition = create(own, family.noun, Name="名", Comment="c")
    assert definition >= 1_000_000
    (row,) = describe(own, family, Definitions=[definition])
    is_text = family.noun == "TranscodeTemplate"
    assert row["Definition"] == (str(definition) if is_text else definition)
    assert (row["Type"], row["Name"], row["Comment"]) == ("Custom", "名", "c")
    assert _contains(row, body)
    assert row["CreateTime"].endswith("Z")
    assert code(call(own, f"Modify{family.noun}", {"Definition": definition, "Name": "new", **change})) == ""
    (changed,) = describe(own, family, Type="Custom")
    assert _contains(changed, body | change)
    assert (changed["Name"], changed["Comment"], changed["CreateTime"]) == ("new", "c", row["CreateTime"])
    assert code(call(own, f"Delete{family.noun}", {"Definition": definition})) == ""
    assert describe(own, family, Type="Custom") == []
    for action in ("Modify", "Delete"):
        gone = call(own, f"{action}{family.noun}", {"Definition": definition})
        assert code(gone) == "ResourceNotFound.TemplateNotExist"


@families
def test_presets(own: Wire, family: TemplateFamily) -> None:
    """Presets are listed, and neither changed nor deleted."""
    preset = _PRESETS[family.noun]
    (row,) = describe(own, family, Definitions=[preset], Type="Preset")
    assert (row["Type"], int(row["Definition"])) == ("Preset", preset)
    assert describe(own, family, Definitions=[preset], Type="Custom") == []
    changed = call(own, f"Modify{family.noun}", {"Definition": preset, "Name": "x"})
    assert code(changed) == "InvalidParameterValue.ModifyDefaultTemplate"
    deleted = call(own, f"Delete{family.noun}", {"Definition": preset})
    assert code(deleted) == "InvalidParameterValue.DeleteDefaultTemplate"


@families
def test_listing_faults(own: Wire, family: TemplateFamily) -> None:
    """Each wrong filter has its code; pages count all."""
    action = f"Describe{family.noun}s"
    assert code(call(own, action, {"Limit": 101})) == "InvalidParameterValue.Limit"
    assert code(call(own, action, {"Type": "Other"})) == "InvalidParameterValue.Type"
    assert code(call(own, action, {"Definitions": list(range(1, 102))})) == "InvalidParameterValue.Definitions"
    everything = call(own, action, {"Limit": 100})
    assert everything["TotalCount"] == len(everything[family.members])
    last = call(own, action, {"Limit": 1, "Offset": everything["TotalCount"] - 1})
    assert (last["TotalCount"], last[family.members]) == (everything["TotalCount"], everything[family.members][-1:])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("noun", [noun for noun, quota in _QUOTAS.items() if quota <= 50])
def test_quota(own: Wire, noun: str) -> None:
    """As many as the quota fit, not one more, until one is deleted."""
    made = [create(own, noun) for _ in range(_QUOTAS[noun])]
    expected = "LimitExceeded" if "Review" in noun else "LimitExceeded.TooMuchTemplate"
    assert code(paced(own, f"Create{noun}", BODIES[noun][0])) == expected
    assert code(paced(own, f"Delete{noun}", {"Definition": made[0]})) == ""
    assert create(own, noun) not in made[1:]


@pytest.mark.parametrize(
    ("noun", "changes", "expected"),
    [
        ("TranscodeTemplate", {"Container": "avi"}, "InvalidParameterValue.Container"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"Codec": "vp9"}}, "InvalidParameterValue.VideoCodec"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"Bitrate": 5}}, "InvalidParameterValue.VideoBitrate"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"Fps": 101}}, "InvalidParameterValue.Fps"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"Width": 9000}}, "InvalidParameterValue.Width"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"Height": 9000}}, "InvalidParameterValue.Height"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"FillType": "red"}}, "InvalidParameterValue.FillType"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"Vcrf": 52}}, "InvalidParameterValue.Vcrf"),
        ("TranscodeTemplate", {"VideoTemplate": _VIDEO | {"ResolutionAdaptive": "on"}},
         "InvalidParameterValue.ResolutionAdaptive"),
        ("TranscodeTemplate", {"AudioTemplate": _AUDIO | {"Codec": "x"}}, "InvalidParameterValue.AudioCodec"),
        ("TranscodeTemplate", {"AudioTemplate": _AUDIO | {"Bitrate": 1}}, "InvalidParameterValue.AudioBitrate"),
        ("TranscodeTemplate", {"AudioTemplate": _AUDIO | {"SampleRate": 1}}, "InvalidParameterValue.AudioSampleRate"),
        ("TranscodeTemplate", {"AudioTemplate": _AUDIO | {"AudioChannel": 9}}, "InvalidParameterValue.AudioChannel"),
        ("TranscodeTemplate", {"RemoveAudio": 2}, "InvalidParameterValue.RemoveAudio"),
        ("TranscodeTemplate", {"RemoveVideo": 2}, "InvalidParameterValue.RemoveVideo"),
        ("TranscodeTemplate", {"RemoveVideo": 1, "RemoveAudio": 1}, "InvalidParameterValue"),
        ("TranscodeTemplate", {"Name": "n" * 65}, "InvalidParameterValue.Name"),
        ("TranscodeTemplate", {"Comment": "c" * 257}, "InvalidParameterValue.Comment"),
        ("TranscodeTemplate", {"Container": 5}, "InvalidParameterValue.Container"),
        ("TranscodeTemplate", {"Bogus": 5}, "UnknownParameter"),
        ("TranscodeTemplate", {"VideoTemplate": {"Fps": 5}}, "MissingParameter"),
        ("TranscodeTemplate", {"VideoTemplate": 5}, "InvalidParameter"),
        ("SnapshotByTimeOffsetTemplate", {"Format": "bmp"}, "InvalidParameterValue.Format"),
        ("SnapshotByTimeOffsetTemplate", {"Width": 10}, "InvalidParameterValue.Width"),
        ("SnapshotByTimeOffsetTemplate", {"FillType": "red"}, "InvalidParameterValue.FillType"),
        ("SampleSnapshotTemplate", {"SampleType": "Often"}, "InvalidParameterValue.SampleType"),
        ("SampleSnapshotTemplate", {"SampleInterval": 0}, "InvalidParameterValue.SampleInterval"),
        ("ImageSpriteTemplate", {"RowCount": 0}, "InvalidParameterValue.RowCount"),
        ("ImageSpriteTemplate", {"ColumnCount": 101}, "InvalidParameterValue.ColumnCount"),
        ("ImageSpriteTemplate", {"Width": 4000}, "InvalidParameterValue"),
        ("AnimatedGraphicsTemplate", {"Fps": 31}, "InvalidParameterValue.Fps"),
        ("AnimatedGraphicsTemplate", {"Quality": 0}, "InvalidParameterValue.Quality"),
        ("AnimatedGraphicsTemplate", {"Format": "png"}, "InvalidParameterValue.Format"),
        ("AdaptiveDynamicStreamingTemplate", {"Format": "RTMP"}, "InvalidParameterValue.Format"),
        ("AdaptiveDynamicStreamingTemplate", {"DrmType": "Widevine"}, "InvalidParameterValue.DrmType"),
        ("AdaptiveDynamicStreamingTemplate", {"DisableHigherVideoBitrate": 2},
         "InvalidParameterValue.DisableHigherVideoBitrate"),
        ("AdaptiveDynamicStreamingTemplate",
         {"StreamInfos": [{"Video": _VIDEO | {"Codec": "vp9"}, "Audio": _AUDIO}]}, "InvalidParameterValue.VideoCodec"),
        ("AdaptiveDynamicStreamingTemplate", {"StreamInfos": []}, "InvalidParameterValue"),
        ("ReviewTemplate", {"Labels": []}, "InvalidParameterValue.Labels"),
        ("ReviewTemplate", {"Labels": ["Dance"]}, "InvalidParameterValue.Labels"),
        ("ContentReviewTemplate", {"ScreenshotInterval": 0.1}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_wrong_fields(own: Wire, noun: str, changes: dict[str, Any], expected: str) -> None:
    """A wrong field has the code that the product has for it, in Create and in Modify alike; nothing is stored."""
    assert code(call(own, f"Create{noun}", BODIES[noun][0] | changes)) == expected
    family = next(family for family in FAMILIES if family.noun == noun)
    assert describe(own, family, Type="Custom") == []
    definition = create(own, noun)
    before = describe(own, family, Type="Custom")
    answer = code(call(own, f"Modify{noun}", {"Definition": definition} | changes))
    # What Modify leaves out stays, so nothing can be missing.
    assert answer == ("" if expected == "MissingParameter" else expected)
    if answer:
        assert describe(own, family, Type="Custom") == before


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"ContainerType": "PureAudio"}, [1100, 1110, 1120, 1130, 1140, 1010, 1020]),
        ({"TEHDType": "TEHD"}, [100_800, 100_810, 100_820, 100_830, 100_840]),
    ],
)
def test_filters_of_transcode_templates(own: Wire, filters: dict[str, str], kept: list[int]) -> None:
    """Both filters of the kind leave what they name, and their opposites the rest."""
    everything = call(own, "DescribeTranscodeTemplates")["TotalCount"]
    found = call(own, "DescribeTranscodeTemplates", filters | {"Limit": 100})["TranscodeTemplateSet"]
    assert [int(row["Definition"]) for row in found] == kept
    assert all(row["ContainerType"] == "PureAudio" for row in found) == ("ContainerType" in filters)
    opposite = {"ContainerType": "Video"} if "ContainerType" in filters else {"TEHDType": "Common"}
    assert call(own, "DescribeTranscodeTemplates", opposite)["TotalCount"] == everything - len(kept)
    (name,) = filters
    assert code(call(own, "DescribeTranscodeTemplates", {name: "Other"})) == f"InvalidParameterValue.{name}"


def test_a_review_template_with_spellings_of_samples(own: Wire) -> None:
    """CreateReviewTemplate takes SubAppId as a text, and the label Ads for Ad."""
    answer = call(own, "CreateReviewTemplate", {"Labels": ["Ads"], "SubAppId": str(own.key.sub_app_id)})
    assert code(answer) == ""
    family = next(family for family in FAMILIES if family.noun == "ReviewTemplate")
    assert describe(own, family, Type="Custom")[0]["Labels"] == ["Ad"]


def test_declared_types(own: Wire) -> None:
    """A transcode's id is a text, every other number of a template an integer."""
    family = FAMILIES[0]
    create(own, family.noun)
    for row in describe(own, family, Limit=100):
        assert type(row["Definition"]) is str
        for name in ("Fps", "Bitrate", "Width", "Height", "Vcrf", "Gop"):
            assert row["VideoTemplate"] is None or type(row["VideoTemplate"][name]) is int
        assert row["AudioTemplate"] is None or type(row["AudioTemplate"]["SampleRate"]) is int


def _contains(row: Any, body: Any) -> bool:
    """Tell whether everything of ``body`` stands in ``row``."""
    if isinstance(body, dict):
        return all(name in row and _contains(row[name], value) for name, value in body.items())
    if isinstance(body, list):
        return len(row) == len(body) and all(_contains(a, b) for a, b in zip(row, body, strict=True))
    return bool(row == body)


def picture(kind: str = "PNG", colour: str = "red", size: tuple[int, int] = (64, 32)) -> bytes:
    """Return a picture's bytes."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def encoded(content: bytes) -> dict[str, str]:
    """Return ``ImageTemplate`` with a picture."""
    return {"ImageContent": base64.b64encode(content).decode()}


def watermarks(own: Wire, **filters: Any) -> list[dict[str, Any]]:
    """Return what DescribeWatermarkTemplates lists."""
    answer = paced(own, "DescribeWatermarkTemplates", filters)
    assert code(answer) == "", answer
    assert answer["TotalCount"] >= len(answer["WatermarkTemplateSet"])
    return list(answer["WatermarkTemplateSet"])


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif")])
def test_image_watermarks(own: Wire, kind: str, media_type: str) -> None:
    """The picture can be fetched where ImageUrl says, byte for byte; a new one replaces it, Delete removes it."""
    content = picture(kind)
    body = {"Type": "image", "Name": "logo", "CoordinateOrigin": "bottomRight", "XPos": "5%", "YPos": "12px",
            "ImageTemplate": encoded(content) | {"Width": "20%", "RepeatType": "once", "Transparency": 30}}  # fmt: skip
    made = call(own, "CreateWatermarkTemplate", body)
    assert made["Definition"] >= 1_000_000
    fetched = own.http.get(made["ImageUrl"])
    assert (fetched.content, fetched.headers["content-type"]) == (content, media_type)
    (row,) = watermarks(own, Definitions=[made["Definition"]])
    assert row["ImageTemplate"] == {
        "ImageUrl": made["ImageUrl"], "Width": "20%", "Height": "0px", "RepeatType": "once", "Transparency": 30,
    }  # fmt: skip
    assert (row["Type"], row["CoordinateOrigin"], row["XPos"], row["YPos"]) == ("image", "BottomRight", "5%", "12px")
    assert (row["TextTemplate"], row["SvgTemplate"], row["Comment"]) == (None, None, "")
    moved = call(own, "ModifyWatermarkTemplate", {"Definition": made["Definition"], "XPos": "50px", "Comment": "c"})
    assert moved["ImageUrl"] == ""
    assert own.http.get(made["ImageUrl"]).content == content
    other = picture("PNG", "blue")
    change = {"Definition": made["Definition"], "ImageTemplate": encoded(other)}
    replaced = call(own, "ModifyWatermarkTemplate", change)
    assert own.http.get(replaced["ImageUrl"]).content == other
    assert own.http.get(made["ImageUrl"]).status_code == 404
    (row,) = watermarks(own)
    assert (row["XPos"], row["Comment"], row["Name"]) == ("50px", "c", "logo")
    assert row["ImageTemplate"]["Width"] == "20%"
    assert code(call(own, "DeleteWatermarkTemplate", {"Definition": made["Definition"]})) == ""
    assert own.http.get(replaced["ImageUrl"]).status_code == 404
    assert watermarks(own) == []


def test_text_and_svg_watermarks(own: Wire) -> None:
    """Both kinds without a picture come back as sent; the filter by type tells all three apart."""
    text = {"FontType": "arial.ttf", "FontSize": "16px", "FontColor": "0xFFFFFF", "FontAlpha": 0.5}
    svg = {"Width": "10W%", "Height": "5S%"}
    made = {
        "text": call(own, "CreateWatermarkTemplate", {"Type": "text", "TextTemplate": text}),
        "svg": call(own, "CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": svg}),
        "image": call(own, "CreateWatermarkTemplate", {"Type": "image", "ImageTemplate": encoded(picture())}),
    }
    for kind, answer in made.items():
        (row,) = watermarks(own, Type=kind)
        assert row["Definition"] == answer["Definition"]
    assert (made["text"]["ImageUrl"], made["svg"]["ImageUrl"]) == ("", "")
    assert watermarks(own, Type="text")[0]["TextTemplate"] == text
    assert watermarks(own, Type="svg")[0]["SvgTemplate"] == svg
    change = {"Definition": made["text"]["Definition"], "TextTemplate": text | {"FontSize": "20px"}}
    assert code(call(own, "ModifyWatermarkTemplate", change)) == ""
    assert watermarks(own, Type="text")[0]["TextTemplate"]["FontSize"] == "20px"
    page = call(own, "DescribeWatermarkTemplates", {"Limit": 1, "Offset": 1})
    assert (page["TotalCount"], len(page["WatermarkTemplateSet"])) == (3, 1)


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("CreateWatermarkTemplate", {}, "MissingParameter"),
        ("CreateWatermarkTemplate", {"Type": "image"}, "MissingParameter"),
        ("CreateWatermarkTemplate", {"Type": "video"}, "InvalidParameterValue.Type"),
        ("CreateWatermarkTemplate", {"Type": "text"}, "InvalidParameterValue"),
        ("CreateWatermarkTemplate", {"Type": "image", "ImageTemplate": {"ImageContent": "%%%"}},
         "InvalidParameterValue.ImageContent"),
        ("CreateWatermarkTemplate", {"Type": "image", "ImageTemplate": encoded(b"no picture at all")},
         "InvalidParameterValue.PicFormatError"),
        ("CreateWatermarkTemplate", {"Type": "image", "ImageTemplate": encoded(picture("BMP"))},
         "InvalidParameterValue.PicFormatError"),
        ("CreateWatermarkTemplate", {"Type": "image", "ImageTemplate": encoded(picture()[:60])},
         "InvalidParameterValue.ImageDecodeError"),
        ("CreateWatermarkTemplate", {"Type": "image", "ImageTemplate": encoded(picture()) | {"Width": "4097px"}},
         "InvalidParameterValue"),
        ("CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": {}, "XPos": "far"}, "InvalidParameterValue.XPos"),
        ("CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": {}, "YPos": "far"}, "InvalidParameterValue.YPos"),
        ("CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": {}, "CoordinateOrigin": "Middle"},
         "InvalidParameterValue.CoordinateOrigin"),
        ("CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": {}, "Name": "n" * 65}, "InvalidParameterValue.Name"),
        ("CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": {}, "Comment": "c" * 257},
         "InvalidParameterValue.Comment"),
        ("CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": {}, "ImageTemplate": encoded(picture())},
         "InvalidParameterValue"),
        ("ModifyWatermarkTemplate", {"Definition": 999}, "ResourceNotFound.TemplateNotExist"),
        ("ModifyWatermarkTemplate", {"Definition": 999, "ImageTemplate": encoded(picture())},
         "ResourceNotFound.TemplateNotExist"),
        ("ModifyWatermarkTemplate", {"Definition": 1, "Type": "text"}, "UnknownParameter"),
        ("DeleteWatermarkTemplate", {"Definition": 999}, "ResourceNotFound"),
        ("DeleteWatermarkTemplate", {"Definition": 0}, "InvalidParameterValue.Definition"),
        ("DescribeWatermarkTemplates", {"Type": "Preset"}, "InvalidParameterValue.Type"),
        ("DescribeWatermarkTemplates", {"Limit": 101}, "InvalidParameterValue.Limit"),
        ("DescribeWatermarkTemplates", {"Definitions": list(range(1, 102))}, "InvalidParameterValue.Definitions"),
    ],
)  # fmt: skip
def test_refused_watermarks(own: Wire, action: str, body: dict[str, Any], expected: str) -> None:
    """Each fault has its code, and nothing is stored."""
    assert code(call(own, action, body)) == expected
    assert watermarks(own) == []


def test_a_watermarks_type_stays(own: Wire) -> None:
    """A picture cannot be put into a text's template."""
    made = call(own, "CreateWatermarkTemplate", {"Type": "svg", "SvgTemplate": {}})
    change = {"Definition": made["Definition"], "ImageTemplate": encoded(picture())}
    assert code(call(own, "ModifyWatermarkTemplate", change)) == "InvalidParameterValue"
    (row,) = watermarks(own)
    assert (row["Type"], row["ImageTemplate"]) == ("svg", None)
