"""What players read of an adaptive stream and of cues."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

from PIL import Image

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from support.media.rendition import examined
from support.sweeps.flow_bench import FlowBench

#: Long enough for several segments.
LADDER_SECONDS = 14.0


def segments_of(bench: FlowBench, url: str) -> list[tuple[str, float]]:
    """Return the addresses and durations of a finished media playlist's segments."""
    text = bench.text(url)
    assert text.startswith("#EXTM3U")
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    assert text.rstrip().endswith("#EXT-X-ENDLIST")
    found = re.findall(r"#EXTINF:([\d.]+),[^\n]*\n([^#\n]+)", text)
    longest = int(re.findall(r"#EXT-X-TARGETDURATION:(\d+)", text)[0])
    assert all(round(float(seconds)) <= longest for seconds, _ in found)
    return [(urljoin(url, name), float(seconds)) for seconds, name in found]


@dataclass(frozen=True)
class Variant:
    """A rung as the master playlist tells it."""

    url: str
    codecs: str
    size: str
    frame_rate: float
    bandwidth: int
    average: int


def variants_of(bench: FlowBench, url: str) -> tuple[list[Variant], str]:
    """Return a master playlist's rungs and the address of its sound."""
    text = bench.text(url)
    lines = re.findall(r"#EXT-X-STREAM-INF:([^\n]*)\n([^#\n]+)", text)
    found = []
    for attributes, name in lines:
        values = {key: value.strip('"') for key, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', attributes)}
        assert values["AUDIO"] == "audio"
        found.append(
            Variant(
                urljoin(url, name), values["CODECS"], values["RESOLUTION"], float(values["FRAME-RATE"]),
                int(values["BANDWIDTH"]), int(values["AVERAGE-BANDWIDTH"]),
            )
        )  # fmt: skip
    (sound,) = re.findall(r'#EXT-X-MEDIA:TYPE=AUDIO[^\n]*URI="([^"]+)"', text)
    return found, urljoin(url, sound)


def codec_by_packager(playlist: str, folder: Path) -> str:
    """Ask FFmpeg's own packager for the name of a video playlist's codec."""
    folder.mkdir()
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-i", playlist, "-map", "0:v", "-c", "copy", "-f", "hls",
               "-hls_segment_type", "fmp4", "-master_pl_name", "master.m3u8", str(folder / "media.m3u8")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (found,) = re.findall(r'CODECS="([^"]+)"', (folder / "master.m3u8").read_text())
    return str(found)


def dash_streams(bench: FlowBench, url: str, folder: Path) -> list[Path]:
    """Put the segments of every representation of a manifest end to end; checks what the manifest tells of them."""
    name = "{urn:mpeg:dash:schema:mpd:2011}"
    manifest = ElementTree.fromstring(bench.text(url))
    made = []
    for representation in manifest.iter(f"{name}Representation"):
        told = representation.attrib
        template = next(representation.iter(f"{name}SegmentTemplate"))
        count = sum(1 + int(s.attrib.get("r", 0)) for s in template.iter(f"{name}S"))
        media = [template.attrib["media"].replace("$Number$", str(place + 1)) for place in range(count)]
        names = [each.replace("$RepresentationID$", told["id"]) for each in (template.attrib["initialization"], *media)]
        parts = [bench.fetch(urljoin(url, each)).read_bytes() for each in names]
        path = folder / f"{told['id']}.mp4"
        path.write_bytes(b"".join(parts))
        seen = examined(path)
        if seen.frames:
            assert (told["width"], told["height"]) == (str(seen.width), str(seen.height))
            assert told["codecs"].startswith("avc1.")
        assert int(told["bandwidth"]) > 0.5 * 8 * sum(map(len, parts[1:])) / LADDER_SECONDS
        made.append(path)
    return made


def size_of(bench: FlowBench, url: str) -> tuple[int, int]:
    """Return the width and height of a picture, decoding it."""
    with Image.open(bench.fetch(url)) as image:
        image.load()
        return image.size


def cues_of(text: str) -> list[tuple[float, float, str, tuple[int, ...]]]:
    """Return start, end, picture and rectangle of every cue of a sprite's WebVTT."""
    assert text.startswith("WEBVTT\n\n")
    pattern = r"(\d+):(\d+):([\d.]+) --> (\d+):(\d+):([\d.]+)\n([^#\n]+)#xywh=(\d+),(\d+),(\d+),(\d+)"
    found = []
    for groups in re.findall(pattern, text):
        begin, end = (int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in (groups[:3], groups[3:6]))
        found.append((begin, end, groups[6], tuple(map(int, groups[7:]))))
    return found
