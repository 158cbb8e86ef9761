"""Media over API 3.0, with a clip that was really uploaded and really processed."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.server import PlatformServer
from support.server.api import paced
from support.server.library import Library, encoded_picture, failures_of_the_next_run, processed_file
from support.server.wire import Wire, signature
from support.server.wire_types import check_types
from support.sweeps.workers import wait_for

_NEVER = "9999-12-31T23:59:59Z"


@pytest.fixture(scope="module")
def library(shared_server: PlatformServer) -> Iterator[Library]:
    """An application of this module's own, so that searches find its files alone."""
    application = shared_server.administer(lambda access: access.create_application("media"))
    wire = Wire(shared_server.url, shared_server.create_key(application.sub_app_id))
    yield Library(shared_server, wire, application.sub_app_id)
    wire.http.close()


@pytest.fixture(scope="module")
def processed(library: Library, short: Path, cover: Path) -> str:
    """A clip with its cover and everything made of it."""
    return processed_file(library, short, cover, "processed")


def test_everything_of_a_processed_clip(library: Library, processed: str, short: Path) -> None:
    """Every part tells what was made; the types are those declared, and every address plays."""
    info = library.info(processed)
    check_types(info, "")
    basic, metadata = info["BasicInfo"], info["MetaData"]
    assert (basic["Name"], basic["Type"], basic["Category"], basic["Status"]) == ("processed", "mp4", "Video", "Normal")
    assert (basic["ExpireTime"], basic["ClassName"], basic["TagSet"]) == (_NEVER, "其他", [])
    assert basic["SourceInfo"]["SourceContext"] == "from a test"
    assert (metadata["Size"], metadata["Width"], metadata["Height"]) == (short.stat().st_size, 1280, 720)
    transcodes = {each["Definition"]: each for each in info["TranscodeInfo"]["TranscodeSet"]}
    assert sorted(transcodes) == [0, 875, 876, 1100]
    assert transcodes[0]["Url"] == basic["MediaUrl"]
    assert {**metadata, **transcodes[0]} == {**transcodes[0], **metadata}
    assert len(info["SnapshotByTimeOffsetInfo"]["SnapshotByTimeOffsetSet"][0]["PicInfoSet"]) == 2
    assert info["AdaptiveDynamicStreamingInfo"]["AdaptiveDynamicStreamingSet"][0]["SubStreamSet"]
    (sprite,) = info["ImageSpriteInfo"]["ImageSpriteSet"]
    (animation,) = info["AnimatedGraphicsInfo"]["AnimatedGraphicsSet"]
    (sample,) = info["SampleSnapshotInfo"]["SampleSnapshotSet"]
    addresses = [each["Url"] for each in transcodes.values()]
    addresses += [basic["CoverUrl"], sprite["WebVttUrl"], animation["Url"], *sample["ImageUrlSet"]]
    assert {url: library.wire.http.get(url).status_code for url in addresses} == dict.fromkeys(addresses, 200)
    nothing = ("KeyFrameDescInfo", "MiniProgramReviewInfo", "SubtitleInfo", "ReviewInfo")
    assert [info[name] for name in nothing] == [None] * 4


def test_only_what_is_asked_for(library: Library, processed: str) -> None:
    """Parts that are not asked for are null; ids keep their order, and those that do not exist are named."""
    other = library.upload()["fileId"]
    foreign = "1" * 19
    answer = library.ask(
        "DescribeMediaInfos", FileIds=[other, foreign, processed, other, "no number"], Filters=["metaData", "basicInfo"]
    )
    assert [info["FileId"] for info in answer["MediaInfoSet"]] == [other, processed]
    assert answer["NotExistFileIdSet"] == [foreign, "no number"]
    for info in answer["MediaInfoSet"]:
        asked = {"FileId", "BasicInfo"} | ({"MetaData"} if info["FileId"] == processed else set())
        assert {name for name, value in info.items() if value is not None} == asked


