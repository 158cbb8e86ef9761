"""``MediaInfo``: everything known of a file, as the wire tells it (``procedures-and-api.md`` 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openvod.events.codec import DEFAULT_CLASS_NAME, NEVER, iso_time
from openvod.media.model import MediaAsset, MediaOutput, ProbeState
from openvod.media.probe import ProbeResult, media_metadata
from openvod.tasks.model import SubTaskKind

_SETS = {
    SubTaskKind.TRANSCODE: ("TranscodeInfo", "TranscodeSet"),
    SubTaskKind.ANIMATED_GRAPHICS: ("AnimatedGraphicsInfo", "AnimatedGraphicsSet"),
    SubTaskKind.SAMPLE_SNAPSHOT: ("SampleSnapshotInfo", "SampleSnapshotSet"),
    SubTaskKind.IMAGE_SPRITES: ("ImageSpriteInfo", "ImageSpriteSet"),
    SubTaskKind.SNAPSHOT_BY_TIME_OFFSET: ("SnapshotByTimeOffsetInfo", "SnapshotByTimeOffsetSet"),
    SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING: ("AdaptiveDynamicStreamingInfo", "AdaptiveDynamicStreamingSet"),
}
_ORIGINAL = 0


def media_info(
    asset: MediaAsset,
    outputs: Sequence[MediaOutput],
    url: Callable[[str], str],
    *,
    class_name: str = DEFAULT_CLASS_NAME,
    class_path: str = DEFAULT_CLASS_NAME,
) -> dict[str, Any]:
    """Return ``MediaInfo`` with every part; parts that nothing was made for are null.

    ``TranscodeInfo`` also holds the original, as definition 0.
    """
    probe = ProbeResult.from_json(asset.probe) if asset.probe_state is ProbeState.DONE else None
    metadata = media_metadata(probe) if probe else None
    info: dict[str, Any] = {
        "FileId": asset.file_id,
        "BasicInfo": _basic(asset, probe, url, class_name, class_path),
        "MetaData": metadata,
        "KeyFrameDescInfo": None,
        "MiniProgramReviewInfo": None,
        "SubtitleInfo": None,
        "ReviewInfo": _review(outputs),
    }
    for kind, (member, name) in _SETS.items():
        found = [dict(output.output) for output in outputs if output.kind == kind.value]
        if kind is SubTaskKind.TRANSCODE and metadata:
            found.insert(0, _original(asset, metadata, url))
        info[member] = {name: found} if found else None
    return info


def _basic(
    asset: MediaAsset, probe: ProbeResult | None, url: Callable[[str], str], class_name: str, class_path: str
) -> dict[str, Any]:
    return {
        "Name": asset.name,
        "Description": "",
        "CreateTime": iso_time(asset.created_at),
        "UpdateTime": iso_time(asset.updated_at),
        "ExpireTime": asset.expire_time or NEVER,
        "ClassId": asset.class_id,
        "ClassName": class_name,
        "ClassPath": class_path,
        "CoverUrl": url(asset.cover_key) if asset.cover_key else "",
        "Type": asset.type,
        "MediaUrl": url(asset.media_key),
        "SourceInfo": {
            "SourceType": "Upload",
            "SourceContext": asset.source_context,
            "LiveRecordInfo": None,
            "TrtcRecordInfo": None,
            "WebPageRecordInfo": None,
        },
        "StorageRegion": asset.region,
        "StoragePath": "",
        "TagSet": [],
        "Vid": "",
        "Category": probe.category if probe else "Video",
        "Status": asset.status,
        "StorageClass": "STANDARD",
    }


def _original(asset: MediaAsset, metadata: Mapping[str, Any], url: Callable[[str], str]) -> dict[str, Any]:
    kept = ("Bitrate", "Height", "Width", "Size", "Duration", "Md5", "Container", "VideoStreamSet", "AudioStreamSet")
    return {
        "Url": url(asset.media_key),
        "Definition": _ORIGINAL,
        **{name: metadata[name] for name in kept},
        "DigitalWatermarkType": "None",
        "CopyRightWatermarkText": "",
        "BlindWatermarkDefinition": 0,
    }


def _review(outputs: Sequence[MediaOutput]) -> dict[str, Any] | None:
    """The newest review of the media, of either kind."""
    found = [output for output in outputs if SubTaskKind(output.kind).is_review]
    if not found:
        return None
    newest = max(found, key=lambda output: output.created_at)
    return {"MediaReviewInfo": dict(newest.output), "CoverReviewInfo": None}
