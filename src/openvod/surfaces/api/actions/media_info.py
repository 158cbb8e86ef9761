"""``MediaInfo`` as the media actions answer it (``procedures-and-api.md`` 6.3); rooms below make it."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

_open = with_config(ConfigDict(extra="allow"))


class SourceInfo(TypedDict):
    """Where a file comes from."""

    SourceType: str
    SourceContext: str
    LiveRecordInfo: None
    TrtcRecordInfo: None
    WebPageRecordInfo: None


class MediaBasicInfo(TypedDict):
    """What is known of a file without looking into it."""

    Name: str
    Description: str
    CreateTime: str
    UpdateTime: str
    ExpireTime: str
    ClassId: int
    ClassName: str
    ClassPath: str
    CoverUrl: str
    Type: str
    MediaUrl: str
    TagSet: list[str]
    StorageRegion: str
    StoragePath: str
    SourceInfo: SourceInfo
    Vid: str
    Category: str
    Status: str
    StorageClass: str


class DynamicRangeInfo(TypedDict):
    """SDR, or HDR of a type."""

    Type: str
    HDRType: str


class VideoStreamItem(TypedDict):
    """A video stream."""

    Bitrate: int
    Height: int
    Width: int
    Codec: str
    Fps: int
    CodecTag: str
    DynamicRangeInfo: DynamicRangeInfo


class AudioStreamItem(TypedDict):
    """An audio stream."""

    Bitrate: int
    SamplingRate: int
    Codec: str


class MediaMetaData(TypedDict):
    """What probing found in a file."""

    Size: int
    Container: str
    Bitrate: int
    Height: int
    Width: int
    Duration: float
    Rotate: int
    VideoDuration: float
    AudioDuration: float
    Md5: str
    VideoStreamSet: list[VideoStreamItem]
    AudioStreamSet: list[AudioStreamItem]


@_open
class MadeMedia(TypedDict):
    """What a template made that can be played or shown; members beyond these depend on the kind."""

    Url: str
    Definition: int


@_open
class MadePictures(TypedDict):
    """Pictures that a template made; members beyond these depend on the kind."""

    Definition: int


class KeyFrameDescItem(TypedDict):
    """A remark on a moment, in seconds from the start."""

    TimeOffset: float
    Content: str


class TranscodeInfo(TypedDict):
    """Renditions; definition 0 is the original."""

    TranscodeSet: list[MadeMedia]


class AnimatedGraphicsInfo(TypedDict):
    """Animated pictures."""

    AnimatedGraphicsSet: list[MadeMedia]


class ImageSpriteInfo(TypedDict):
    """Sprites."""

    ImageSpriteSet: list[MadePictures]


class SnapshotByTimeOffsetInfo(TypedDict):
    """Snapshots at moments."""

    SnapshotByTimeOffsetSet: list[MadePictures]


class SampleSnapshotInfo(TypedDict):
    """Snapshots at intervals."""

    SampleSnapshotSet: list[MadePictures]


class KeyFrameDescInfo(TypedDict):
    """Remarks on moments."""

    KeyFrameDescSet: list[KeyFrameDescItem]


class AdaptiveDynamicStreamingInfo(TypedDict):
    """Adaptive streams."""

    AdaptiveDynamicStreamingSet: list[MadeMedia]


class ReviewInfo(TypedDict):
    """The newest review of a file."""

    MediaReviewInfo: dict[str, Any] | None
    CoverReviewInfo: dict[str, Any] | None


class MediaInfo(TypedDict):
    """Everything known of a file; what was not asked for, and what nothing was made for, is null."""

    FileId: str
    BasicInfo: MediaBasicInfo | None
    MetaData: MediaMetaData | None
    TranscodeInfo: TranscodeInfo | None
    AnimatedGraphicsInfo: AnimatedGraphicsInfo | None
    ImageSpriteInfo: ImageSpriteInfo | None
    SnapshotByTimeOffsetInfo: SnapshotByTimeOffsetInfo | None
    SampleSnapshotInfo: SampleSnapshotInfo | None
    KeyFrameDescInfo: KeyFrameDescInfo | None
    AdaptiveDynamicStreamingInfo: AdaptiveDynamicStreamingInfo | None
    MiniProgramReviewInfo: dict[str, Any] | None
    SubtitleInfo: dict[str, Any] | None
    ReviewInfo: ReviewInfo | None