def test_files_of_other_applications_do_not_exist(library: Library, wire: Wire, processed: str) -> None:
    """Neither reading nor writing crosses applications."""
    body = {"FileIds": [processed]}
    assert paced(wire, "DescribeMediaInfos", body)["NotExistFileIdSet"] == [processed]
    assert paced(wire, "SearchMedia", body)["TotalCount"] == 0
    forbidding = paced(wire, "ForbidMediaDistribution", body | {"Operation": "forbid"})
    assert forbidding["NotExistFileIdSet"] == [processed]
    for action in ("ModifyMediaInfo", "DeleteMedia"):
        assert paced(wire, action, {"FileId": processed})["Error"]["Code"].startswith("ResourceNotFound")
    assert library.info(processed)["BasicInfo"]["Status"] == "Normal"


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("DescribeMediaInfos", {}, "MissingParameter"),
        ("DescribeMediaInfos", {"FileIds": []}, "InvalidParameterValue.FileIdsEmpty"),
        ("DescribeMediaInfos", {"FileIds": ["1"] * 21}, "InvalidParameterValue.FileIdsOverLimit"),
        ("DescribeMediaInfos", {"FileIds": ["1" * 65]}, "InvalidParameterValue.FileIds"),
        ("DescribeMediaInfos", {"FileIds": ["1"], "Filters": ["basic"]}, "InvalidParameterValue"),
        ("DescribeMediaInfos", {"FileIds": [1]}, "InvalidParameter"),
        ("SearchMedia", {"FileIds": ["1"] * 11}, "InvalidParameterValue.FileIds"),
        ("SearchMedia", {"Names": ["x" * 101]}, "InvalidParameterValue.Names"),
        ("SearchMedia", {"NamePrefixes": ["x"] * 11}, "InvalidParameterValue.NamePrefixes"),
        ("SearchMedia", {"Descriptions": ["\0"]}, "InvalidParameterValue"),
        ("SearchMedia", {"ClassIds": list(range(11))}, "InvalidParameterValue.ClassIds"),
        ("SearchMedia", {"Tags": ["x" * 33]}, "InvalidParameterValue.Tags"),
        ("SearchMedia", {"Categories": ["Film"]}, "InvalidParameterValue.Categories"),
        ("SearchMedia", {"SourceTypes": ["x"] * 11}, "InvalidParameterValue.SourceTypes"),
        ("SearchMedia", {"SourceType": "x" * 41}, "InvalidParameterValue.SourceType"),
        ("SearchMedia", {"StreamIds": ["x"] * 11}, "InvalidParameterValue.StreamIds"),
        ("SearchMedia", {"StorageRegions": ["x"] * 21}, "InvalidParameterValue.StorageRegions"),
        ("SearchMedia", {"Status": ["Gone"]}, "InvalidParameterValue"),
        ("SearchMedia", {"ReviewResults": ["maybe"]}, "InvalidParameterValue"),
        ("SearchMedia", {"Sort": {"Field": "Name"}}, "InvalidParameterValue.Sort"),
        ("SearchMedia", {"Text": "x" * 65}, "InvalidParameterValue.Text"),
        ("SearchMedia", {"StartTime": "yesterday"}, "InvalidParameterValue.StartTime"),
        ("SearchMedia", {"EndTime": "tomorrow"}, "InvalidParameterValue.EndTime"),
        ("SearchMedia", {"CreateTime": {"After": "2024"}}, "InvalidParameterValue"),
        ("SearchMedia", {"Offset": -1}, "InvalidParameterValue.Offset"),
        ("SearchMedia", {"Offset": 4991}, "LimitExceeded"),
        ("SearchMedia", {"Limit": 5001}, "InvalidParameterValue"),
        ("SearchMedia", {"SubAppId": 9}, "InvalidParameterValue.SubAppId"),
        ("ForbidMediaDistribution", {"FileIds": ["1"] * 21, "Operation": "forbid"},
         "InvalidParameterValue.FileIdsTooMany"),
        ("ForbidMediaDistribution", {"FileIds": [], "Operation": "forbid"}, "InvalidParameterValue.FileIds"),
        ("ForbidMediaDistribution", {"FileIds": ["1"], "Operation": "burn"}, "InvalidParameterValue.Operation"),
        ("DeleteMedia", {"FileId": "1"}, "ResourceNotFound"),
        ("DeleteMedia", {"FileId": "1", "DeleteParts": [{"Type": "All"}]}, "InvalidParameterValue"),
        ("ModifyMediaInfo", {"FileId": "1"}, "ResourceNotFound.FileNotExist"),
    ],
)  # fmt: skip
def test_refusals(library: Library, action: str, body: dict[str, Any], code: str) -> None:
    """Each fault has the code that is declared for it."""
    assert library.code(action, **body) == code


