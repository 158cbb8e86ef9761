"""Names of the wire that kinds use; in their own module, because the modules of the models have many imports."""

from __future__ import annotations

from enum import StrEnum


class TemplateKind(StrEnum):
    """What a template is for."""

    TRANSCODE = "Transcode"
    WATERMARK = "Watermark"
    SNAPSHOT_BY_TIME_OFFSET = "SnapshotByTimeOffset"
    SAMPLE_SNAPSHOT = "SampleSnapshot"
    IMAGE_SPRITE = "ImageSprite"
    ANIMATED_GRAPHICS = "AnimatedGraphics"
    ADAPTIVE_DYNAMIC_STREAMING = "AdaptiveDynamicStreaming"
    CONTENT_REVIEW = "ContentReview"
    REVIEW = "Review"
    HEAD_TAIL = "HeadTail"


class PartType(StrEnum):
    """What can be deleted of a file; the last two are never there, since OpenVOD does not publish to WeChat."""

    ORIGINAL = "OriginalFiles"
    TRANSCODES = "TranscodeFiles"
    ADAPTIVE = "AdaptiveDynamicStreamingFiles"
    WECHAT = "WechatPublishFiles"
    WECHAT_MINI_PROGRAM = "WechatMiniProgramPublishFiles"


class InfoMember(StrEnum):
    """Members of ``MediaInfo`` in the wire's order (``procedures-and-api.md`` 6.3)."""

    BASIC = "BasicInfo"
    METADATA = "MetaData"
    TRANSCODES = "TranscodeInfo"
    ANIMATED_GRAPHICS = "AnimatedGraphicsInfo"
    IMAGE_SPRITES = "ImageSpriteInfo"
    SNAPSHOTS_BY_TIME_OFFSET = "SnapshotByTimeOffsetInfo"
    SAMPLE_SNAPSHOTS = "SampleSnapshotInfo"
    KEY_FRAMES = "KeyFrameDescInfo"
    ADAPTIVE_STREAMS = "AdaptiveDynamicStreamingInfo"
    MINI_PROGRAM_REVIEW = "MiniProgramReviewInfo"
    SUBTITLES = "SubtitleInfo"
    REVIEW = "ReviewInfo"
