"""Addresses of what is packaged."""

from __future__ import annotations

import pytest

from openvod.playback.names import (
    Packaged,
    init_name,
    master_name,
    media_name,
    parse,
    segment_name,
    version_of,
)

_KEY = "bucket/0123abcd42/film.mp4"
_VERSION = "00ff00ff"


@pytest.mark.parametrize("original", [_KEY, "b/d/odd name.hls.mov", "b/d/a.hls.m3u8"])
def test_names_lead_back(original: str) -> None:
    """Every name that lists contain is understood again, whatever the file is called."""
    assert parse(master_name(original)) == Packaged(original, "master")
    assert parse(media_name(original)) == Packaged(original, "media")
    assert parse(init_name(original, _VERSION)) == Packaged(original, "init", _VERSION)
    assert parse(segment_name(original, _VERSION, 120)) == Packaged(original, "segment", _VERSION, 120)


@pytest.mark.parametrize(
    "key",
    ["film.mp4.hls.m3u8", f"{_KEY}.m3u8", f"{_KEY}.hls.mp4", f"{_KEY}.hls.{_VERSION}.1.mp4", f"{_KEY}.hls.media.m4s",
     f"{_KEY}.hls.{_VERSION}.1234567.m4s", f"{_KEY}.hls.{_VERSION}.m3u8", f"{_KEY}.hls.{_VERSION}.-1.m4s", ""],
)  # fmt: skip
def test_other_names_are_not_ours(key: str) -> None:
    """Names of another form are left to what is stored."""
    assert parse(key) is None


def test_a_link_of_the_directory_holds() -> None:
    """All names lie in the original's directory, which is what links sign."""
    names = (master_name(_KEY), media_name(_KEY), init_name(_KEY, _VERSION), segment_name(_KEY, _VERSION, 1))
    assert {name.rpartition("/")[0] for name in names} == {_KEY.rpartition("/")[0]}


def test_other_bytes_have_other_names() -> None:
    """Caches keep segments for ever, so a name never means two things."""
    assert len({version_of("a", 1), version_of("b", 1), version_of("a", 2)}) == 3
    assert version_of("a", 1) == version_of("a", 1)