@pytest.fixture(scope="module")
def edited(library: Library) -> str:
    """A file to change."""
    return str(library.upload("edited")["fileId"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "x" * 65}, "InvalidParameterValue.Name"),
        ({"Name": ""}, "InvalidParameterValue.Name"),
        ({"Description": "x" * 129}, "InvalidParameterValue.Description"),
        ({"ClassId": 999}, "InvalidParameterValue.ClassId"),
        ({"ExpireTime": "2001-01-01T00:00:00Z"}, "InvalidParameterValue.ExpireTime"),
        ({"ExpireTime": "soon"}, "InvalidParameterValue.ExpireTime"),
        ({"CoverData": "no base64!"}, "InvalidParameterValue.ImageDecodeError"),
        ({"CoverData": "AAAA"}, "InvalidParameterValue.ImageDecodeError"),
        ({"CoverData": encoded_picture("BMP")}, "InvalidParameterValue.ImageDecodeError"),
        ({"AddTags": ["a"], "ClearTags": 1}, "InvalidParameterValue.AddTagsAndClearTagsConflict"),
        ({"AddTags": ["a"], "DeleteTags": ["a"]}, "InvalidParameterValue.AddTagsAndDeleteTagsConflict"),
        ({"AddTags": ["x" * 33]}, "InvalidParameterValue.TagTooLong"),
        ({"AddTags": [str(n) for n in range(17)]}, "LimitExceeded.TagCountReachMax"),
        ({"AddKeyFrameDescs": [{"TimeOffset": 1, "Content": "a"}], "ClearKeyFrameDescs": 1},
         "InvalidParameterValue.AddKeyFrameDescsAndClearKeyFrameDescsConflict"),
        ({"AddKeyFrameDescs": [{"TimeOffset": 1, "Content": "a"}], "DeleteKeyFrameDescs": [1.0]},
         "InvalidParameterValue.AddKeyFrameDescsAndDeleteKeyFrameDescsConflict"),
        ({"AddKeyFrameDescs": [{"TimeOffset": 1, "Content": "x" * 129}]},
         "InvalidParameterValue.KeyFrameDescContentTooLong"),
        ({"AddKeyFrameDescs": [{"TimeOffset": n, "Content": "x"} for n in range(101)]},
         "LimitExceeded.KeyFrameDescCountReachMax"),
        ({"AddKeyFrameDescs": [{"TimeOffset": -1, "Content": "a"}]}, "InvalidParameterValue"),
        ({"AddSubtitles": [{"Name": "x"}]}, "UnsupportedOperation"),
    ],
)  # fmt: skip
def test_a_refused_edit_changes_nothing(library: Library, edited: str, body: dict[str, Any], code: str) -> None:
    """Each fault has its code, and what came with it in the same call is not done either."""
    before = library.info(edited)["BasicInfo"]
    assert library.code("ModifyMediaInfo", **{"FileId": edited, "Description": "changed"} | body) == code
    after = library.info(edited)["BasicInfo"]
    assert (after["Name"], after["Description"], after["TagSet"], after["CoverUrl"]) == (
        before["Name"], "", before["TagSet"], "",
    )  # fmt: skip


