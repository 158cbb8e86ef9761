"""Every action of ``procedures-and-api.md`` 1, must and should: calls that succeed, and one refusal with its code.

The rows are in an order in which each finds what it needs. They run on a platform of the client's own, without workers,
so that tasks wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from support.actions.table import THERE, Call

_NOBODY = 999_999_999
#: Application ids have ten digits, so this is nobody's.
_NO_APPLICATION = {"SubAppId": 9}
_NO_SUB_APP_ID = "InvalidParameterValue.SubAppId"

_FAMILIES = (
    "Transcode", "Watermark", "SnapshotByTimeOffset", "SampleSnapshot", "ImageSprite", "AnimatedGraphics",
    "AdaptiveDynamicStreaming",
)  # fmt: skip


def _family_actions(family: str) -> tuple[str, ...]:
    verbs = (f"{verb}{family}Template" for verb in ("Create", "Modify", "Delete"))
    return (*verbs, f"Describe{family}Templates")


MUST = (
    "ApplyUpload", "CommitUpload",
    "DescribeMediaInfos", "SearchMedia", "ModifyMediaInfo", "DeleteMedia",
    "ProcessMedia", "ProcessMediaByProcedure", "DescribeTaskDetail", "DescribeTasks",
    "CreateProcedureTemplate", "ResetProcedureTemplate", "DeleteProcedureTemplate", "DescribeProcedureTemplates",
    *(action for family in _FAMILIES for action in _family_actions(family)),
    "PullEvents", "ConfirmEvents", "DescribeEventConfig", "ModifyEventConfig",
    "CreateClass", "ModifyClass", "DeleteClass", "DescribeAllClass",
    "DescribeStorageRegions", "CreateStorageRegion", "ModifyDefaultStorageRegion",
    "CreateSubAppId", "DescribeSubAppIds", "ModifySubAppIdInfo", "ModifySubAppIdStatus",
    "DescribeVodDomains", "ModifyVodDomainConfig", "DescribeDefaultDistributionConfig",
    "ModifyDefaultDistributionConfig",
)  # fmt: skip
SHOULD = (
    "PullUpload", "ReviewAudioVideo", *_family_actions("Review"), "ParseStreamingManifest", "ForbidMediaDistribution",
    "ManageTask", "DescribeEventsState", "CreateVodDomain", "DeleteVodDomain",
)  # fmt: skip
ACTIONS = (*MUST, *SHOULD)


def _refused(action: str, codes: str | tuple[str, ...], parameters: Mapping[str, Any]) -> Call:
    return Call(action, parameters, (codes,) if isinstance(codes, str) else codes)


_VIDEO = {"Codec": "libx264", "Fps": 25, "Bitrate": 512}
_AUDIO = {"Codec": "libfdk_aac", "Bitrate": 64, "SampleRate": 44100}
_TEXT_MARK = {"FontType": "arial.ttf", "FontSize": "16px", "FontColor": "0xFFFFFF", "FontAlpha": 0.8}
_SAMPLES = {"SampleType": "Time", "SampleInterval": 2}
#: For each family: what makes one, then a member that spoils it, and the codes which that has.
_BODIES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], tuple[str, ...]]] = {
    "Transcode": (
        {"Container": "mp4", "VideoTemplate": _VIDEO, "AudioTemplate": _AUDIO},
        {"Container": "exe"},
        ("InvalidParameterValue.Container",),
    ),
    "Watermark": (
        {"Type": "text", "TextTemplate": _TEXT_MARK, "XPos": "10%", "YPos": "10%"},
        {"Type": "smell"},
        ("InvalidParameterValue.Type",),
    ),
    "SnapshotByTimeOffset": ({"Width": 320, "Height": 0}, {"Format": "exe"}, ("InvalidParameterValue.Format",)),
    "SampleSnapshot": (_SAMPLES, {"SampleType": "Mood"}, ("InvalidParameterValue.SampleType",)),
    "ImageSprite": (
        _SAMPLES | {"RowCount": 3, "ColumnCount": 3},
        {"SampleType": "Mood"},
        ("InvalidParameterValue.SampleType",),
    ),
    "AnimatedGraphics": ({"Fps": 2, "Width": 320, "Height": 0}, {"Format": "exe"}, ("InvalidParameterValue.Format",)),
    "AdaptiveDynamicStreaming": (
        {"Format": "HLS", "StreamInfos": [{"Video": _VIDEO, "Audio": _AUDIO, "RemoveAudio": 0}]},
        {"Format": "exe"},
        ("InvalidParameterValue.Format",),
    ),
    "Review": ({"Labels": ["Porn"]}, {"Labels": ["Boredom"]}, ("InvalidParameterValue.Labels",)),
    "ContentReview": ({"ReviewWallSwitch": "ON"}, {"ScreenshotInterval": 0.1}, ("InvalidParameterValue",)),
}
_NO_TEMPLATE = ("ResourceNotFound.TemplateNotExist", "ResourceNotFound", "InvalidParameterValue.Definition")


def _family(family: str) -> Iterable[Call]:
    body, spoiled, codes = _BODIES[family]
    create, modify, delete, describe = _family_actions(family)
    kept = f"{family.lower()}_id"
    # A transcode's id is a number where it is asked for and a text where it is answered (2.4).
    shown = f"{{{kept}.text}}" if family == "Transcode" else f"{{{kept}}}"
    rows = f"{family}TemplateSet.0"
    yield Call(create, {"Name": "first", **body}, keeps={kept: "Definition"})
    yield _refused(create, codes, {"Name": "x", **body, **spoiled})
    yield Call(modify, {"Definition": f"{{{kept}}}", "Name": "second"})
    yield _refused(modify, _NO_TEMPLATE, {"Definition": _NOBODY, "Name": "x"})
    listed = {f"{rows}.Definition": shown, f"{rows}.Name": "second", "TotalCount": 1}
    yield Call(describe, {"Definitions": [f"{{{kept}}}"]}, shows=listed)
    yield _refused(describe, ("InvalidParameterValue.Limit", "InvalidParameterValue"), {"Limit": 101})
    yield Call(delete, {"Definition": f"{{{kept}}}"})
    yield _refused(delete, _NO_TEMPLATE, {"Definition": f"{{{kept}}}"})


#: Takes the five seconds that the platform waits for an event.
EMPTY_POLL = Call("PullEvents", {}, shows={"EventSet": []})
_EVENTS_FIRST = (
    Call("ModifyEventConfig", {"Mode": "PULL", "UploadMediaCompleteEventSwitch": "ON"}),
    _refused("ModifyEventConfig", ("InvalidParameterValue", "InvalidParameterValue.Mode"), {"Mode": "SHOUT"}),
    Call("DescribeEventConfig", {}, shows={"Mode": "PULL", "UploadMediaCompleteEventSwitch": "ON"}),
    _refused("DescribeEventConfig", _NO_SUB_APP_ID, _NO_APPLICATION),
    EMPTY_POLL,
)
_CLASSES = (
    Call("CreateClass", {"ParentId": -1, "ClassName": "films"}, keeps={"class_id": "ClassId"}),
    _refused("CreateClass", "FailedOperation.ClassNameDuplicate", {"ParentId": -1, "ClassName": "films"}),
    Call("ModifyClass", {"ClassId": "{class_id}", "ClassName": "影片 & films"}),
    _refused("ModifyClass", "FailedOperation.ClassNoFound", {"ClassId": _NOBODY, "ClassName": "x"}),
    Call(
        "DescribeAllClass",
        {},
        shows={"ClassInfoSet.1.ClassId": "{class_id}", "ClassInfoSet.1.ClassName": "影片 & films",
               "ClassInfoSet.1.ParentId": -1, "ClassInfoSet.1.Level": 0},
    ),
    _refused("DescribeAllClass", _NO_SUB_APP_ID, _NO_APPLICATION),
    Call("DeleteClass", {"ClassId": "{class_id}"}),
    _refused("DeleteClass", "InvalidParameterValue.ClassId", {"ClassId": "{class_id}"}),
)  # fmt: skip
_UPLOADS = (
    Call(
        "ApplyUpload",
        {"MediaType": "mp4", "MediaName": "a clip 片"},
        keeps={"bucket": "StorageBucket", "region": "StorageRegion", "key": "MediaStoragePath",
               "session": "VodSessionKey", "credential": "TempCertificate"},
        shows={"TempCertificate.ExpiredTime": THERE},
    ),
    _refused("ApplyUpload", "InvalidParameterValue.MediaType", {"MediaType": "exe"}),
    Call("CommitUpload", {"VodSessionKey": "{session}"}, keeps={"file_id": "FileId", "url": "MediaUrl"}, stores=True),
    _refused("CommitUpload", "InvalidParameterValue.VodSessionKey", {"VodSessionKey": "nobody's"}),
    Call(
        "ParseStreamingManifest",
        {"MediaManifestContent": "#EXTM3U\n#EXTINF:4,\na/1.ts\n#EXT-X-ENDLIST\n"},
        shows={"MediaSegmentSet": ["a/1.ts"]},
    ),
    _refused(
        "ParseStreamingManifest", "InvalidParameterValue.MediaManifestContent", {"MediaManifestContent": "<html>"}
    ),
    Call(
        "PullUpload", {"MediaUrl": "https://media.example.com/clip.mp4", "MediaName": "pulled"},
        keeps={"pull_id": "TaskId"},
    ),
    _refused("PullUpload", "InvalidParameterValue.MediaUrl", {"MediaUrl": "nowhere"}),
)  # fmt: skip
_EVENTS_THEN = (
    Call(
        "PullEvents",
        {},
        keeps={"handle": "EventSet.0.EventHandle"},
        shows={"EventSet.0.EventType": "NewFileUpload", "EventSet.0.FileUploadEvent.FileId": "{file_id}"},
        patient=True,
    ),
    _refused("PullEvents", _NO_SUB_APP_ID, _NO_APPLICATION),
    Call("ConfirmEvents", {"EventHandles": ["{handle}"]}),
    _refused("ConfirmEvents", ("InvalidParameterValue", "InvalidParameterValue.EventHandles"), {"EventHandles": ["1"]}),
    Call("DescribeEventsState", {}, shows={"CountOfEventsToPull": THERE}),
    _refused("DescribeEventsState", _NO_SUB_APP_ID, _NO_APPLICATION),
)
_MEDIA = (
    Call(
        "DescribeMediaInfos",
        {"FileIds": ["{file_id}", "1"], "Filters": ["basicInfo", "metaData"]},
        shows={"MediaInfoSet.0.FileId": "{file_id}", "MediaInfoSet.0.BasicInfo.Name": "a clip 片",
               "MediaInfoSet.0.MetaData.Width": 1280, "NotExistFileIdSet": ["1"]},
        patient=True,
    ),
    _refused(
        "DescribeMediaInfos", "InvalidParameterValue.FileIdsOverLimit", {"FileIds": [str(each) for each in range(21)]}
    ),
    Call(
        "SearchMedia", {"FileIds": ["{file_id}"], "Offset": 0, "Limit": 1},
        shows={"TotalCount": 1, "MediaInfoSet.0.FileId": "{file_id}"},
    ),
    Call(
        "SearchMedia", {"FileIds": ["{file_id}"], "Offset": 1, "Limit": 1}, shows={"TotalCount": 1, "MediaInfoSet": []}
    ),
    _refused("SearchMedia", "InvalidParameterValue.Sort", {"Sort": {"Field": "Mood", "Order": "Asc"}}),
    Call("ModifyMediaInfo", {"FileId": "{file_id}", "Name": "renamed", "AddTags": ["one"]}),
    _refused("ModifyMediaInfo", "ResourceNotFound.FileNotExist", {"FileId": "1", "Name": "x"}),
    Call(
        "ForbidMediaDistribution", {"FileIds": ["{file_id}", "1"], "Operation": "forbid"},
        shows={"NotExistFileIdSet": ["1"]},
    ),
    Call("ForbidMediaDistribution", {"FileIds": ["{file_id}"], "Operation": "recover"}),
    _refused(
        "ForbidMediaDistribution", "InvalidParameterValue.Operation", {"FileIds": ["{file_id}"], "Operation": "hide"}
    ),
)  # fmt: skip
_LADDER = {"TranscodeTaskSet": [{"Definition": 100010}], "CoverBySnapshotTaskSet": [
    {"Definition": 10, "PositionType": "Percent", "PositionValue": 50}]}  # fmt: skip
_PROCEDURES = (
    Call("CreateProcedureTemplate", {"Name": "流程 one", "Comment": "c", "MediaProcessTask": _LADDER}),
    _refused("CreateProcedureTemplate", "InvalidParameter.ExistedProcedureName", {"Name": "流程 one"}),
    Call("ResetProcedureTemplate", {"Name": "流程 one", "Comment": "d", "MediaProcessTask": _LADDER}),
    _refused("ResetProcedureTemplate", "InvalidParameter.ProcedureNameNotExist", {"Name": "nobody"}),
    Call(
        "DescribeProcedureTemplates", {"Names": ["流程 one"]},
        shows={"TotalCount": 1, "ProcedureTemplateSet.0.Comment": "d",
               "ProcedureTemplateSet.0.MediaProcessTask.TranscodeTaskSet.0.Definition": 100010},
    ),
    _refused("DescribeProcedureTemplates", ("InvalidParameterValue.Limit", "InvalidParameterValue"), {"Limit": 101}),
)  # fmt: skip
_PROCESSING = (
    Call("ProcessMedia", {"FileId": "{file_id}", "MediaProcessTask": _LADDER}, keeps={"task_id": "TaskId"}),
    _refused("ProcessMedia", "InvalidParameterValue.FileId", {"FileId": "1", "MediaProcessTask": _LADDER}),
    Call(
        "ProcessMediaByProcedure", {"FileId": "{file_id}", "ProcedureName": "流程 one"},
        keeps={"procedure_task_id": "TaskId"},
    ),
    _refused(
        "ProcessMediaByProcedure", "InvalidParameterValue.ProcedureName",
        {"FileId": "{file_id}", "ProcedureName": "nobody"},
    ),
    Call("ReviewAudioVideo", {"FileId": "{file_id}"}, keeps={"review_id": "TaskId"}),
    _refused("ReviewAudioVideo", ("ResourceNotFound", "InvalidParameterValue.FileId"), {"FileId": "1"}),
    Call(
        "DescribeTaskDetail", {"TaskId": "{task_id}"},
        shows={"TaskType": "Procedure", "Status": "WAITING", "ProcedureTask.FileId": "{file_id}"},
    ),
    _refused("DescribeTaskDetail", ("ResourceNotFound", "InvalidParameterValue.TaskId"), {"TaskId": "nobody's"}),
    Call(
        "DescribeTasks", {"FileId": "{file_id}", "Limit": 1},
        shows={"TaskSet.0.FileId": "{file_id}", "TaskSet.0.Status": "WAITING", "ScrollToken": THERE},
    ),
    _refused("DescribeTasks", "InvalidParameterValue.Status", {"Status": "BORED"}),
    Call("ManageTask", {"TaskId": "{task_id}", "OperationType": "Abort"}),
    _refused(
        "ManageTask", "InvalidParameterValue.InvalidOperationType",
        {"TaskId": "{procedure_task_id}", "OperationType": "Hurry"},
    ),
    Call("DeleteProcedureTemplate", {"Name": "流程 one"}),
    _refused("DeleteProcedureTemplate", "InvalidParameter", {"Name": "nobody"}),
    Call("DeleteMedia", {"FileId": "{file_id}"}),
    _refused("DeleteMedia", ("ResourceNotFound", "ResourceNotFound.FileNotExist"), {"FileId": "1"}),
)  # fmt: skip
_NO_REGION = ("InvalidParameterValue.StorageRegion", "ResourceNotFound")
_REGIONS = (
    Call("DescribeStorageRegions", {}, shows={"StorageRegionInfos.0.Region": THERE,
                                              "StorageRegionInfos.0.Status": THERE}),
    _refused("DescribeStorageRegions", _NO_SUB_APP_ID, _NO_APPLICATION),
    Call("CreateStorageRegion", {"StorageRegion": "ap-beijing"}),
    _refused("CreateStorageRegion", _NO_REGION, {"StorageRegion": "moon-1"}),
    Call("ModifyDefaultStorageRegion", {"StorageRegion": "ap-beijing"}),
    _refused("ModifyDefaultStorageRegion", _NO_REGION, {"StorageRegion": "moon-1"}),
)  # fmt: skip
_APPLICATIONS = (
    Call("CreateSubAppId", {"Name": "second", "Description": "d"}, keeps={"application": "SubAppId"}),
    _refused("CreateSubAppId", "InvalidParameterValue.Name", {"Name": "x" * 41}),
    Call("ModifySubAppIdInfo", {"SubAppId": "{application}", "Name": "renamed"}),
    _refused("ModifySubAppIdInfo", _NO_SUB_APP_ID, _NO_APPLICATION | {"Name": "x"}),
    Call(
        "DescribeSubAppIds", {"Offset": 0, "Limit": 200},
        shows={"TotalCount": THERE, "SubAppIdInfoSet.0.SubAppId": THERE, "SubAppIdInfoSet.0.Status": "On"},
    ),
    _refused("DescribeSubAppIds", ("InvalidParameterValue", "InvalidParameterValue.Limit"), {"Limit": 201}),
    Call("ModifySubAppIdStatus", {"SubAppId": "{application}", "Status": "Off"}),
    _refused("ModifySubAppIdStatus", _NO_SUB_APP_ID, _NO_APPLICATION | {"Status": "Off"}),
)  # fmt: skip
_NO_DOMAIN = ("InvalidParameter", "InvalidParameterValue", "InvalidParameterValue.Domain", "ResourceNotFound")
_DOMAINS = (
    Call("CreateVodDomain", {"Domain": "media.example.com", "AccelerateArea": "Global"}),
    _refused("CreateVodDomain", _NO_SUB_APP_ID, _NO_APPLICATION | {"Domain": "media.example.com"}),
    Call("ModifyVodDomainConfig", {"Domain": "media.example.com", "RefererAuthPolicy": {"Status": "Disabled"}}),
    _refused(
        "ModifyVodDomainConfig", _NO_DOMAIN,
        {"Domain": "nobody.example.com", "RefererAuthPolicy": {"Status": "Disabled"}},
    ),
    Call(
        "DescribeVodDomains", {"Domains": ["127.0.0.1"]},
        shows={"TotalCount": 1, "DomainSet.0.Domain": "127.0.0.1"},
    ),
    _refused(
        "DescribeVodDomains", ("InvalidParameterValue.Limit", "InvalidParameterValue.LimitTooLarge"), {"Limit": 101}
    ),
    Call("DeleteVodDomain", {"Domain": "media.example.com"}),
    _refused("DeleteVodDomain", _NO_DOMAIN, {"Domain": "nobody.example.com"}),
    Call("ModifyDefaultDistributionConfig", {"PlayKey": "abcdefgh12345678"}),
    _refused(
        "ModifyDefaultDistributionConfig",
        ("InvalidParameterValue", "InvalidParameterValue.PlayKey", "InvalidParameter"), {"PlayKey": "short"},
    ),
    Call("DescribeDefaultDistributionConfig", {}, shows={"PlayKey": "abcdefgh12345678", "Domain": THERE}),
    _refused("DescribeDefaultDistributionConfig", _NO_SUB_APP_ID, _NO_APPLICATION),
)  # fmt: skip

CALLS: tuple[Call, ...] = (
    *_EVENTS_FIRST,
    *_CLASSES,
    *_UPLOADS,
    *_EVENTS_THEN,
    *_MEDIA,
    *(call for family in (*_FAMILIES, "Review") for call in _family(family)),
    *_PROCEDURES,
    *_PROCESSING,
    *_REGIONS,
    *_APPLICATIONS,
    *_DOMAINS,
)
#: Further actions of the platform, which section 1 does not list.
BEYOND: tuple[Call, ...] = tuple(_family("ContentReview"))
