"""The files that manifests name (``procedures-and-api.md`` 6.1)."""

from __future__ import annotations

import pytest

from openvod.base.errors import Invalid
from openvod.upload.manifests import files_of_manifest

MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio/list.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1
low/list.m3u8
"""
MEDIA = """#EXTM3U
#EXT-X-MAP:URI="init.mp4"
#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example.com/1"
#EXTINF:6,
0.ts
#EXTINF:6,
../other/1.ts
#EXTINF:6,
0.ts
#EXTINF:6,
https://cdn.example.com/2.ts
# a remark with URI="no.ts"
"""
MPD = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>video/</BaseURL>
<AdaptationSet><Representation><SegmentList><Initialization sourceURL="init.mp4"/><SegmentURL media="1.m4s"/>
</SegmentList></Representation><Representation><SegmentTemplate media="$Number$.m4s"/></Representation></AdaptationSet>
</Period></MPD>"""


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        (MASTER, "m3u8", ["audio/list.m3u8", "low/list.m3u8"]),
        (MEDIA, "m3u8", ["init.mp4", "0.ts", "../other/1.ts"]),
        ("\n" + MEDIA.replace("\n", "\r\n"), "m3u8", ["init.mp4", "0.ts", "../other/1.ts"]),
        (MPD, "mpd", ["video/", "init.mp4", "1.m4s"]),
    ],
)
def test_relative_files(text: str, kind: str, names: list[str]) -> None:
    """Every relative file once, as written; addresses, templates and remarks are none."""
    assert files_of_manifest(text, kind) == names


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("", "m3u8", "manifest.unreadable"),
        ("0.ts", "m3u8", "manifest.unreadable"),
        ("<MPD", "mpd", "manifest.unreadable"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><MPD/>', "mpd", "manifest.unreadable"),
        (MEDIA, "ism", "manifest.type"),
    ],
)
def test_no_manifest(text: str, kind: str, code: str) -> None:
    """What is no manifest is refused."""
    with pytest.raises(Invalid) as error:
        files_of_manifest(text, kind)
    assert error.value.code == code
