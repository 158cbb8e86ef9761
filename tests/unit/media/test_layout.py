"""Which files belong to what can be deleted."""

from __future__ import annotations

import pytest

from openvod.kinds.registry import SubTaskKind
from openvod.media.layout import content_type, names_of
from openvod.storage.media_types import media_type_of

_NAMES = (
    "v.f10.mp4", "v.f10.m3u8", "v.f10_0.ts", "v.f10_init.mp4", "3/v.f10.mp4", "v.f100.mp4", "v.f10.gif", "v.f10.webp",
    "adp.10.m3u8", "adp.10.mpd", "video_10_0.m3u8", "video_10_0_1.ts", "audio_10_0.m3u8", "dash_10_0_init.mp4",
    "4/adp.10.m3u8", "adp.100.m3u8", "video_1_10.m3u8",
    "coverBySnapshot/coverBySnapshot_10_0.jpg", "sampleSnapshot/sampleSnapshot_10_0.jpg",
    "imageSprite/imageSprite_10.vtt", "review/Porn_10_0.jpg",
)  # fmt: skip
_STREAMS = ["adp.10.m3u8", "adp.10.mpd", "video_10_0.m3u8", "video_10_0_1.ts", "audio_10_0.m3u8", "dash_10_0_init.mp4",
            "4/adp.10.m3u8"]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "definition", "expected"),
    [
        (SubTaskKind.TRANSCODE, 10, ["v.f10.mp4", "v.f10.m3u8", "v.f10_0.ts", "v.f10_init.mp4", "3/v.f10.mp4"]),
        (SubTaskKind.TRANSCODE, 0, ["v.f10.mp4", "v.f10.m3u8", "v.f10_0.ts", "v.f10_init.mp4", "3/v.f10.mp4",
                                    "v.f100.mp4"]),
        (SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING, 10, _STREAMS),
        (SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING, 0, [*_STREAMS, "adp.100.m3u8", "video_1_10.m3u8"]),
        (SubTaskKind.COVER_BY_SNAPSHOT, 0, ["coverBySnapshot/coverBySnapshot_10_0.jpg"]),
    ],
)  # fmt: skip
def test_names_of_a_kind(kind: SubTaskKind, definition: int, expected: list[str]) -> None:
    """A kind's names are matched whole, of one template or of all, and nothing else is."""
    pattern = names_of(kind, definition)
    assert [name for name in _NAMES if pattern.fullmatch(name)] == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.mov", "video/quicktime"), ("a.mkv", "video/x-matroska"), ("v.f1.m3u8", "application/vnd.apple.mpegurl"),
        ("v.f1_0.ts", "video/mp2t"), ("a.m4a", "audio/mp4"), ("a.vtt", "text/vtt; charset=utf-8"),
        ("a.nothing", "application/octet-stream"),
    ],
)  # fmt: skip
def test_one_table_of_media_types(name: str, kind: str) -> None:
    """Originals and outputs have the same types by the same table."""
    assert content_type(name)["Content-Type"] == kind
    assert kind.startswith(media_type_of(name))
