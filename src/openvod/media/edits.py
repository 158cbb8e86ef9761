"""What ModifyMediaInfo changes, as a decision about values (``procedures-and-api.md`` 6.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openvod.base.errors import Exhausted, Invalid
from openvod.media.expiry import expiry
from openvod.media.model import KeyFrameMark, MediaAsset

MAX_TAGS, MAX_TAG = 16, 32
MAX_KEY_FRAMES, MAX_KEY_FRAME_CONTENT = 100, 128


@dataclass(frozen=True)
class MediaEdit:
    """The members to change. ``None`` and empty mean unchanged, except that "" clears ``description``.

    ``expire_time`` is ISO 8601. Key frames are named by their ``time_offset`` in seconds.
    """

    name: str | None = None
    description: str | None = None
    class_id: int | None = None
    expire_time: str = ""
    add_tags: tuple[str, ...] = ()
    delete_tags: tuple[str, ...] = ()
    clear_tags: bool = False
    add_key_frames: tuple[KeyFrameMark, ...] = ()
    delete_key_frames: tuple[float, ...] = ()
    clear_key_frames: bool = False


def edited(asset: MediaAsset, edit: MediaEdit, now: float) -> MediaAsset:
    """Return the asset after an edit.

    Raises ``Invalid`` with ``media.expire_time``, ``tags.add_and_clear``, ``tags.add_and_delete``, ``tags.too_long``,
    the same of ``key_frames``, and ``Exhausted`` with ``tags.too_many`` or ``key_frames.too_many``.
    """
    return replace(
        asset,
        name=asset.name if edit.name is None else edit.name,
        description=asset.description if edit.description is None else edit.description,
        class_id=asset.class_id if edit.class_id is None else edit.class_id,
        expire_time=expiry(edit.expire_time, now) if edit.expire_time else asset.expire_time,
        tags=_tags(asset.tags, edit),
        key_frames=_key_frames(asset.key_frames, edit),
        updated_at=now,
    )


def _tags(present: tuple[str, ...], edit: MediaEdit) -> tuple[str, ...]:
    if edit.add_tags and edit.clear_tags:
        raise Invalid("tags.add_and_clear", "AddTags and ClearTags exclude one another; send one of them")
    if both := set(edit.add_tags) & set(edit.delete_tags):
        raise Invalid("tags.add_and_delete", f"tag {min(both)[:MAX_TAG]!r} is both added and deleted")
    if any(len(tag) > MAX_TAG for tag in edit.add_tags):
        raise Invalid("tags.too_long", f"a tag has at most {MAX_TAG} characters")
    kept = () if edit.clear_tags else tuple(tag for tag in present if tag not in edit.delete_tags)
    tags = tuple(dict.fromkeys((*kept, *edit.add_tags)))
    if edit.add_tags and len(tags) > MAX_TAGS:
        raise Exhausted("tags.too_many", f"a file has at most {MAX_TAGS} tags; delete some first")
    return tags


def _key_frames(present: tuple[KeyFrameMark, ...], edit: MediaEdit) -> tuple[KeyFrameMark, ...]:
    """Return the remarks in order of time; one at a moment that has one replaces it."""
    added = {mark.time_offset: mark for mark in edit.add_key_frames}
    if added and edit.clear_key_frames:
        raise Invalid(
            "key_frames.add_and_clear",
            "AddKeyFrameDescs and ClearKeyFrameDescs exclude one another; send one of them",
        )
    if both := added.keys() & set(edit.delete_key_frames):
        raise Invalid("key_frames.add_and_delete", f"the key frame at {min(both):g} s is both added and deleted")
    if any(len(mark.content) > MAX_KEY_FRAME_CONTENT for mark in edit.add_key_frames):
        raise Invalid("key_frames.too_long", f"a key frame's Content has at most {MAX_KEY_FRAME_CONTENT} characters")
    kept = {} if edit.clear_key_frames else {m.time_offset: m for m in present}
    kept = {moment: mark for moment, mark in kept.items() if moment not in edit.delete_key_frames} | added
    if added and len(kept) > MAX_KEY_FRAMES:
        raise Exhausted("key_frames.too_many", f"a file has at most {MAX_KEY_FRAMES} key frames; delete some first")
    return tuple(kept[moment] for moment in sorted(kept))
