"""JSON schemas of what actions answer. A test keeps the table complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvod.media.info import PARTS
from openvod.surfaces.api.declaration import Action
from openvod.tasks.templates import BODIES, TemplateKind

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_YES: Schema = {"type": "boolean"}
_ANY: Schema = {"type": "object", "additionalProperties": True}


def _object(**members: Schema) -> Schema:
    """Return an object all of whose declared members are there; there may be more."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": True}


def _texts(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, _TEXT)


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _nullable(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _set(name: str, of: Schema) -> Schema:
    return _nullable(_object(**{name: _list(of)}))


_BASIC = _object(
    **_texts(
        "Name", "Description", "CreateTime", "UpdateTime", "ExpireTime", "ClassName", "ClassPath", "CoverUrl", "Type",
        "MediaUrl", "StorageRegion", "Category", "Status", "StorageClass", "Vid",
    ),
    ClassId=_WHOLE,
    TagSet=_list(_TEXT),
    SourceInfo=_ANY,
)  # fmt: skip
_METADATA = _object(
    Size=_WHOLE, Container=_TEXT, Bitrate=_WHOLE, Height=_WHOLE, Width=_WHOLE, Duration=_NUMBER, Rotate=_WHOLE,
    VideoDuration=_NUMBER, AudioDuration=_NUMBER,
    VideoStreamSet=_list(_object(Bitrate=_WHOLE, Height=_WHOLE, Width=_WHOLE, Codec=_TEXT, Fps=_WHOLE)),
    AudioStreamSet=_list(_object(Bitrate=_WHOLE, SamplingRate=_WHOLE, Codec=_TEXT)),
)  # fmt: skip
_MADE = _object(Url=_TEXT, Definition=_WHOLE)
_PARTS_OF_MEDIA: Mapping[str, Schema] = {
    "BasicInfo": _nullable(_BASIC),
    "MetaData": _nullable(_METADATA),
    "TranscodeInfo": _set("TranscodeSet", _MADE),
    "AnimatedGraphicsInfo": _set("AnimatedGraphicsSet", _MADE),
    "ImageSpriteInfo": _set("ImageSpriteSet", _object(Definition=_WHOLE)),
    "SnapshotByTimeOffsetInfo": _set("SnapshotByTimeOffsetSet", _object(Definition=_WHOLE)),
    "SampleSnapshotInfo": _set("SampleSnapshotSet", _object(Definition=_WHOLE)),
    "KeyFrameDescInfo": _set("KeyFrameDescSet", _object(TimeOffset=_NUMBER, Content=_TEXT)),
    "AdaptiveDynamicStreamingInfo": _set("AdaptiveDynamicStreamingSet", _MADE),
    "MiniProgramReviewInfo": _nullable(_ANY),
    "SubtitleInfo": _nullable(_ANY),
    "ReviewInfo": _nullable(_object(MediaReviewInfo=_nullable(_ANY), CoverReviewInfo=_nullable(_ANY))),
}
#: Objects that several answers hold, by the name under which the description has them.
COMPONENTS: Mapping[str, Schema] = {
    "MediaInfo": _object(FileId=_TEXT, **{member: _PARTS_OF_MEDIA[member] for member in PARTS.values()}),
    "TaskSummary": _object(
        **_texts(
            "TaskId",
            "Status",
            "FileId",
            "TaskType",
            "CreateTime",
            "BeginProcessTime",
            "FinishTime",
            "SessionId",
            "SessionContext",
        )
    ),
    "Category": _object(
        ClassId=_WHOLE, ParentId=_WHOLE, ClassName=_TEXT, Name=_TEXT, Level=_WHOLE, SubClassIdSet=_list(_WHOLE)
    ),
    "RegionInfo": _object(**_texts("Region", "Description", "Status", "Area"), IsDefault=_YES),
    "SubAppInfo": _object(
        **_texts("SubAppIdName", "Name", "Description", "CreateTime", "Status", "Mode"), SubAppId=_WHOLE
    ),
    "DomainInfo": _object(
        Domain=_TEXT, DeployStatus=_TEXT, RefererAuthPolicy=_ANY, UrlSignatureAuthPolicy=_ANY, IPFilterPolicy=_ANY
    ),
    "ProcedureTemplate": _object(**_texts("Name", "Type", "Comment", "CreateTime", "UpdateTime")),
    "EventContent": _object(EventHandle=_TEXT, EventType=_TEXT),
    "TempCertificate": _object(**_texts("SecretId", "SecretKey", "Token"), ExpiredTime=_WHOLE),
}
_MEMBERS: Mapping[str, Schema] = {
    **_texts(
        "StorageBucket", "StorageRegion", "VodSessionKey", "MediaStoragePath", "CoverStoragePath", "FileId", "MediaUrl",
        "CoverUrl", "TaskId", "ReviewAudioVideoTaskId", "TaskType", "Status", "CreateTime", "BeginProcessTime",
        "FinishTime", "ScrollToken", "ImageUrl", "Mode", "NotificationUrl", "UploadMediaCompleteEventSwitch",
        "DeleteMediaCompleteEventSwitch", "PersistenceCompleteEventSwitch", "Domain", "Scheme", "PlayKey", "DomainName",
    ),
    "TotalCount": _WHOLE,
    "CountOfEventsToPull": _WHOLE,
    "SubAppId": _WHOLE,
    "ClassId": {"anyOf": [_WHOLE, _TEXT]},
    "Definition": {"anyOf": [_WHOLE, _TEXT]},
    "TempCertificate": _ref("TempCertificate"),
    "MediaSegmentSet": _list(_TEXT),
    "MediaInfoSet": _list(_ref("MediaInfo")),
    "NotExistFileIdSet": _list(_TEXT),
    "AddedSubtitleSet": _list(_ANY),
    "ImportMediaKnowledgeTaskIdSet": _list(_TEXT),
    "TaskSet": _list(_ref("TaskSummary")),
    "ProcedureTemplateSet": _list(_ref("ProcedureTemplate")),
    "EventSet": _list(_ref("EventContent")),
    "ClassInfoSet": _list(_ref("Category")),
    "StorageRegionInfos": _list(_ref("RegionInfo")),
    "SubAppIdInfoSet": _list(_ref("SubAppInfo")),
    "DomainSet": _list(_ref("DomainInfo")),
}  # fmt: skip
_DETAILS = ("ProcedureTask", "ReviewAudioVideoTask", "PullUploadTask")


def answer_schema(action: Action[Any]) -> Schema:
    """Return the schema of an action's answer; raises ``KeyError`` for a member that has none."""
    members: dict[str, Schema] = {}
    for name, meaning in action.response.items():
        if name == "…Task":
            members |= {each: {**_nullable(_ANY), "description": meaning} for each in _DETAILS}
        else:
            members[name] = {"description": meaning, **_member(name)}
    return _object(**members, RequestId={**_TEXT, "description": "names the call in logs"})


def _member(name: str) -> Schema:
    kind = name.removesuffix("TemplateSet")
    if kind != name and kind in set(TemplateKind):
        return _list(_ref(f"{kind}TemplateRow"))
    found = _MEMBERS[name]
    # A reference stands alone: beside it nothing counts in older readers.
    return {"allOf": [found]} if "$ref" in found else found


def template_rows() -> dict[str, tuple[Schema, Mapping[str, Schema]]]:
    """Return, for each kind, the schema of its rows and the definitions that it refers to by ``{kind}_{name}``."""
    rows: dict[str, tuple[Schema, Mapping[str, Schema]]] = {}
    for kind in TemplateKind:
        schema = BODIES[kind].model_json_schema(ref_template=f"#/components/schemas/{kind.value}_{{model}}")
        inner = {f"{kind.value}_{name}": each for name, each in schema.pop("$defs", {}).items()}
        head: dict[str, Schema] = {
            "Definition": _MEMBERS["Definition"], **_texts("Type", "Name", "Comment", "CreateTime", "UpdateTime")
        }  # fmt: skip
        row = {"type": "object", "properties": {**schema["properties"], **head}, "required": list(head)}
        rows[f"{kind.value}TemplateRow"] = (row, inner)
    return rows
