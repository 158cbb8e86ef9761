"""Procedure templates through API 3.0, against a real server."""

from __future__ import annotations

from typing import Any

import pytest

from support.server import PlatformServer
from support.server.api import call, code, paced
from support.server.wire import Wire

_FULL = {
    "TranscodeTaskSet": [
        {"Definition": 20, "WatermarkSet": [{"Definition": 1_000_001}], "StartTimeOffset": 1, "TraceWatermark": None}
    ],
    "AnimatedGraphicTaskSet": [{"Definition": 20_000, "StartTimeOffset": 0, "EndTimeOffset": 2.5}],
    "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["3.5s", "10%"]}],
    "SampleSnapshotTaskSet": [{"Definition": 10}],
    "ImageSpriteTaskSet": [{"Definition": 10}],
    "CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Time", "PositionValue": 0}],
    "AdaptiveDynamicStreamingTaskSet": [{"Definition": 10, "SubtitleSet": []}],
}


@pytest.fixture
def application(wire: Wire, shared_server: PlatformServer) -> int:
    """An application of the test's own, so that counts are its own."""
    return shared_server.administer(lambda access: access.create_application("procedures")).sub_app_id


@pytest.fixture
def own(wire: Wire, application: int, shared_server: PlatformServer) -> Wire:
    """A client that speaks for that application."""
    return Wire(wire.url, shared_server.create_key(application), wire.http)


def listed(own: Wire, **filters: Any) -> list[dict[str, Any]]:
    """Return what DescribeProcedureTemplates lists."""
    answer = call(own, "DescribeProcedureTemplates", filters)
    assert "Error" not in answer, answer
    return list(answer["ProcedureTemplateSet"])


def test_create_describe_reset_delete(own: Wire) -> None:
    """A procedure comes back as it was sent, all seven sets present; Reset replaces the whole; Delete ends it."""
    review = {"Definition": 10, "ReviewContents": ["Media"]}
    body = {"Name": "flow 名", "Comment": "c", "MediaProcessTask": _FULL, "ReviewAudioVideoTask": review}
    assert code(call(own, "CreateProcedureTemplate", body)) == ""
    (row,) = listed(own, Names=["flow 名"])
    assert (row["Type"], row["Comment"], row["ReviewAudioVideoTask"]) == ("Custom", "c", review)
    task = row["MediaProcessTask"]
    assert set(task) == set(_FULL)
    assert task["TranscodeTaskSet"][0]["WatermarkSet"][0]["Definition"] == 1_000_001
    assert task["AnimatedGraphicTaskSet"] == [{"Definition": 20_000, "StartTimeOffset": 0.0, "EndTimeOffset": 2.5}]
    assert [row[name] for name in ("AiContentReviewTask", "AiAnalysisTask", "MiniProgramPublishTask")] == [None] * 3
    assert row["AiRecognitionTaskSet"] == []
    assert row["CreateTime"].endswith("Z")
    again = {"Name": "flow 名", "MediaProcessTask": {"ImageSpriteTaskSet": [{"Definition": 10}]}}
    assert code(call(own, "ResetProcedureTemplate", again)) == ""
    (changed,) = listed(own, Type="Custom")
    assert changed["MediaProcessTask"]["TranscodeTaskSet"] == []
    assert (changed["Comment"], changed["ReviewAudioVideoTask"]) == ("", None)
    assert changed["CreateTime"] == row["CreateTime"]
    assert code(call(own, "DeleteProcedureTemplate", {"Name": "flow 名"})) == ""
    assert listed(own, Type="Custom") == []


def test_presets_and_pages(own: Wire) -> None:
    """Presets come first; filters, pages and both spellings of the order work; the count is that of all pages."""
    for name in ("b", "a", "c"):
        assert code(call(own, "CreateProcedureTemplate", {"Name": name})) == ""
    assert [row["Name"] for row in listed(own, Type="Preset")] == ["LongVideoPreset", "SimpleAesEncryptPreset"]
    assert [row["Name"] for row in listed(own, Type="Custom")] == ["a", "b", "c"]
    page = call(own, "DescribeProcedureTemplates", {"Offset": 2, "Limit": 2})
    assert (page["TotalCount"], [row["Name"] for row in page["ProcedureTemplateSet"]]) == (5, ["a", "b"])
    newest = listed(own, Type="Custom", SortBy=[{"Field": "create_time", "Order": "desc"}])
    assert newest == listed(own, Type="Custom", SortBy=[{"Field": "CreateTime", "Order": "Desc"}])
    assert [row["CreateTime"] for row in newest] == sorted((row["CreateTime"] for row in newest), reverse=True)
    preset = listed(own, Names=["LongVideoPreset"])[0]
    assert preset["MediaProcessTask"]["CoverBySnapshotTaskSet"][0]["PositionType"] == "Time"


