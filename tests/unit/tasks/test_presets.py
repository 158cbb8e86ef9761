"""Presets (``procedures-and-api.md`` 3.4, 4): ids and figures of the tables."""

from __future__ import annotations

import pytest

from openvod.kinds.names import TemplateKind
from openvod.tasks.presets import PRESET_PROCEDURES, PRESETS

T = TemplateKind.TRANSCODE


def video(definition: int) -> tuple[str, str, int, int, int, int]:
    """Return container, codec, width, height, kbit/s and frames per second of a transcode preset."""
    body = PRESETS[T, definition].body
    v = body.video_template
    return body.container, v.codec, v.width, v.height, v.bitrate, v.fps


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (100010, ("mp4", "libx264", 0, 360, 400, 25)),
        (100240, ("hls", "libx264", 0, 1080, 2500, 25)),
        (100080, ("mp4", "libx264", 0, 2160, 6000, 25)),
        (101020, ("mp4", "libx265", 0, 540, 800, 25)),
        (101230, ("hls", "libx265", 0, 720, 1500, 25)),
        (10, ("mp4", "libx264", 320, 0, 256, 24)),
        (220, ("hls", "libx264", 640, 0, 512, 24)),
        (10049, ("flv", "libx264", 1920, 0, 2500, 24)),
        (370, ("flv", "libx264", 0, 1440, 3072, 30)),
        (510, ("mp4", "libx265", 0, 240, 250, 15)),
        (640, ("hls", "libx265", 0, 1080, 1400, 30)),
        (770, ("flv", "libx265", 0, 1440, 2048, 0)),
    ],
)
def test_video_presets(definition: int, expected: object) -> None:
    """A preset id has the codec, size, rate and container that clients know it by."""
    assert video(definition) == expected


def test_every_id_of_the_tables_exists() -> None:
    """No id of section 4 is missing, and none that no source knows was made up."""
    assert {d for kind, d in PRESETS if kind is T} == {
        *(base + n for base in (100000, 100200) for n in (10, 20, 30, 40, 70, 80)),
        *(base + n for base in (101000, 101200) for n in (10, 20, 30)),
        *(n + add for n in (10, 20, 30, 40) for add in (0, 200)), 10046, 10047, 10048, 10049,
        70, 270, 370, 80, 280, 380,
        *(n + add for n in (510, 520, 530, 540, 570, 580) for add in (0, 100, 200)),
        1100, 1110, 1120, 1130, 1140, 1010, 1020, 100800, 100810, 100820, 100830, 100840, 875, 876,
    }  # fmt: skip
    others = {(kind.value, d) for kind, d in PRESETS if kind is not T}
    assert others == {
        ("SnapshotByTimeOffset", 10), ("SampleSnapshot", 10), ("ImageSprite", 10), ("AnimatedGraphics", 20000),
        ("AnimatedGraphics", 20001), ("AdaptiveDynamicStreaming", 10), ("AdaptiveDynamicStreaming", 12),
        ("AdaptiveDynamicStreaming", 20), ("ContentReview", 10), ("ContentReview", 20), ("Review", 10),
    }  # fmt: skip


def test_ladder() -> None:
    """Adaptive 10, 12 and 20 share their rungs; 12 is encrypted, 20 is DASH; the first two forbid up-scaling."""
    bodies = [PRESETS[TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, d].body for d in (10, 12, 20)]
    rungs = [[(info.video.height, info.video.bitrate) for info in body.stream_infos] for body in bodies]
    assert rungs == [[(240, 256), (480, 512), (720, 1024), (1080, 1024), (1440, 3072), (2160, 6144)]] * 3
    assert [(b.format, b.drm_type, b.disable_higher_video_resolution) for b in bodies] == [
        ("HLS", "", 1),
        ("HLS", "SimpleAES", 1),
        ("MPEG-DASH", "", 0),
    ]


@pytest.mark.parametrize(("name", "adaptive"), [("LongVideoPreset", 10), ("SimpleAesEncryptPreset", 12)])
def test_preset_procedures(name: str, adaptive: int) -> None:
    """The two preset flows make an adaptive stream, a sprite and a cover."""
    task = PRESET_PROCEDURES[name].media_process_task
    assert task is not None
    found = sorted((kind.value, item.definition) for kind, item in task.items())
    assert found == [("AdaptiveDynamicStreaming", adaptive), ("CoverBySnapshot", 10), ("ImageSprites", 10)]
