"""Playlists and sprite cues."""

from __future__ import annotations

import pytest

from openvod.base.errors import Unavailable
from openvod.kinds.playlists import (
    Segment,
    Variant,
    master_playlist,
    peak_and_average,
    read_media_playlist,
    sprite_vtt,
    with_key,
    with_target_duration,
)

MEDIA = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MAP:URI="video_10_0_init.mp4"
#EXTINF:6.000000,
video_10_0_0.m4s
#EXTINF:2.500000,
video_10_0_1.m4s
#EXT-X-ENDLIST
"""


def test_media_playlists_are_read() -> None:
    """Segments, their durations and the initialisation segment are found."""
    playlist = read_media_playlist(MEDIA)
    assert playlist.segments == (Segment("video_10_0_0.m4s", 6.0), Segment("video_10_0_1.m4s", 2.5))
    assert (playlist.init, playlist.seconds) == ("video_10_0_init.mp4", 8.5)


def test_unfinished_playlists_are_refused() -> None:
    """A packager that died leaves no end: that is never taken for a result."""
    with pytest.raises(Unavailable):
        read_media_playlist(MEDIA.replace("#EXT-X-ENDLIST", ""))


def test_rates() -> None:
    """The peak is the largest segment's, the average that of all; a sliver at the end is no peak."""
    segments = [Segment("a", 6.0), Segment("b", 6.0), Segment("c", 0.04)]
    assert peak_and_average([600_000, 900_000, 30_000], segments) == (1_200_000, 1_016_611)


def test_master_playlist() -> None:
    """Every rung has bandwidths, codecs, resolution and frame rate; sound is a group that all refer to."""
    text = master_playlist([Variant("v.m3u8", "avc1.64001F", 1280, 720, 29.97, 1_200_000, 1_000_000)], "a.m3u8",
                           "mp4a.40.2", 2)  # fmt: skip
    assert text.splitlines()[3:] == [
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=1200000,AVERAGE-BANDWIDTH=1000000,CODECS="avc1.64001F,mp4a.40.2",'
        'RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio"',
        "v.m3u8",
    ]
    assert "AUDIO" not in master_playlist([Variant("v.m3u8", "avc1.64001F", 640, 360, 25.0, 1, 1)])


def test_the_key_comes_before_the_first_segment() -> None:
    """Players read the key's address before they meet what it opens."""
    lines = with_key(MEDIA, "https://k").splitlines()
    assert lines.index('#EXT-X-KEY:METHOD=AES-128,URI="https://k"') < lines.index("#EXTINF:6.000000,")


def test_sprite_cues_cover_the_video() -> None:
    """Cues follow each other without a gap to the end, each with its rectangle on its page."""
    text = sprite_vtt(["p_0.jpg", "p_1.jpg"], count=5, rows=2, columns=2, width=142, height=80, every=10, duration=43.5)
    lines = text.splitlines()
    cues = list(zip(lines[2::3], lines[3::3], strict=False))
    assert cues[0] == ("00:00:00.000 --> 00:00:10.000", "p_0.jpg#xywh=0,0,142,80")
    assert cues[3] == ("00:00:30.000 --> 00:00:40.000", "p_0.jpg#xywh=142,80,142,80")
    assert cues[4] == ("00:00:40.000 --> 00:00:43.500", "p_1.jpg#xywh=0,0,142,80")
    assert len(cues) == 5


@pytest.mark.parametrize(("seconds", "target"), [("0.040000", 1), ("0.480000", 1), ("1.500000", 2), ("6.000000", 6)])
def test_the_target_holds_for_every_segment(seconds: str, target: int) -> None:
    """A list of short segments announces whole seconds, at least one, which no segment exceeds when rounded."""
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:0\n#EXTINF:{seconds},\na.ts\n#EXTINF:0.020000,\nb.ts\n#EXT-X-ENDLIST\n"
    assert f"#EXT-X-TARGETDURATION:{target}\n" in with_target_duration(text)
