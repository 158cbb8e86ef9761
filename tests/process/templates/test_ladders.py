"""Adaptive streams: what playlists and manifests tell, and what decoding finds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import av
import pytest

from support.media.rendition import Rendition, examined, picture_at
from support.templates.kitchen import FLOWS, Run
from support.templates.look import (
    HALF_RED,
    box_of,
    named,
    near,
)
from support.templates.sources import (
    SECONDS,
    Plain,
)

pytestmark = FLOWS


@dataclass(frozen=True)
class Rung:
    """A rung as the master playlist tells it and as decoding finds it; ``name`` is what its parameter sets say."""

    told: Plain
    seen: Rendition
    name: str


_PROFILES = {"Constrained Baseline": "avc1.42", "Baseline": "avc1.42", "Main": "avc1.4D", "High": "avc1.64"}


def rungs_of(run: Run, name: str) -> list[Rung]:
    """Return the rungs of an HLS ladder, decoded."""
    url = run.output(name)["Url"]
    rungs = []
    for attributes, uri in re.findall(r"#EXT-X-STREAM-INF:([^\n]*)\n([^#\n]+)", run.bench.text(url)):
        told = {key: value.strip('"') for key, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', attributes)}
        with av.open(urljoin(url, uri)) as film:
            context = film.streams.video[0].codec_context
            next(film.decode(video=0))
            level = int(context.level or 0)
            begin = (
                f"hvc1.1.6.L{level}" if context.name == "hevc" else f"{_PROFILES[str(context.profile)]}..{level:02X}"
            )
        rungs.append(Rung(told, examined(urljoin(url, uri)), begin))
    return rungs


#: Codec, sizes, rate, key frames and whether there is sound. Rungs that the source fits are copied as they are.
_LADDERS: Mapping[str, tuple[str, list[tuple[int, int]], float, list[float], bool]] = {
    "ladder": ("h264", [(320, 180), (640, 360)], 24, [0, 2], True),
    "ladder above": ("h264", [(640, 360)], 30, [0, 1.5, 3], True),
    "copied ladder": ("h264", [(428, 240), (854, 480)], 24, [0, 1.292, 2.583, 3.875], True),
    "marked ladder": ("h264", [(320, 180), (640, 360)], 24, [0, 2], False),
    "upright ladder": ("h264", [(180, 320), (360, 640)], 25, [0], False),
    "fmp4 ladder": ("hevc", [(320, 180), (640, 360)], 24, [0, 2], True),
}


@pytest.mark.parametrize("name", named(list(_LADDERS)))
def test_ladder(name: str, run: Run) -> None:
    """Rungs above the source are left out, but one is kept; key frames are the same in all; the playlist is true."""
    codec, sizes, fps, keys, sound = _LADDERS[name]
    rungs = rungs_of(run, name)
    assert [(rung.seen.width, rung.seen.height) for rung in rungs] == sizes
    assert [rung.seen.key_times for rung in rungs] == [keys] * len(sizes)
    assert len({len(rung.seen.frames) for rung in rungs}) == 1
    for rung in rungs:
        assert rung.seen.codec == codec
        assert rung.seen.fps == pytest.approx(fps, abs=0.05)
        assert rung.seen.seconds == pytest.approx(SECONDS, abs=0.1)
        assert rung.told["RESOLUTION"] == f"{rung.seen.width}x{rung.seen.height}"
        assert float(rung.told["FRAME-RATE"]) == pytest.approx(rung.seen.fps, abs=0.05)
        assert re.match(rung.name, rung.told["CODECS"]), (rung.name, rung.told["CODECS"])
        assert rung.told["CODECS"].endswith(",mp4a.40.2") == sound
        assert ("AUDIO" in rung.told) == sound
    text = run.bench.text(run.output(name)["Url"])
    assert ("TYPE=AUDIO" in text) == sound
    if sound:
        (uri,) = re.findall(r'TYPE=AUDIO[^\n]*URI="([^"]+)"', text)
        heard = examined(urljoin(run.output(name)["Url"], uri))
        assert (heard.audio, heard.channels) == ("aac", 2)
        assert heard.audio_seconds == pytest.approx(SECONDS, abs=0.1)
    kinds = [stream["Type"] for stream in run.output(name)["SubStreamSet"]]
    assert kinds == ["video"] * len(sizes) + ["audio"] * sound


def test_marked_ladder(run: Run) -> None:
    """A mark has its place and size in every rung."""
    url = run.output("marked ladder")["Url"]
    for uri, (width, height) in zip(
        re.findall(r"^video[^\n]*", run.bench.text(url), re.MULTILINE), ((320, 180), (640, 360)), strict=True
    ):
        picture = picture_at(Path(urljoin(url, uri)), 1)
        assert near(box_of(picture, HALF_RED, 24), (width // 4, height // 4, width * 3 // 4, height * 3 // 4), 3)


def test_copied_rung(run: Run) -> None:
    """The source's own stream is the top rung, packet by packet; the rung below follows its frames and key frames."""
    source = examined(run.sources / "fits.mp4")
    for rungs in ([rung.seen for rung in rungs_of(run, "copied ladder")], dash_rungs(run, "copied dash")):
        low, top = rungs
        assert [(rung.width, rung.height) for rung in rungs] == [(428, 240), (854, 480)]
        assert top.video_bytes == pytest.approx(source.video_bytes, rel=0.05)
        assert low.key_times == top.key_times == source.key_times
        assert len(source.keys) == 4
        for rung in rungs:
            times = [time - rung.frames[0] for time in rung.frames]
            assert times == pytest.approx([time - source.frames[0] for time in source.frames], abs=0.002)


def dash_rungs(run: Run, name: str) -> list[Rendition]:
    """Return the video representations of a manifest, decoded; its sound is checked."""
    url = run.output(name)["Url"]
    space = "{urn:mpeg:dash:schema:mpd:2011}"
    rungs = []
    for representation in ElementTree.fromstring(run.bench.text(url)).iter(f"{space}Representation"):
        told = representation.attrib
        template = next(representation.iter(f"{space}SegmentTemplate"))
        count = sum(1 + int(segment.attrib.get("r", 0)) for segment in template.iter(f"{space}S"))
        names = [template.attrib["media"].replace("$Number$", str(place + 1)) for place in range(count)]
        parts = [part.replace("$RepresentationID$", told["id"]) for part in (template.attrib["initialization"], *names)]
        path = run.bench.outputs / f"{name}-{told['id']}.mp4"
        path.write_bytes(b"".join(run.bench.fetch(urljoin(url, part)).read_bytes() for part in parts))
        seen = examined(path)
        if seen.frames:
            assert (told["width"], told["height"]) == (str(seen.width), str(seen.height))
            assert told["codecs"].startswith("avc1.")
            rungs.append(seen)
        else:
            assert (seen.audio, seen.channels) == ("aac", 2)
    return rungs
