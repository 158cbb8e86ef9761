"""Playlists of what is packaged (RFC 8216)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import quote

from openvod.playback.model import Index
from openvod.playback.names import init_name, media_name, segment_name
from openvod.playback.segments import Segment, size_of

_HEAD = ("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS")


def master_playlist(index: Index, segments: Sequence[Segment], name: str) -> str:
    """Write the master playlist of a file called ``name``: one variant, as it was uploaded."""
    rates = [size_of(segment) * 8 / max(segment.seconds, 1.0) for segment in segments]
    total = sum(size_of(segment) for segment in segments) * 8 / max(index.duration, 0.001)
    attributes = [
        f"BANDWIDTH={max(1, round(max(rates)))}",
        f"AVERAGE-BANDWIDTH={max(1, round(total))}",
        f'CODECS="{",".join(track.codec for track in index.tracks)}"',
    ]
    if index.video:
        shown = max(index.video.end - index.video.begin, 0.001)
        attributes.append(f"RESOLUTION={index.video.width}x{index.video.height}")
        attributes.append(f"FRAME-RATE={(index.video.last - index.video.first) / shown:.3f}")
    return "\n".join([*_HEAD, f"#EXT-X-STREAM-INF:{','.join(attributes)}", quote(media_name(name)), ""])


def media_playlist(segments: Sequence[Segment], name: str, version: str) -> str:
    """Write the media playlist of a file called ``name``."""
    longest = max(segment.seconds for segment in segments)
    lines = [
        *_HEAD,
        f"#EXT-X-TARGETDURATION:{max(1, math.ceil(longest))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f'#EXT-X-MAP:URI="{quote(init_name(name, version))}"',
    ]
    for segment in segments:
        lines += [f"#EXTINF:{segment.seconds:.6f},", quote(segment_name(name, version, segment.number))]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