def test_edits(library: Library) -> None:
    """Everything that can be changed is told afterwards; what is not sent stays."""
    file_id = library.upload("before")["fileId"]
    parent = library.ask("CreateClass", ParentId=-1, ClassName="films")["ClassId"]
    child = library.ask("CreateClass", ParentId=parent, ClassName="short")["ClassId"]
    answer = library.ask(
        "ModifyMediaInfo", FileId=file_id, Name="after", Description="words", ClassId=child,
        ExpireTime="2100-01-01T08:00:00+08:00", AddTags=["red", "红"],
        AddKeyFrameDescs=[{"TimeOffset": 2.5, "Content": "middle"}, {"TimeOffset": 0, "Content": "start"}],
    )  # fmt: skip
    assert (answer["CoverUrl"], answer["AddedSubtitleSet"]) == ("", [])
    info = library.info(file_id)
    check_types(info, "")
    basic = info["BasicInfo"]
    assert (basic["Name"], basic["Description"], basic["TagSet"]) == ("after", "words", ["red", "红"])
    assert (basic["ClassId"], basic["ClassName"], basic["ClassPath"]) == (child, "short", "films-short")
    assert basic["ExpireTime"] == "2100-01-01T00:00:00Z"
    assert info["KeyFrameDescInfo"]["KeyFrameDescSet"] == [
        {"TimeOffset": 0, "Content": "start"}, {"TimeOffset": 2.5, "Content": "middle"},
    ]  # fmt: skip
    assert file_id in library.found(ClassIds=[parent])
    assert file_id in library.found(Tags=["红"])
    library.ask(
        "ModifyMediaInfo", FileId=file_id, DeleteTags=["red"], DeleteKeyFrameDescs=[2.5], ExpireTime=_NEVER, ClassId=0
    )
    info = library.info(file_id)
    assert (info["BasicInfo"]["TagSet"], info["BasicInfo"]["ExpireTime"]) == (["红"], _NEVER)
    assert info["BasicInfo"]["Description"] == "words"
    assert len(info["KeyFrameDescInfo"]["KeyFrameDescSet"]) == 1
    library.ask("ModifyMediaInfo", FileId=file_id, ClearTags=1, ClearKeyFrameDescs=1, Description="")
    info = library.info(file_id)
    assert (info["BasicInfo"]["TagSet"], info["KeyFrameDescInfo"], info["BasicInfo"]["Description"]) == ([], None, "")
    assert library.found(ClassIds=[parent]) == []


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif")])
def test_a_cover_in_the_call(library: Library, cover: Path, kind: str, mime: str) -> None:
    """The picture is stored anew and replaces the one before, whose bytes are given back."""
    made = library.upload("covered", cover=cover.read_bytes())
    file_id, old = made["video"]["url"].split("/")[-2][8:], made["cover"]["url"]
    url = library.ask("ModifyMediaInfo", FileId=file_id, CoverData=encoded_picture(kind))["CoverUrl"]
    assert library.info(file_id)["BasicInfo"]["CoverUrl"] == url
    answer = library.wire.http.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, mime)
    assert Image.open(io.BytesIO(answer.content)).size == (64, 36)
    assert library.wire.http.get(old).status_code == 404
    assert len(library.live_keys(file_id)) == 2


def test_searches(library: Library) -> None:
    """Parameters all hold, values are alternatives; the newest comes first, or the best match."""
    begin = datetime.fromtimestamp(int(time.time()) - 1, UTC).isoformat()
    first, second, third = (library.upload(name)["fileId"] for name in ("sea view", "the sea", "sea"))
    ours = {"FileIds": [first, second, third]}
    assert library.found(**ours) == [third, second, first]
    assert library.found(**ours, Sort={"Field": "create_time", "Order": "Asc"}) == [first, second, third]
    assert library.found(Names=["SEA"]) == [third, first, second]
    assert library.found(Names=["SEA"], Sort={"Field": "CreateTime", "Order": "Asc"}) == [third, first, second]
    assert library.found(Text="sea", NamePrefixes=["sea "]) == [first]
    library.ask("ModifyMediaInfo", FileId=second, Description="blue water")
    assert library.found(Descriptions=["WATER"]) == [second]
    assert library.found(**ours, Offset=1, Limit=1) == [second]
    page = library.ask("SearchMedia", **ours, Limit=1, Filters=["basicInfo"])
    assert page["TotalCount"] == 3
    assert {name for name, value in page["MediaInfoSet"][0].items() if value is not None} == {"FileId", "BasicInfo"}
    library.ask("ForbidMediaDistribution", FileIds=[second], Operation="forbid")
    assert library.found(**ours, Status=["Forbidden"]) == [second]
    assert library.found(**ours, Status=["SystemForbidden"]) == []
    assert library.found(**ours, Categories=["Audio", "Image"]) == []
    assert len(library.found(**ours, MediaTypes=["MP4"], StorageRegions=["ap-chongqing"])) == 3
    assert library.found(**ours, StorageRegions=["ap-tokyo"]) == []
    assert len(library.found(**ours, ReviewResults=["notModerated"], SourceTypes=["Upload"])) == 3
    assert library.found(**ours, SourceTypes=["Record"]) == []
    assert library.found(**ours, StreamIds=["live"]) == []
    assert library.found(**ours, StorageClasses=["ARCHIVE"]) == []
    assert len(library.found(**ours, Vids=["ignored"], StorageClasses=["STANDARD"])) == 3
    assert len(library.found(**ours, CreateTime={"After": begin})) == 3
    assert library.found(**ours, CreateTime={"Before": begin}) == []
    assert library.found(**ours, EndTime=begin) == []
    assert len(library.found(**ours, EndTime=begin, CreateTime={"Before": "2100-01-01T00:00:00Z"})) == 3
    assert library.found(**ours, ExpireTime={"Before": "2100-01-01T00:00:00Z"}) == []
    assert len(library.found(**ours, ExpireTime={"Before": _NEVER, "After": _NEVER})) == 3


