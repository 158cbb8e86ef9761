"""``MediaInfo``: everything known about a file, in the wire's form (``procedures-and-api.md`` 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from openvod.events.codec import DEFAULT_CLASS_NAME, UploadedFile, media_basic_info
from openvod.kinds.names import InfoMember
from openvod.kinds.probe import ProbeResult, media_metadata
from openvod.kinds.registry import MEDIA_KINDS, SubTaskKind
from openvod.media.model import MediaAsset, MediaOutput, ProbeState

#: The wire's ``Filters`` and the members that they ask for, in the wire's order.
PARTS = {f"{member[0].lower()}{member[1:]}": member.value for member in InfoMember}
_ORIGINAL = 0

#: The place in ``MediaInfo`` of each kind that has one.
_SETS = {kind: declared.media_info for kind, declared in MEDIA_KINDS.items() if declared.media_info}


def media_info(
    asset: MediaAsset,
    outputs: Sequence[MediaOutput],
    url: Callable[[str], str],
    *,
    class_name: str = DEFAULT_CLASS_NAME,
    class_path: str = DEFAULT_CLASS_NAME,
    parts: Collection[str] = (),
) -> dict[str, Any]:
    """Return ``MediaInfo``; ``parts`` are names of :data:`PARTS`; empty means all.

    What is not asked for, and what nothing was made for, is null. ``TranscodeInfo`` also holds the original, as
    definition 0.
    """
    probe = ProbeResult.from_json(asset.probe) if asset.probe_state is ProbeState.DONE else None
    metadata = media_metadata(probe) if probe else None
    info: dict[str, Any] = {
        "BasicInfo": _basic(asset, url, class_name, class_path),
        "MetaData": metadata,
        "KeyFrameDescInfo": _key_frames(asset),
        "MiniProgramReviewInfo": None,
        "SubtitleInfo": None,
        "ReviewInfo": _review(outputs),
    }
    for kind, place in _SETS.items():
        found = [dict(output.output) for output in outputs if output.kind == kind.value]
        if place.with_original and metadata and asset.has_original:
            found.insert(0, _original(asset, metadata, url))
        info[place.member] = {place.name: found} if found else None
    wanted = {member for name, member in PARTS.items() if not parts or name in parts}
    return {"FileId": asset.file_id} | {member: info[member] if member in wanted else None for member in PARTS.values()}


def _basic(asset: MediaAsset, url: Callable[[str], str], class_name: str, class_path: str) -> dict[str, Any]:
    file = UploadedFile(
        file_id=asset.file_id,
        name=asset.name,
        type=asset.type,
        class_id=asset.class_id,
        class_name=class_name,
        class_path=class_path,
        cover_url=url(asset.cover_key) if asset.cover_key else "",
        media_url=url(asset.media_key) if asset.has_original else "",
        storage_region=asset.region,
        source_context=asset.source_context,
        category=asset.category,
        created_at=asset.created_at,
        expire_time=asset.expire_time,
    )
    return media_basic_info(
        file, updated_at=asset.updated_at, description=asset.description, tags=asset.tags, status=asset.status
    )


def _key_frames(asset: MediaAsset) -> dict[str, Any] | None:
    marks = [{"TimeOffset": mark.time_offset, "Content": mark.content} for mark in asset.key_frames]
    return {"KeyFrameDescSet": marks} if marks else None


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
