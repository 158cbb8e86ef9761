"""``MediaInfo`` from values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvod.access.categories import name_and_path
from openvod.access.model import Category
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream
from openvod.media.info import PARTS, media_info
from openvod.media.model import KeyFrameMark, MediaAsset, MediaOutput, ProbeState

_PROBE = ProbeResult(
    9, "mp4", 8, 640, 360, 1.5, 0, 1.5, 1.4, "Video", (VideoStream(7, 360, 640, "h264", 25),),
    (AudioStream(1, 44100, "aac"),),
)  # fmt: skip
_ASSET = MediaAsset(
    "1", 7, "n", "mp4", 5, "b", "r", "k/d/x.mp4", "k/d/c.jpg", 9, "ctx", 2.0, 3.0, "", ProbeState.DONE,
    _PROBE.to_json(), description="words", tags=("a",), key_frames=(KeyFrameMark(1.5, "x"),),
)  # fmt: skip
_OUTPUTS = [
    MediaOutput("1", "Transcode", 10, {"Definition": 10}, 4.0),
    MediaOutput("1", "Porn", 10, {"Suggestion": "pass"}, 5.0),
    MediaOutput("1", "ReviewAudioVideo", 11, {"Suggestion": "block"}, 6.0),
]


def test_everything_that_is_known() -> None:
    """Basic data, details, the original as definition 0 before transcodes, and the newest review."""
    info = media_info(_ASSET, _OUTPUTS, "http://x/{}".format, class_name="b", class_path="a-b")
    assert list(info) == ["FileId", *PARTS.values()]
    basic = info["BasicInfo"]
    assert (basic["Description"], basic["TagSet"], basic["ClassPath"]) == ("words", ["a"], "a-b")
    assert (basic["CoverUrl"], basic["MediaUrl"]) == ("http://x/k/d/c.jpg", "http://x/k/d/x.mp4")
    original, transcode = info["TranscodeInfo"]["TranscodeSet"]
    assert (original["Definition"], original["Url"], original["Size"]) == (0, "http://x/k/d/x.mp4", 9)
    assert transcode == {"Definition": 10}
    assert info["KeyFrameDescInfo"] == {"KeyFrameDescSet": [{"TimeOffset": 1.5, "Content": "x"}]}
    assert info["ReviewInfo"]["MediaReviewInfo"] == {"Suggestion": "block"}
    assert info["SubtitleInfo"] is info["MiniProgramReviewInfo"] is info["AnimatedGraphicsInfo"] is None


@pytest.mark.parametrize("name", [*PARTS])
def test_parts_that_are_not_asked_for_are_null(name: str) -> None:
    """A filter leaves one part alone."""
    asked = media_info(_ASSET, _OUTPUTS, str, parts=[name])
    everything = media_info(_ASSET, _OUTPUTS, str)
    assert asked == dict.fromkeys(PARTS.values()) | {"FileId": "1", PARTS[name]: everything[PARTS[name]]}


def test_a_file_without_its_original() -> None:
    """No address leads to what was deleted; what was made of it stays."""
    info = media_info(replace(_ASSET, has_original=False), _OUTPUTS, str)
    assert info["BasicInfo"]["MediaUrl"] == ""
    assert info["TranscodeInfo"]["TranscodeSet"] == [{"Definition": 10}]


def test_names_and_paths_of_categories() -> None:
    """A path leads from the top; an unknown category is told as the built-in one."""
    known = [Category(1, 7, "a", -1), Category(2, 7, "b", 1), Category(3, 7, "c", 2)]
    assert name_and_path(known, 3) == ("c", "a-b-c")
    assert name_and_path(known, 1) == ("a", "a")
    assert name_and_path(known, 0) == name_and_path(known, 9) == ("其他", "其他")
