"""HLS playlists (RFC 8216) and the WebVTT of sprites."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openvod.base.errors import Unavailable


@dataclass(frozen=True)
class Segment:
    """One media segment; ``seconds`` as the playlist says."""

    name: str
    seconds: float


@dataclass(frozen=True)
class MediaPlaylist:
    """A finished media playlist; ``init`` names the initialisation segment of fragmented MP4, or is empty."""

    segments: tuple[Segment, ...]
    init: str

    @property
    def seconds(self) -> float:
        """Duration of all segments."""
        return sum(segment.seconds for segment in self.segments)


def read_media_playlist(text: str) -> MediaPlaylist:
    """Parse a playlist of FFmpeg's muxer; raises ``Unavailable`` when it is not finished."""
    segments: list[Segment] = []
    init, seconds = "", 0.0
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            seconds = float(line[8:].split(",")[0])
        elif line.startswith("#EXT-X-MAP:"):
            init = line.split('URI="')[1].split('"')[0]
        elif line and not line.startswith("#"):
            segments.append(Segment(line, seconds))
    if not segments or "#EXT-X-ENDLIST" not in text:
        raise Unavailable("media.playlist_unfinished", "FFmpeg wrote an unfinished playlist")
    return MediaPlaylist(tuple(segments), init)


def with_target_duration(text: str) -> str:
    """Return a media playlist with a valid target duration: whole seconds, at least 1 (RFC 8216 4.3.3.1).

    For segments below 0.5 s FFmpeg writes a target of 0, which players refuse.
    """
    longest = max(segment.seconds for segment in read_media_playlist(text).segments)
    target = max(1, math.floor(longest + 0.5))
    return re.sub(r"(?m)^#EXT-X-TARGETDURATION:\d+$", f"#EXT-X-TARGETDURATION:{target}", text)


@dataclass(frozen=True)
class Variant:
    """A rung in a master playlist; bitrates in bit/s."""

    uri: str
    codecs: str
    width: int
    height: int
    frame_rate: float
    peak: int
    average: int


def peak_and_average(sizes: Sequence[int], segments: Sequence[Segment]) -> tuple[int, int]:
    """Return the largest and the mean bitrate of segments, in bit/s (RFC 8216 4.3.4.2)."""
    rates = [size * 8 / max(s.seconds, 0.001) for size, s in zip(sizes, segments, strict=True) if s.seconds >= 0.5]
    total = sum(sizes) * 8 / max(sum(s.seconds for s in segments), 0.001)
    return round(max(rates, default=total)), round(total)


def master_playlist(variants: Sequence[Variant], audio_uri: str = "", audio_codec: str = "", channels: int = 2) -> str:
    """Write a master playlist; a separate audio rendition is one group."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if audio_uri:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="{channels}",URI="{audio_uri}"'
        )
    for variant in variants:
        codecs = ",".join(name for name in (variant.codecs, audio_codec) if name)
        group = ',AUDIO="audio"' if audio_uri else ""
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={variant.peak},AVERAGE-BANDWIDTH={variant.average},"
            f'CODECS="{codecs}",RESOLUTION={variant.width}x{variant.height},FRAME-RATE={variant.frame_rate:.3f}{group}'
        )
        lines.append(variant.uri)
    return "\n".join(lines) + "\n"


def with_key(text: str, key_url: str) -> str:
    """Announce AES-128 before the first segment; each segment's IV is its sequence number (RFC 8216 5.2)."""
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="{key_url}"\n'
    place = text.index("#EXTINF:")
    return text[:place] + key + text[place:]


def sprite_vtt(
    names: Sequence[str], *, count: int, rows: int, columns: int, width: int, height: int, every: float, duration: float
) -> str:
    """Write the WebVTT cues of a sprite: times, picture and rectangle ([P] 9)."""
    lines = ["WEBVTT", ""]
    for place in range(count):
        page, cell = divmod(place, rows * columns)
        row, column = divmod(cell, columns)
        start, end = place * every, min((place + 1) * every, duration)
        if page < len(names) and end > start:
            lines += [
                f"{_clock(start)} --> {_clock(end)}",
                f"{names[page]}#xywh={column * width},{row * height},{width},{height}",
                "",
            ]
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
