"""Media (``procedures-and-api.md`` 6.3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import Field
from typing_extensions import TypedDict

from openvod.access.categories import CategoryService
from openvod.base.errors import Invalid
from openvod.base.wire import Wire
from openvod.events.codec import read_time
from openvod.kinds.names import PartType
from openvod.media.edits import MediaEdit
from openvod.media.library import MediaLibrary
from openvod.media.model import KeyFrameMark
from openvod.media.query import NOT_REVIEWED, REACHABLE, MediaQuery, Span
from openvod.media.removal import Part
from openvod.surfaces.api.actions.media_info import MediaInfo
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Nothing, Offset, Request, Role

_MOST_FILES = 20
#: A request has 10 MB at most (2.1), and a cover is a part of one.
_COVER_CHARACTERS = 10_000_000
#: PostgreSQL stores no NUL characters, so no stored text can match one.
_NO_NUL = r"^[^\x00]*$"

PartName = Literal[
    "basicInfo", "metaData", "transcodeInfo", "animatedGraphicsInfo", "imageSpriteInfo", "snapshotByTimeOffsetInfo",
    "sampleSnapshotInfo", "keyFrameDescInfo", "adaptiveDynamicStreamingInfo", "miniProgramReviewInfo", "subtitleInfo",
    "reviewInfo",
]  # fmt: skip
_ClassId = Annotated[int, Field(ge=0, lt=2**31)]
_Id = Annotated[str, Field(max_length=64, pattern=_NO_NUL)]
_Ids = Annotated[tuple[_Id, ...], Field(max_length=1000, description="The files, at most 20.")]
_Parts = Annotated[tuple[PartName, ...], Field(max_length=100, description="Parts to return; none of them means all.")]
MediaInfoSet = Annotated[
    list[MediaInfo],
    Field(description=f"FileId and, as far as asked for, {', '.join(list(MediaInfo.__annotations__)[1:])}"),
]
NotExistFileIdSet = Annotated[list[str], Field(description="ids of files that do not exist")]
_Text = Annotated[str, Field(max_length=100, min_length=1, pattern=_NO_NUL)]
_Texts = Annotated[tuple[_Text, ...], Field(max_length=10)]
_Words = Annotated[tuple[Annotated[str, Field(max_length=40, pattern=_NO_NUL)], ...], Field(max_length=10)]


class DescribeMediaInfos(Request):
    """Parameters of DescribeMediaInfos."""

    file_ids: _Ids
    filters: _Parts = ()


class TimeRange(Wire):
    """Moments with both ends included, ISO 8601; the wire counts whole seconds."""

    after: str = Field("", max_length=40, description="At this moment or later.")
    before: str = Field("", max_length=40, description="At this moment or earlier.")


class SortBy(Wire):
    """An order."""

    field: Literal["", "CreateTime", "create_time"] = Field("CreateTime", description="What to sort by.")
    order: Literal["", "Asc", "Desc"] = Field("Desc", description="Asc, or Desc: newest first.")


class SearchMedia(Request):
    """Parameters of SearchMedia. Values inside one list are alternatives; all that is given has to hold."""

    file_ids: Annotated[tuple[Annotated[str, Field(max_length=40, pattern=_NO_NUL)], ...], Field(max_length=10)] = ()
    names: _Texts = Field((), description="Texts in the name.")
    name_prefixes: _Texts = Field((), description="Beginnings of the name.")
    descriptions: _Texts = Field((), description="Texts in the description.")
    class_ids: Annotated[tuple[_ClassId, ...], Field(max_length=10)] = Field(
        (), description="Categories, with those below."
    )
    tags: Annotated[tuple[Annotated[str, Field(max_length=32, pattern=_NO_NUL)], ...], Field(max_length=16)] = ()
    categories: tuple[Literal["Video", "Audio", "Image"], ...] = Field((), max_length=10)
    source_types: _Words = Field((), description="Where files come from; here always Upload.")
    stream_ids: _Words = Field((), description="Live streams; no file is of one.")
    create_time: TimeRange = Field(TimeRange(), description="When the file was uploaded.")
    expire_time: TimeRange = Field(TimeRange(), description="When it expires.")
    storage_regions: Annotated[tuple[_Text, ...], Field(max_length=20)] = ()
    storage_classes: _Words = Field((), description="Here always STANDARD.")
    media_types: _Words = Field((), description="Extensions, such as mp4.")
    status: tuple[Literal["Normal", "SystemForbidden", "Forbidden"], ...] = Field((), max_length=10)
    review_results: tuple[Literal["pass", "review", "block", "notModerated"], ...] = Field((), max_length=10)
    trtc_sdk_app_ids: tuple[int, ...] = Field((), max_length=10, description="Real-time calls; no file is of one.")
    trtc_room_ids: _Words = Field((), description="Real-time calls; no file is of one.")
    stream_domains: _Words = Field((), description="Live streams; no file is of one.")
    stream_paths: _Words = Field((), description="Live streams; no file is of one.")
    knowledge_bases: _Words = Field((), description="Knowledge bases; no file is in one.")
    filters: _Parts = ()
    sort: SortBy = Field(SortBy(), description="Ignored with Names, Descriptions or Text: best match first.")
    offset: Offset = 0
    limit: int = Field(10, ge=1, le=REACHABLE, description="How many at most; Offset + Limit reach 5000.")
    text: str = Field("", max_length=64, pattern=_NO_NUL, description="Old: text in name or description.")
    source_type: str = Field("", max_length=40, description="Old: one of SourceTypes.")
    stream_id: str = Field("", max_length=40, description="Old: one of StreamIds.")
    start_time: str = Field("", max_length=40, description="Old: uploaded at this moment or later.")
    end_time: str = Field("", max_length=40, description="Old: uploaded before this moment.")
    vid: str = Field("", description="Old; ignored.")
    vids: tuple[str, ...] = Field((), description="Old; ignored.")


class KeyFrameDesc(Wire):
    """A remark on a moment."""

    time_offset: float = Field(ge=0, allow_inf_nan=False, description="Seconds from the start.")
    content: str = Field(min_length=1, pattern=_NO_NUL, description="1 to 128 characters.")


_Tags = Annotated[tuple[Annotated[str, Field(min_length=1, pattern=_NO_NUL)], ...], Field(max_length=1000)]


class ModifyMediaInfo(Request):
    """Parameters of ModifyMediaInfo: what changes."""

    not_offered = ("ClearKnowledgeBases", "DeleteKnowledgeBases")

    file_id: _Id
    name: str | None = Field(None, min_length=1, max_length=64, pattern=_NO_NUL, description="Display name.")
    description: str | None = Field(None, max_length=128, pattern=_NO_NUL, description="Empty removes it.")
    class_id: _ClassId | None = Field(None, description="Category.")
    expire_time: str = Field("", max_length=40, description="ISO 8601; 9999-12-31T23:59:59Z is never.")
    cover_data: str = Field("", max_length=_COVER_CHARACTERS, description="A GIF, JPEG or PNG in Base64.")
    add_key_frame_descs: tuple[KeyFrameDesc, ...] = Field((), description="At a moment that has one, it is replaced.")
    delete_key_frame_descs: tuple[float, ...] = Field((), description="Moments in seconds.")
    clear_key_frame_descs: int = Field(0, description="1 removes all.")
    add_tags: _Tags = Field((), description="At most 32 characters each, 16 in total.")
    delete_tags: _Tags = ()
    clear_tags: int = Field(0, description="1 removes all.")
    add_subtitles: tuple[Any, ...] = Field((), description="Not offered.")
    delete_subtitle_ids: tuple[str, ...] = Field((), description="Not offered.")
    clear_subtitles: int = Field(0, description="1 removes all, of which there are none.")


class MediaDeleteItem(Wire):
    """A part to delete."""

    type: PartType = Field(description="What to delete.")
    definition: int = Field(0, ge=0, lt=2**63, description="Template; 0 is all of the type.")


class DeleteMedia(Request):
    """Parameters of DeleteMedia."""

    file_id: _Id
    delete_parts: Annotated[tuple[MediaDeleteItem, ...], Field(max_length=100)] = Field(
        (), description="Parts to delete; none of them means the whole file."
    )


class ForbidMediaDistribution(Request):
    """Parameters of ForbidMediaDistribution."""

    file_ids: _Ids
    operation: Literal["forbid", "recover"] = Field(description="Take out of playback, or give back.")


_MODIFY_CODES = {
    "media.unknown": "ResourceNotFound.FileNotExist",
    "storage.disk_full": "InternalError.UploadCoverImageError",
}
_DESCRIBE_ERRORS = (
    "InvalidParameterValue.FileIds", "InvalidParameterValue.FileIdsEmpty", "InvalidParameterValue.FileIdsOverLimit",
)  # fmt: skip
_SEARCH_ERRORS = (
    *(
        f"InvalidParameterValue.{field}"
        for field in (
            "Categories", "ClassIds", "EndTime", "FileIds", "NamePrefixes", "Names", "Offset", "Sort", "SourceType",
            "SourceTypes", "StartTime", "StorageRegions", "StreamIds", "SubAppId", "Tags", "Text", "Vids",
        )
    ),
    "LimitExceeded",
)  # fmt: skip
_MODIFY_ERRORS = (
    "ResourceNotFound.FileNotExist",
    "InvalidParameterValue.AddTagsAndClearTagsConflict",
    "InvalidParameterValue.AddTagsAndDeleteTagsConflict",
    "InvalidParameterValue.AddKeyFrameDescsAndClearKeyFrameDescsConflict",
    "InvalidParameterValue.AddKeyFrameDescsAndDeleteKeyFrameDescsConflict",
    "InvalidParameterValue.TagTooLong",
    "InvalidParameterValue.KeyFrameDescContentTooLong",
    "InvalidParameterValue.ClassId",
    "InvalidParameterValue.ExpireTime",
    "InvalidParameterValue.Name",
    "InvalidParameterValue.Description",
    "InvalidParameterValue.ImageDecodeError",
    "LimitExceeded.TagCountReachMax",
    "LimitExceeded.KeyFrameDescCountReachMax",
    "InternalError.UploadCoverImageError",
    "UnsupportedOperation",
)
_FORBID_ERRORS = (
    "InvalidParameterValue.FileIdsTooMany", "InvalidParameterValue.FileIds", "InvalidParameterValue.Operation",
)  # fmt: skip


class MediaInfos(TypedDict):
    """The answer of DescribeMediaInfos."""

    MediaInfoSet: MediaInfoSet
    NotExistFileIdSet: NotExistFileIdSet


class FoundMedia(TypedDict):
    """The answer of SearchMedia."""

    TotalCount: Annotated[int, Field(description="how many match, counted up to 5000")]
    MediaInfoSet: MediaInfoSet


class ModifiedMediaInfo(TypedDict):
    """The answer of ModifyMediaInfo."""

    CoverUrl: Annotated[str, Field(description="the new cover's address, empty without CoverData")]
    AddedSubtitleSet: Annotated[list[dict[str, Any]], Field(description="empty")]


class MissingFiles(TypedDict):
    """The answer of ForbidMediaDistribution."""

    NotExistFileIdSet: NotExistFileIdSet


@dataclass(frozen=True)
class MediaServices:
    """What the actions of media and categories call."""

    library: MediaLibrary
    categories: CategoryService


class MediaActions:
    """Carries the actions out."""

    def __init__(self, library: MediaLibrary) -> None:
        self._library = library

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        return (
            Action(
                "DescribeMediaInfos", "Describe files.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED, DescribeMediaInfos,
                MediaInfos, self._describe, _DESCRIBE_ERRORS,
                {"media.ids_none": "InvalidParameterValue.FileIdsEmpty",
                 "media.ids_many": "InvalidParameterValue.FileIdsOverLimit"},
            ),
            Action(
                "SearchMedia", "Find files.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED, SearchMedia,
                FoundMedia, self._search, _SEARCH_ERRORS,
            ),
            Action(
                "ModifyMediaInfo", "Change what is known of a file.", Group.EDIT, Role.OPERATOR, Audit.LOGGED,
                ModifyMediaInfo, ModifiedMediaInfo, self._modify,
                _MODIFY_ERRORS, _MODIFY_CODES,
            ),
            Action(
                "DeleteMedia", "Delete a file or parts of it.", Group.EDIT, Role.OPERATOR, Audit.LOGGED, DeleteMedia,
                Nothing, self._delete, ("ResourceNotFound",),
            ),
            Action(
                "ForbidMediaDistribution", "Take files out of playback, or give them back.", Group.EDIT,
                Role.OPERATOR, Audit.LOGGED, ForbidMediaDistribution, MissingFiles, self._forbid, _FORBID_ERRORS,
                {"media.ids_none": "InvalidParameterValue.FileIds",
                 "media.ids_many": "InvalidParameterValue.FileIdsTooMany"},
            ),
        )  # fmt: skip

    async def _describe(self, caller: Caller, asked: DescribeMediaInfos) -> MediaInfos:
        _check_number(asked.file_ids)
        infos, missing = await self._library.describe(caller.sub_app_id, asked.file_ids, asked.filters)
        return {"MediaInfoSet": cast("list[MediaInfo]", infos), "NotExistFileIdSet": list(missing)}

    async def _search(self, caller: Caller, asked: SearchMedia) -> FoundMedia:
        total, infos = await self._library.search(_query(caller.sub_app_id, asked), asked.filters)
        return {"TotalCount": total, "MediaInfoSet": cast("list[MediaInfo]", infos)}

    async def _modify(self, caller: Caller, asked: ModifyMediaInfo) -> ModifiedMediaInfo:
        if asked.add_subtitles or asked.delete_subtitle_ids:
            raise Invalid("api.unsupported", "subtitles are not offered; leave AddSubtitles and DeleteSubtitleIds out")
        cover = _picture(asked.cover_data) if asked.cover_data else b""
        url = await self._library.edit(caller.sub_app_id, asked.file_id, _edit(asked), cover)
        return {"CoverUrl": url, "AddedSubtitleSet": []}

    async def _delete(self, caller: Caller, asked: DeleteMedia) -> Nothing:
        parts = [Part(item.type, item.definition) for item in asked.delete_parts]
        await self._library.delete(caller.sub_app_id, asked.file_id, parts)
        return {}

    async def _forbid(self, caller: Caller, asked: ForbidMediaDistribution) -> MissingFiles:
        _check_number(asked.file_ids)
        missing = await self._library.set_forbidden(
            caller.sub_app_id, asked.file_ids, forbidden=asked.operation == "forbid"
        )
        return {"NotExistFileIdSet": list(missing)}


def _check_number(file_ids: Sequence[str]) -> None:
    if not file_ids:
        raise Invalid("media.ids_none", "FileIds is empty; name at least one file")
    if len(file_ids) > _MOST_FILES:
        raise Invalid("media.ids_many", f"FileIds names {len(file_ids)} files; name at most {_MOST_FILES}")


def _query(sub_app_id: int, asked: SearchMedia) -> MediaQuery:
    return MediaQuery(
        sub_app_id=sub_app_id,
        file_ids=asked.file_ids,
        names=asked.names,
        name_prefixes=asked.name_prefixes,
        descriptions=asked.descriptions,
        text=asked.text,
        class_ids=asked.class_ids,
        tags=asked.tags,
        categories=asked.categories,
        types=tuple(each.lower() for each in asked.media_types),
        regions=asked.storage_regions,
        statuses=asked.status,
        reviews=tuple(NOT_REVIEWED if each == "notModerated" else each for each in asked.review_results),
        created=_created(asked),
        expires=_span(asked.expire_time, "ExpireTime"),
        newest_first=asked.sort.order != "Asc",
        nothing=_is_of_elsewhere(asked),
        offset=asked.offset,
        limit=asked.limit,
    )


def _is_of_elsewhere(asked: SearchMedia) -> bool:
    """Return whether the filters exclude every file: other sources than uploads, or another storage class."""
    sources = {*asked.source_types, *([asked.source_type] if asked.source_type else [])}
    elsewhere = asked.stream_ids or asked.stream_id or asked.trtc_sdk_app_ids or asked.trtc_room_ids
    elsewhere = elsewhere or asked.stream_domains or asked.stream_paths or asked.knowledge_bases
    cold = asked.storage_classes and "STANDARD" not in asked.storage_classes
    return bool(elsewhere or cold or (sources and "Upload" not in sources))


def _created(asked: SearchMedia) -> Span:
    """The newer range wins over the older parameters, of which the end is not included."""
    old = Span(_moment(asked.start_time, "StartTime"), _moment(asked.end_time, "EndTime"))
    new = _span(asked.create_time, "CreateTime")
    return Span(old.start if new.start is None else new.start, old.end if new.end is None else new.end)


def _span(between: TimeRange, field: str) -> Span:
    # The wire has whole seconds, so the range includes all of its last second.
    last = _moment(between.before, field)
    return Span(_moment(between.after, field), None if last is None else last + 1)


def _moment(text: str, field: str) -> float | None:
    if not text:
        return None
    try:
        return read_time(text)
    except ValueError as error:
        raise Invalid("api.value", f"{field} {text!r} is no ISO 8601 moment", field=field) from error


def _edit(asked: ModifyMediaInfo) -> MediaEdit:
    return MediaEdit(
        name=asked.name,
        description=asked.description,
        class_id=asked.class_id,
        expire_time=asked.expire_time,
        add_tags=asked.add_tags,
        delete_tags=asked.delete_tags,
        clear_tags=asked.clear_tags == 1,
        add_key_frames=tuple(KeyFrameMark(each.time_offset, each.content) for each in asked.add_key_frame_descs),
        delete_key_frames=asked.delete_key_frame_descs,
        clear_key_frames=asked.clear_key_frame_descs == 1,
    )


def _picture(text: str) -> bytes:
    """Return the bytes of Base64, which some clients break into lines."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise Invalid("picture.unreadable", f"CoverData is no Base64: {error}") from error