def test_a_moment_as_told_finds_its_file(library: Library) -> None:
    """Both ends of a range are included, in the seconds that the wire tells; the old end is not."""
    file_id = library.upload("moment")["fileId"]
    told = library.info(file_id)["BasicInfo"]["CreateTime"]
    assert library.found(FileIds=[file_id], CreateTime={"After": told, "Before": told}) == [file_id]
    assert library.found(FileIds=[file_id], StartTime=told) == [file_id]
    assert library.found(FileIds=[file_id], EndTime=told) == []


def test_what_has_expired_is_not_found(library: Library) -> None:
    """From its moment on a file exists for no action."""
    file_id = library.upload("brief")["fileId"]
    expires = int(time.time()) + 4
    moment = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "Error" not in library.ask("ModifyMediaInfo", FileId=file_id, ExpireTime=moment)
    assert library.info(file_id)["BasicInfo"]["ExpireTime"] == moment
    time.sleep(max(0.0, expires + 0.1 - time.time()))
    assert library.ask("DescribeMediaInfos", FileIds=[file_id])["NotExistFileIdSet"] == [file_id]
    assert library.found(Names=["brief"]) == []
    assert library.code("ModifyMediaInfo", FileId=file_id, Name="x") == "ResourceNotFound.FileNotExist"
    assert library.code("DeleteMedia", FileId=file_id) == "ResourceNotFound"
    missing = library.ask("ForbidMediaDistribution", FileIds=[file_id], Operation="forbid")["NotExistFileIdSet"]
    assert missing == [file_id]


