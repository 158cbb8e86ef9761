"""What templates are for; apart from their members, which need far more to be imported."""

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
