"""Lists whose entries stay protected."""

from __future__ import annotations

import pytest

from openvod.surfaces.playback.signed_playlists import with_queries


def _query(directory: str) -> str:
    return f"for={directory}"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "/b/f/adp.10.m3u8",
            '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="audio.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsub/video_0.m3u8\n',
            '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="audio.m3u8?for=/b/f/"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n'
            "sub/video_0.m3u8?for=/b/f/sub/\n",
        ),
        (
            "/b/f/v.m3u8",
            '#EXT-X-KEY:METHOD=AES-128,URI="https://k.test/1?token=x"\r\n#EXTINF:6,\r\nv.ts?start=0&end=9\r\n',
            '#EXT-X-KEY:METHOD=AES-128,URI="https://k.test/1?token=x"\r\n#EXTINF:6,\r\n'
            "v.ts?start=0&end=9&for=/b/f/\r\n",
        ),
        (
            "/b/f/adp.20.mpd",
            '<SegmentTemplate initialization="i$RepresentationID$.mp4" '
            'media="s$Number%05d$.m4s"/><BaseURL>a.mp4</BaseURL><BaseURL>a/</BaseURL>',
            '<SegmentTemplate initialization="i$RepresentationID$.mp4?for=/b/f/" '
            'media="s$Number%05d$.m4s?for=/b/f/"/><BaseURL>a.mp4?for=/b/f/</BaseURL><BaseURL>a/</BaseURL>',
        ),
        (
            "/b/f/s/i.vtt",
            "WEBVTT\n\n00:00.000 --> 00:10.000\ni_0.jpg#xywh=0,0,142,80\n",
            "WEBVTT\n\n00:00.000 --> 00:10.000\ni_0.jpg?for=/b/f/s/#xywh=0,0,142,80\n",
        ),
    ],
)
def test_with_queries(path: str, text: str, expected: str) -> None:
    """Relative addresses get the query of their own directory; others stay as they are."""
    assert with_queries(path, text, _query) == expected
