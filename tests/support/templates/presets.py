"""What every preset makes of a clip, from the wire's tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WIDTH, HEIGHT, FPS = 1280, 720, 30


@dataclass(frozen=True)
class Expected:
    """What a transcode preset makes of the clip. ``kbps`` 0 = by quality; ``gop`` is the longest allowed."""

    definition: int
    container: str
    codec: str = ""
    size: tuple[int, int] = (0, 0)
    fps: float = 0.0
    kbps: int = 0
    gop: int = 250
    audio: str = "aac"
    audio_kbps: int = 0
    copied: bool = False


_SIZES = {240: (426, 240), 360: (640, 360), 480: (854, 480), 540: (960, 540)}


_WIDTHS = {320: (320, 180), 640: (640, 360)}


def _of_height(height: int) -> tuple[int, int]:
    return _SIZES.get(height, (WIDTH, HEIGHT))


def _current() -> Iterator[Expected]:
    """Return the table of ``procedures-and-api.md`` 4.1."""
    levels = ((10, 360, 400, 64, 300), (20, 540, 1000, 64, 800), (30, 720, 1800, 128, 1500), (40, 1080, 2500, 128, 0),
              (70, 1440, 3000, 160, 0), (80, 2160, 6000, 160, 0))  # fmt: skip
    for number, height, kbps, audio, hevc in levels:
        size = _of_height(height)
        yield Expected(100_000 + number, "mp4", "h264", size, 25, kbps, audio_kbps=audio)
        yield Expected(100_200 + number, "hls", "h264", size, 25, kbps, audio_kbps=audio)
        if hevc:
            yield Expected(101_000 + number, "mp4", "hevc", size, 25, hevc, audio_kbps=audio)
            yield Expected(101_200 + number, "hls", "hevc", size, 25, hevc, audio_kbps=audio)


def _legacy() -> Iterator[Expected]:
    """Return the table of ``procedures-and-api.md`` 4.2."""
    h264 = (
        ((10, 210, 10_046), _WIDTHS[320], 256, 24), ((20, 220, 10_047), _WIDTHS[640], 512, 24),
        ((30, 230, 10_048), (WIDTH, HEIGHT), 1024, 24), ((40, 240, 10_049), (WIDTH, HEIGHT), 2500, 24),
        ((70, 270, 370), (WIDTH, HEIGHT), 3072, 30), ((80, 280, 380), (WIDTH, HEIGHT), 6144, 30),
    )  # fmt: skip
    hevc = ((510, 240, 250, 15), (520, 480, 600, 24), (530, 720, 800, 25), (540, 1080, 1400, 30),
            (570, 1440, 2048, 30), (580, 2160, 4096, 30))  # fmt: skip
    for ids, size, kbps, fps in h264:
        for definition, container in zip(ids, ("mp4", "hls", "flv"), strict=True):
            audio = "mp3" if container == "flv" else "aac"
            yield Expected(definition, container, "h264", size, fps, kbps, 240, audio, 48)
    for first, height, kbps, fps in hevc:
        for place, container in enumerate(("mp4", "hls", "flv")):
            yield Expected(first + 100 * place, container, "hevc", _of_height(height), fps, kbps, 240, audio_kbps=48)


def _others() -> Iterator[Expected]:
    for definition, kbps in ((1100, 24), (1110, 48), (1120, 96), (1130, 192), (1140, 256)):
        yield Expected(definition, "m4a", audio_kbps=kbps)
    for definition, kbps in ((1010, 128), (1020, 320)):
        yield Expected(definition, "mp3", audio="mp3", audio_kbps=kbps)
    for definition, height, audio in ((100_800, 0, 128), (100_810, 360, 64), (100_820, 540, 64), (100_830, 720, 128),
                                      (100_840, 1080, 128)):  # fmt: skip
        yield Expected(definition, "mp4", "h264", _of_height(height), FPS, audio_kbps=audio)
    for definition, container in ((875, "mp4"), (876, "hls")):
        yield Expected(definition, container, "h264", (WIDTH, HEIGHT), FPS, gop=60, copied=True)


TRANSCODES: tuple[Expected, ...] = (*_current(), *_legacy(), *_others())


#: One pass over the clip each: what shares a pass is decoded once.
GROUPS = {
    "current-h264": [e.definition for e in _current() if e.codec == "h264"],
    "current-h265": [e.definition for e in _current() if e.codec == "hevc"],
    "legacy-small": [e.definition for e in _legacy() if e.codec == "h264" and e.kbps < 2000],
    "legacy-large": [e.definition for e in _legacy() if e.codec == "h264" and e.kbps >= 2000],
    "legacy-h265-small": [e.definition for e in _legacy() if e.codec == "hevc" and e.size[1] < HEIGHT],
    "legacy-h265-large": [e.definition for e in _legacy() if e.codec == "hevc" and e.size[1] == HEIGHT],
    "others": [e.definition for e in _others()],
}


ADAPTIVE = (10, 12, 20)


RUNGS = {240: ((426, 240), 256), 480: ((854, 480), 512), 720: ((1280, 720), 1024)}