def test_what_has_expired_is_deleted(library: Library) -> None:
    """Soon after its moment a file plays no more, its bytes are given back, and its owner is told."""
    uploaded = library.upload("briefer")
    file_id, url = uploaded["fileId"], uploaded["video"]["url"]
    later = library.upload("longer")["fileId"]
    for each, seconds in ((file_id, 2), (later, 600)):
        moment = datetime.fromtimestamp(int(time.time()) + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert "Error" not in library.ask("ModifyMediaInfo", FileId=each, ExpireTime=moment)
    assert library.wire.http.get(url).status_code == 200
    assert wait_for(lambda: library.wire.http.get(url).status_code == 404, 10)
    assert library.live_keys(file_id) == []
    told = [event.type for event in library.events(file_id)]
    assert told.count("FileDeleted") == 1
    assert library.info(later)


def test_forbidding_and_giving_back(library: Library, processed: str, cover: Path) -> None:
    """Original, cover and outputs answer 403 at once, and play again at once; a new cover opens nothing."""
    info = library.info(processed)
    addresses = [each["Url"] for each in info["TranscodeInfo"]["TranscodeSet"]]
    addresses += [info["BasicInfo"]["CoverUrl"], info["ImageSpriteInfo"]["ImageSpriteSet"][0]["WebVttUrl"]]

    def statuses() -> set[int]:
        return {library.wire.http.get(url).status_code for url in addresses}

    assert statuses() == {200}
    assert library.ask("ForbidMediaDistribution", FileIds=[processed, "1"], Operation="forbid")[
        "NotExistFileIdSet"
    ] == ["1"]
    try:
        assert statuses() == {403}
        assert library.info(processed)["BasicInfo"]["Status"] == "Forbidden"
        body = {"videoName": None, "videoType": None, "fileId": processed, "coverType": "jpg", "coverName": "c"}
        applied = library.wire.apply(sign=signature(library.wire.key), **body)
        applied.put(cover.read_bytes(), applied.cover_key)
        url = library.wire.commit(applied)["data"]["cover"]["url"]
        assert library.wire.http.get(url).status_code == 403
        url = library.ask("ModifyMediaInfo", FileId=processed, CoverData=encoded_picture())["CoverUrl"]
        assert library.wire.http.get(url).status_code == 403
        addresses[-2] = url
        assert statuses() == {403}
    finally:
        library.ask("ForbidMediaDistribution", FileIds=[processed], Operation="recover")
    assert statuses() == {200}
    assert library.info(processed)["BasicInfo"]["Status"] == "Normal"


def test_deleting_a_file(library: Library, cover: Path) -> None:
    """Nothing of it is left but its events: the last one tells so, after the one that told of the upload."""
    made = library.upload("doomed", cover=cover.read_bytes())
    file_id = made["fileId"]
    library.ask("ModifyMediaInfo", FileId=file_id, AddTags=["x"])
    # At once, so that its upload may not have been told yet.
    assert "Error" not in library.ask("DeleteMedia", FileId=file_id)
    assert library.ask("DescribeMediaInfos", FileIds=[file_id])["NotExistFileIdSet"] == [file_id]
    assert {library.wire.http.get(made[each]["url"]).status_code for each in ("video", "cover")} == {404}
    assert library.live_keys(file_id) == []
    assert library.code("DeleteMedia", FileId=file_id) == "ResourceNotFound"
    events = library.events(file_id)
    assert [event.type for event in events] == ["NewFileUpload", "FileDeleted"]
    assert None not in [event.sequence for event in events]
    assert json.loads(events[-1].payload)["FileDeleteEvent"] == {
        "FileIdSet": [file_id], "FileDeleteResultInfo": [{"FileId": file_id, "DeleteParts": []}],
    }  # fmt: skip


def test_deleting_parts(library: Library, short: Path) -> None:
    """Each part goes by itself with its bytes; without the original nothing more can be made."""
    file_id = processed_file(library, short, None, "parts")
    before = library.info(file_id)
    transcodes = {each["Definition"]: each["Url"] for each in before["TranscodeInfo"]["TranscodeSet"]}
    adaptive = before["AdaptiveDynamicStreamingInfo"]["AdaptiveDynamicStreamingSet"][0]["Url"]
    cover, get = before["BasicInfo"]["CoverUrl"], library.wire.http.get

    def delete(kind: str, definition: int = 0) -> dict[str, Any]:
        item: dict[str, Any] = {"Type": kind} | ({"Definition": definition} if definition else {})
        assert "Error" not in library.ask("DeleteMedia", FileId=file_id, DeleteParts=[item])
        return library.info(file_id)

    info = delete("TranscodeFiles", 876)
    assert [each["Definition"] for each in info["TranscodeInfo"]["TranscodeSet"]] == [0, 875, 1100]
    assert (get(transcodes[876]).status_code, get(transcodes[875]).status_code, get(cover).status_code) == (
        404,
        200,
        200,
    )
    assert not [key for key in library.live_keys(file_id) if "v.f876" in key]
    info = delete("TranscodeFiles")
    assert [each["Definition"] for each in info["TranscodeInfo"]["TranscodeSet"]] == [0]
    assert (info["BasicInfo"]["CoverUrl"], get(cover).status_code, get(adaptive).status_code) == ("", 404, 200)
    assert info["AnimatedGraphicsInfo"] == before["AnimatedGraphicsInfo"]
    assert get(info["AnimatedGraphicsInfo"]["AnimatedGraphicsSet"][0]["Url"]).status_code == 200
    info = delete("AdaptiveDynamicStreamingFiles")
    assert info["AdaptiveDynamicStreamingInfo"] is None
    assert get(adaptive).status_code == 404
    delete("WechatPublishFiles")
    info = delete("OriginalFiles")
    assert (info["BasicInfo"]["MediaUrl"], info["TranscodeInfo"]) == ("", None)
    assert info["MetaData"] == before["MetaData"]
    assert get(transcodes[0]).status_code == 404
    assert info["ImageSpriteInfo"] == before["ImageSpriteInfo"]
    told = [json.loads(event.payload) for event in library.events(file_id) if event.type == "FileDeleted"]
    assert [each["FileDeleteEvent"]["FileIdSet"] for each in told] == [[]] * 5
    assert told[0]["FileDeleteEvent"]["FileDeleteResultInfo"] == [
        {"FileId": file_id, "DeleteParts": [{"Type": "TranscodeFiles", "Definition": 876}]}
    ]
    assert failures_of_the_next_run(library, file_id, "all-parts") == {"SourceFileError.DownloadNotAccessible"}
