"""Kinds of templates; in a module of their own, because the models import far more."""

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