def test_the_order_of_creation(own: Wire) -> None:
    """SortBy CreateTime tells the older from the younger, both ways."""
    for name in ("z-old", "a-new"):
        assert code(call(own, "CreateProcedureTemplate", {"Name": name})) == ""
    ascending = listed(own, Type="Custom", SortBy=[{"Field": "CreateTime", "Order": "Asc"}])
    assert [row["Name"] for row in ascending] == ["z-old", "a-new"]
    descending = listed(own, Type="Custom", SortBy=[{"Field": "CreateTime", "Order": "Desc"}])
    assert [row["Name"] for row in descending] == ["a-new", "z-old"]


def test_quota(own: Wire) -> None:
    """Fifty fit, the next does not, until one is deleted."""
    for number in range(50):
        assert code(paced(own, "CreateProcedureTemplate", {"Name": f"n{number}"})) == ""
    assert code(paced(own, "CreateProcedureTemplate", {"Name": "one more"})) == "LimitExceeded"
    assert code(paced(own, "DeleteProcedureTemplate", {"Name": "n7"})) == ""
    assert code(paced(own, "CreateProcedureTemplate", {"Name": "one more"})) == ""


def test_names_are_taken_once(own: Wire, wire: Wire) -> None:
    """A name is taken once, by presets too; applications do not see each other's."""
    assert code(call(own, "CreateProcedureTemplate", {"Name": "n0"})) == ""
    assert "n0" not in [row["Name"] for row in listed(wire, Limit=100)]
    assert code(call(own, "CreateProcedureTemplate", {"Name": "n0"})) == "InvalidParameter.ExistedProcedureName"
    taken = call(own, "CreateProcedureTemplate", {"Name": "LongVideoPreset"})
    assert code(taken) == "InvalidParameter.ExistedProcedureName"


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("CreateProcedureTemplate", {}, "MissingParameter"),
        ("CreateProcedureTemplate", {"Name": "a" * 21}, "InvalidParameterValue"),
        ("CreateProcedureTemplate", {"Name": ""}, "InvalidParameterValue"),
        ("CreateProcedureTemplate", {"Name": "a(b)"}, "InvalidParameterValue"),
        ("CreateProcedureTemplate", {"Name": "n", "Comment": "c" * 257}, "InvalidParameterValue"),
        ("CreateProcedureTemplate", {"Name": "n", "Bogus": 1}, "UnknownParameter"),
        ("CreateProcedureTemplate", {"Name": "n", "MediaProcessTask": []}, "InvalidParameter"),
        ("CreateProcedureTemplate", {"Name": "n", "MediaProcessTask": {"TranscodeTaskSet": [{}]}}, "MissingParameter"),
        ("CreateProcedureTemplate", {"Name": "n", "AiAnalysisTask": {"Definition": 10}}, "UnsupportedOperation"),
        ("CreateProcedureTemplate", {"Name": "n", "AiRecognitionTaskSet": [{"Definition": 10}]},
         "UnsupportedOperation"),
        ("CreateProcedureTemplate",
         {"Name": "n", "MediaProcessTask": {"TranscodeTaskSet": [
             {"Definition": 10, "TraceWatermark": {"Switch": "ON", "Definition": 1}}]}}, "InvalidParameterValue"),
        ("ResetProcedureTemplate", {"Name": "nowhere"}, "InvalidParameter.ProcedureNameNotExist"),
        ("ResetProcedureTemplate", {"Name": "LongVideoPreset"}, "InvalidParameterValue.ModifyDefaultTemplate"),
        ("DeleteProcedureTemplate", {"Name": "nowhere"}, "InvalidParameter"),
        ("DeleteProcedureTemplate", {"Name": "LongVideoPreset"}, "InvalidParameterValue.DeleteDefaultTemplate"),
        ("DeleteProcedureTemplate", {}, "MissingParameter"),
        ("DescribeProcedureTemplates", {"Limit": 101}, "InvalidParameterValue.Limit"),
        ("DescribeProcedureTemplates", {"Limit": 0}, "InvalidParameterValue.Limit"),
        ("DescribeProcedureTemplates", {"Type": "Other"}, "InvalidParameterValue.Type"),
        ("DescribeProcedureTemplates", {"Names": ["n"] * 101}, "InvalidParameterValue.Names"),
        ("DescribeProcedureTemplates", {"Names": "n"}, "InvalidParameter"),
        ("DescribeProcedureTemplates", {"SortBy": [{"Field": "Name"}]}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_refusals(wire: Wire, action: str, body: dict[str, Any], expected: str) -> None:
    """Each fault has the code of the specification's table."""
    assert code(call(wire, action, body)) == expected


def test_a_switched_off_mark_asks_for_nothing(own: Wire) -> None:
    """What SDKs send of members that are not offered, empty or switched off, is no reason to refuse."""
    item = {"Definition": 10, "TraceWatermark": {"Switch": "OFF"}, "CopyRightWatermark": {"Text": ""},
            "SubtitleInfoSet": []}  # fmt: skip
    body = {"Name": "quiet", "MediaProcessTask": {"TranscodeTaskSet": [item]}}
    assert code(call(own, "CreateProcedureTemplate", body)) == ""
    assert listed(own, Names=["quiet"])[0]["MediaProcessTask"]["TranscodeTaskSet"][0]["Definition"] == 10
