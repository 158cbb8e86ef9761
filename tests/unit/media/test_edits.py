"""What ModifyMediaInfo changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvod.base.errors import Exhausted, Invalid, OpenVodError
from openvod.media.edits import MAX_KEY_FRAMES, MAX_TAGS, MediaEdit, edited
from openvod.media.model import KeyFrameMark, MediaAsset, ProbeState

_ASSET = MediaAsset(
    "1", 7, "n", "mp4", 5, "b", "r", "k/d/x.mp4", "c", 1, "", 2.0, 2.0, "2030-01-01T00:00:00Z", ProbeState.PENDING, {},
    description="old", tags=("a", "b"), key_frames=(KeyFrameMark(1.0, "one"), KeyFrameMark(2.0, "two")),
)  # fmt: skip


def test_nothing_asked_changes_nothing_but_the_moment() -> None:
    """An empty edit leaves every member."""
    assert edited(_ASSET, MediaEdit(), 9.0) == replace(_ASSET, updated_at=9.0)


def test_plain_members() -> None:
    """What is given replaces what is there; an empty description empties it."""
    found = edited(_ASSET, MediaEdit(name="new", description="", class_id=0), 9.0)
    assert (found.name, found.description, found.class_id) == ("new", "", 0)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2031-05-01T08:00:00+08:00", "2031-05-01T00:00:00Z"),
        ("2031-05-01T08:00:00", "2031-05-01T08:00:00Z"),
        ("9999-12-31T23:59:59Z", ""),
        ("", "2030-01-01T00:00:00Z"),
    ],
)
def test_expire_time_is_kept_in_utc(given: str, stored: str) -> None:
    """Any offset is understood; the wire's "never" is none."""
    assert edited(_ASSET, MediaEdit(expire_time=given), 9.0).expire_time == stored


def test_tags_and_key_frames() -> None:
    """Additions come last or in order of time, replace equals, and go together with deletions of others."""
    edit = MediaEdit(
        add_tags=("b", "c", "c"), delete_tags=("a", "x"),
        add_key_frames=(KeyFrameMark(1.5, "mid"), KeyFrameMark(2.0, "TWO")), delete_key_frames=(1.0, 7.0),
    )  # fmt: skip
    found = edited(_ASSET, edit, 9.0)
    assert found.tags == ("b", "c")
    assert found.key_frames == (KeyFrameMark(1.5, "mid"), KeyFrameMark(2.0, "TWO"))
    cleared = edited(_ASSET, MediaEdit(clear_tags=True, clear_key_frames=True), 9.0)
    assert (cleared.tags, cleared.key_frames) == ((), ())


def test_limits_are_reached_and_not_passed() -> None:
    """The sixteenth tag and the hundredth key frame fit."""
    tags = tuple(str(n) * 32 if n < 10 else str(n) for n in range(MAX_TAGS - 2))
    marks = tuple(KeyFrameMark(10.0 + n, "x" * 128) for n in range(MAX_KEY_FRAMES - 2))
    full = edited(_ASSET, MediaEdit(add_tags=tags, add_key_frames=marks), 9.0)
    assert (len(full.tags), len(full.key_frames)) == (MAX_TAGS, MAX_KEY_FRAMES)
    again = MediaEdit(add_tags=("a",), add_key_frames=(KeyFrameMark(1.0, "other"),))
    assert edited(full, again, 9.0).tags == full.tags


@pytest.mark.parametrize(
    ("edit", "code", "kind"),
    [
        (MediaEdit(add_tags=("c",), clear_tags=True), "tags.add_and_clear", Invalid),
        (MediaEdit(add_tags=("c", "d"), delete_tags=("d",)), "tags.add_and_delete", Invalid),
        (MediaEdit(add_tags=("x" * 33,)), "tags.too_long", Invalid),
        (MediaEdit(add_tags=tuple(map(str, range(15)))), "tags.too_many", Exhausted),
        (
            MediaEdit(add_key_frames=(KeyFrameMark(3, "x"),), clear_key_frames=True),
            "key_frames.add_and_clear", Invalid,
        ),
        (
            MediaEdit(add_key_frames=(KeyFrameMark(3, "x"),), delete_key_frames=(3.0,)),
            "key_frames.add_and_delete", Invalid,
        ),
        (MediaEdit(add_key_frames=(KeyFrameMark(3, "x" * 129),)), "key_frames.too_long", Invalid),
        (
            MediaEdit(add_key_frames=tuple(KeyFrameMark(10 + n, "x") for n in range(99))),
            "key_frames.too_many", Exhausted,
        ),
        (MediaEdit(expire_time="tomorrow"), "media.expire_time", Invalid),
        (MediaEdit(expire_time="0001-01-01T00:00:00+23:00"), "media.expire_time", Invalid),
        (MediaEdit(expire_time="1970-01-01T00:00:09Z"), "media.expire_time", Invalid),
    ],
)  # fmt: skip
def test_refusals(edit: MediaEdit, code: str, kind: type[OpenVodError]) -> None:
    """Each fault has its code."""
    with pytest.raises(kind) as refused:
        edited(_ASSET, edit, 9.0)
    assert refused.value.code == code
