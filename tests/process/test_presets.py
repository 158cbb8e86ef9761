"""Every preset once, on a real clip through the whole platform, judged by what decoding its outputs finds."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod.tasks.presets import PRESETS
from openvod.tasks.templates import TemplateKind
from support.corpus.build import ffmpeg
from support.media.rendition import Rendition, begins_with_key_frame, examined, plays
from support.sweeps.flow_bench import Flow, FlowBench, Order, outcome

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.timeout(400)]
_SECONDS = 6.0
#: Long enough for several segments.
_LADDER_SECONDS = 14.0
_LADDER_KEYS = [0.0, 6.0, 12.0]
_WIDTH, _HEIGHT, _FPS = 1280, 720, 30
_REVIEWS = (TemplateKind.CONTENT_REVIEW, TemplateKind.REVIEW)


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
    return _SIZES.get(height, (_WIDTH, _HEIGHT))


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
        ((30, 230, 10_048), (_WIDTH, _HEIGHT), 1024, 24), ((40, 240, 10_049), (_WIDTH, _HEIGHT), 2500, 24),
        ((70, 270, 370), (_WIDTH, _HEIGHT), 3072, 30), ((80, 280, 380), (_WIDTH, _HEIGHT), 6144, 30),
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
        yield Expected(definition, "mp4", "h264", _of_height(height), _FPS, audio_kbps=audio)
    for definition, container in ((875, "mp4"), (876, "hls")):
        yield Expected(definition, container, "h264", (_WIDTH, _HEIGHT), _FPS, gop=60, copied=True)


TRANSCODES: tuple[Expected, ...] = (*_current(), *_legacy(), *_others())
#: One pass over the clip each: what shares a pass is decoded once.
_GROUPS = {
    "current-h264": [e.definition for e in _current() if e.codec == "h264"],
    "current-h265": [e.definition for e in _current() if e.codec == "hevc"],
    "legacy-small": [e.definition for e in _legacy() if e.codec == "h264" and e.kbps < 2000],
    "legacy-large": [e.definition for e in _legacy() if e.codec == "h264" and e.kbps >= 2000],
    "legacy-h265-small": [e.definition for e in _legacy() if e.codec == "hevc" and e.size[1] < _HEIGHT],
    "legacy-h265-large": [e.definition for e in _legacy() if e.codec == "hevc" and e.size[1] == _HEIGHT],
    "others": [e.definition for e in _others()],
}
_ADAPTIVE = (10, 12, 20)
_RUNGS = {240: ((426, 240), 256), 480: ((854, 480), 512), 720: ((1280, 720), 1024)}


@dataclass(frozen=True)
class Made:
    """The flows of all presets."""

    bench: FlowBench
    flows: Mapping[str, Flow]

    def member(self, kind: str, definition: int) -> Mapping[str, Any]:
        """Return the result of one preset, asserting that it succeeded."""
        found = [
            each
            for flow in self.flows.values()
            for item, each in zip(flow.told_items, flow.results, strict=True)
            if item["Type"] == kind and each["Input"]["Definition"] == definition
        ]
        assert [outcome(each) for each in found] == ["ok"], [each["Message"] for each in found]
        return found[0]

    def output(self, kind: str, definition: int) -> Mapping[str, Any]:
        """Return the ``Output`` of one preset."""
        output: Mapping[str, Any] = self.member(kind, definition)["Output"]
        return output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Every preset over one clip with moving picture, some noise and sound."""
    folder = tmp_path_factory.mktemp("presets")
    clip = folder / "clip.mp4"
    make_clip(clip, _SECONDS)
    longer = folder / "longer.mp4"
    make_clip(longer, _LADDER_SECONDS)
    with FlowBench(folder / "bench", preset="ultrafast", encode_jobs=2, light_jobs=2, flows=16) as bench:
        for name, definitions in _GROUPS.items():
            bench.procedure(name, Transcode=[{"Definition": definition} for definition in definitions])
        bench.procedure("adaptive", AdaptiveDynamicStreaming=[{"Definition": definition} for definition in _ADAPTIVE])
        bench.procedure(
            "pictures",
            SnapshotByTimeOffset=[{"Definition": 10, "ExtTimeOffsetSet": ["0s", "50%", "6s"]}],
            SampleSnapshot=[{"Definition": 10}],
            ImageSprite=[{"Definition": 10}],
            CoverBySnapshot=[{"Definition": 10, "PositionType": "Percent", "PositionValue": 50}],
            AnimatedGraphic=[
                {"Definition": definition, "StartTimeOffset": 1, "EndTimeOffset": 4} for definition in (20_000, 20_001)
            ],
        )
        names = ["adaptive", *_GROUPS, "pictures"]
        flows = bench.run([Order(longer if name == "adaptive" else clip, name) for name in names])
        yield Made(bench, dict(zip(names, flows, strict=True)))


def make_clip(path: Path, seconds: float) -> None:
    """Generate 1280x720 at 30 fps, H.264 with a key frame every two seconds, and AAC."""
    picture = f"testsrc2=size={_WIDTH}x{_HEIGHT}:rate={_FPS}:duration={seconds:g},noise=alls=6:allf=t"
    ffmpeg(
        "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=frequency=330:beep_factor=4:duration={seconds:g}",
        "-c:v", "libx264", "-preset", "superfast", "-pix_fmt", "yuv420p", "-g", "60", "-sc_threshold", "0",
        "-b:v", "9M", "-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000", str(path),
    )  # fmt: skip


@dataclass
class PresetTable:
    """What every preset made, for people."""

    lines: dict[str, str]

    def note(self, kind: str, definition: int, seen: Rendition, extra: str = "") -> None:
        """Add a line."""
        picture = f"{seen.codec:5} {seen.width}x{seen.height} {seen.fps:6.3f} fps {seen.kbps:6.0f} kbit/s"
        sound = f"{seen.audio} {seen.audio_rate} Hz {seen.channels} ch {seen.audio_kbps:4.0f} kbit/s"
        gop = f"GOP {seen.gop}" if seen.frames else ""
        words = f"{picture if seen.frames else ''} {sound if seen.audio else ''} {seen.seconds:.2f} s {gop} {extra}"
        self.lines[f"{kind} {definition}"] = " ".join(words.split())

    def add(self, kind: str, definition: int, words: str) -> None:
        """Add a line of other words."""
        self.lines[f"{kind} {definition}"] = words


@pytest.fixture(scope="module")
def table() -> Iterator[PresetTable]:
    """The lines of this run, written to the file that ``OPENVOD_PRESET_TABLE`` names."""
    table = PresetTable({})
    yield table
    if path := os.environ.get("OPENVOD_PRESET_TABLE"):
        wide = max(map(len, table.lines), default=0)
        Path(path).write_text("".join(f"{name:{wide}}  {words}\n" for name, words in table.lines.items()))


def test_every_preset_is_judged() -> None:
    """No preset is left out, and none is invented; reviews are judged elsewhere."""
    judged = {(TemplateKind.TRANSCODE, expected.definition) for expected in TRANSCODES}
    judged |= {(TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, definition) for definition in _ADAPTIVE}
    kinds = (TemplateKind.SNAPSHOT_BY_TIME_OFFSET, TemplateKind.SAMPLE_SNAPSHOT, TemplateKind.IMAGE_SPRITE)
    judged |= {(kind, 10) for kind in kinds}
    judged |= {(TemplateKind.ANIMATED_GRAPHICS, definition) for definition in (20_000, 20_001)}
    assert judged == {key for key in PRESETS if key[0] not in _REVIEWS}
    assert sorted(expected.definition for expected in TRANSCODES) == sorted(
        definition for group in _GROUPS.values() for definition in group
    )


def unlike(expected: Expected, seen: Rendition) -> list[str]:
    """Return what a rendition is not, in words."""
    wants: dict[str, tuple[object, object]] = {
        "codec": (expected.codec, seen.codec),
        "size": (expected.size, (seen.width, seen.height)),
        "sound": (expected.audio, seen.audio),
        "channels": (2, seen.channels),
        "sampling rate": (48_000 if expected.copied else 44_100, seen.audio_rate),
        "rotation": (0, seen.rotation),
    }
    if expected.codec:
        wants["pixels"] = ("yuv420p", seen.pixels)
    if expected.codec == "hevc" and expected.container == "mp4":
        wants["tag"] = ("hvc1", seen.tag)
    wrong = [f"its {name} is {got}, not {want}" for name, (want, got) in wants.items() if want != got]
    if abs(seen.seconds - _SECONDS) > 0.15:
        wrong.append(f"it lasts {seen.seconds:.3f} s")
    if abs(seen.audio_seconds - _SECONDS) > 0.15:
        wrong.append(f"its sound lasts {seen.audio_seconds:.3f} s")
    return wrong + _paced(expected, seen)


def _paced(expected: Expected, seen: Rendition) -> list[str]:
    wrong = []
    if expected.codec and abs(seen.fps - expected.fps) > 0.05:
        wrong.append(f"it has {seen.fps:.3f} frames a second, not {expected.fps:g}")
    if expected.kbps and not 0.25 * expected.kbps < seen.kbps < 1.6 * expected.kbps:
        wrong.append(f"its picture takes {seen.kbps:.0f} kbit/s instead of about {expected.kbps}")
    if seen.gop > expected.gop:
        wrong.append(f"key frames are {seen.gop} frames apart")
    if expected.audio_kbps and not 0.5 * expected.audio_kbps < seen.audio_kbps < 1.3 * expected.audio_kbps + 4:
        wrong.append(f"its sound takes {seen.audio_kbps:.0f} kbit/s instead of about {expected.audio_kbps}")
    return wrong


@pytest.mark.parametrize("expected", [pytest.param(each, id=str(each.definition)) for each in TRANSCODES])
def test_transcode(expected: Expected, made: Made, table: PresetTable) -> None:
    """A transcode preset makes what its table says: never larger than the source, playable from the first byte."""
    output = made.output("Transcode", expected.definition)
    seen = examined(output["Url"])
    size = f"{output['Size']} bytes"
    table.note("Transcode", expected.definition, seen, f"{expected.container} {size}")
    assert unlike(expected, seen) == []
    assert output["Url"].endswith(".m3u8" if expected.container == "hls" else f".{expected.container}")
    if expected.container == "hls":
        check_segments(made.bench, output["Url"])
    else:
        check_file(made.bench.fetch(output["Url"]), expected.container)
    assert unlike_told(output, seen) == []


def unlike_told(output: Mapping[str, Any], seen: Rendition) -> list[str]:
    """Return what the event tells of a rendition that is not so."""
    video, audio = output["VideoStreamSet"], output["AudioStreamSet"]
    told = {
        "Width": (output["Width"], seen.width),
        "Height": (output["Height"], seen.height),
        "Codec": ([stream["Codec"] for stream in video], [seen.codec] if seen.frames else []),
        "Fps": ([stream["Fps"] for stream in video], [round(seen.fps)] if seen.frames else []),
        "sound": ([stream["Codec"] for stream in audio], [seen.audio]),
        "SamplingRate": ([stream["SamplingRate"] for stream in audio], [seen.audio_rate]),
    }
    wrong = [f"{name} is told as {claim}, is {truth}" for name, (claim, truth) in told.items() if claim != truth]
    if abs(output["Duration"] - seen.seconds) > 0.2:
        wrong.append(f"Duration is told as {output['Duration']}, is {seen.seconds:.3f}")
    whole = seen.kbps + seen.audio_kbps
    if not 0.9 * whole < output["Bitrate"] / 1000 < 1.3 * whole + 20:
        wrong.append(f"Bitrate is told as {output['Bitrate']}, is about {whole * 1000:.0f}")
    return wrong


def check_file(path: Path, container: str) -> None:
    """An MP4 has its index before its media, so that it plays while it arrives; others begin as their kind does."""
    head = path.read_bytes()
    if container in ("mp4", "m4a"):
        assert head[4:8] == b"ftyp"
        assert 0 < head.find(b"moov") < head.find(b"mdat")
    elif container == "flv":
        assert head[:3] == b"FLV"
    else:
        assert head[:3] == b"ID3" or head[0] == 0xFF


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


def check_segments(bench: FlowBench, url: str) -> None:
    """Every segment begins with a key frame; together they last as long as the clip."""
    segments = segments_of(bench, url)
    assert sum(seconds for _, seconds in segments) == pytest.approx(_SECONDS, abs=0.15)
    assert all(begins_with_key_frame(bench.fetch(address)) for address, _ in segments)


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


@pytest.mark.parametrize("definition", [10, 12])
def test_adaptive_hls(definition: int, made: Made, table: PresetTable, tmp_path: Path) -> None:
    """A ladder's rungs have equal key frames, its master playlist tells the truth; a key opens what is encrypted."""
    output = made.output("AdaptiveDynamicStreaming", definition)
    variants, sound = variants_of(made.bench, output["Url"])
    rungs = [examined(variant.url) for variant in variants]
    assert [(rung.width, rung.height) for rung in rungs] == [size for size, _ in _RUNGS.values()]
    assert [rung.key_times for rung in rungs] == [_LADDER_KEYS] * 3
    assert {rung.frames[0] for rung in rungs} == {rungs[0].frames[0]}, "rungs begin at one moment"
    heard = examined(sound)
    assert heard.begins == pytest.approx(rungs[0].frames[0], abs=0.03), "and the sound with them, but for its priming"
    assert (heard.audio, heard.audio_rate, heard.channels) == ("aac", 44_100, 2)
    for place, (variant, rung, (_, kbps)) in enumerate(zip(variants, rungs, _RUNGS.values(), strict=True)):
        table.note("Adaptive", definition, rung, f"{variant.codecs} key frames {rung.key_times}")
        table.lines[f"Adaptive {definition} rung {place}"] = table.lines.pop(f"Adaptive {definition}")
        assert rung.seconds == pytest.approx(_LADDER_SECONDS, abs=0.15)
        assert rung.fps == pytest.approx(24, abs=0.05)
        assert 0.25 * kbps < rung.kbps < 1.6 * kbps
        assert variant.size == f"{rung.width}x{rung.height}"
        assert variant.frame_rate == pytest.approx(rung.fps, abs=0.05)
        name = codec_by_packager(variant.url, tmp_path / str(place))
        assert variant.codecs.lower() == f"{name.lower()},mp4a.40.2"
        check_bandwidth(made.bench, variant, sound)
    assert output["Package"] == "HLS"
    assert [(s["Type"], s["Width"], s["Height"]) for s in output["SubStreamSet"]] == [
        *(("video", *size) for size, _ in _RUNGS.values()), ("audio", 0, 0)
    ]  # fmt: skip
    plays(output["Url"])


def check_bandwidth(bench: FlowBench, variant: Variant, sound: str) -> None:
    """No segment takes more than the master playlist says; the mean is the mean (RFC 8216 4.3.4.2)."""
    peak = mean = 0.0
    for url in (variant.url, sound):
        sizes = [(bench.fetch(address).stat().st_size * 8, seconds) for address, seconds in segments_of(bench, url)]
        peak += max(bits / seconds for bits, seconds in sizes if seconds >= 0.5)
        mean += sum(bits for bits, _ in sizes) / sum(seconds for _, seconds in sizes)
    assert 0.99 * peak < variant.bandwidth < 1.1 * peak
    assert variant.average == pytest.approx(mean, rel=0.02)


def test_encrypted_segments_need_their_key(made: Made) -> None:
    """What preset 12 stores is no media without its key; the key comes only with the token of its served playlist."""
    variants, sound = variants_of(made.bench, made.output("AdaptiveDynamicStreaming", 12)["Url"])
    for url in (*(variant.url for variant in variants), sound):
        text = made.bench.text(url)
        (key,) = re.findall(r'#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)"', text)
        key = urljoin(url, key)
        assert len(httpx.get(key).content) == 16
        assert httpx.get(key.partition("?")[0]).status_code == 403
        assert httpx.get(re.sub(r"token=[0-9]+", "token=9999999999", key)).status_code == 403
        for address, _ in segments_of(made.bench, url):
            body = made.bench.fetch(address).read_bytes()
            assert len(body) % 16 == 0
            assert {body[place] for place in range(0, len(body), 188)} != {0x47}


def test_adaptive_dash(made: Made, table: PresetTable, tmp_path: Path) -> None:
    """The manifest lists rungs and sound; every rung decodes, and key frames are the same in all of them."""
    output = made.output("AdaptiveDynamicStreaming", 20)
    rungs = [examined(path) for path in dash_streams(made.bench, output["Url"], tmp_path)]
    videos = [rung for rung in rungs if rung.frames]
    assert [(rung.width, rung.height) for rung in videos] == [size for size, _ in _RUNGS.values()]
    assert [rung.key_times for rung in videos] == [_LADDER_KEYS] * 3
    for place, rung in enumerate(videos):
        table.note("Adaptive", 20, rung, f"key frames {rung.key_times}")
        table.lines[f"Adaptive 20 rung {place}"] = table.lines.pop("Adaptive 20")
        assert rung.seconds == pytest.approx(_LADDER_SECONDS, abs=0.15)
        assert rung.fps == pytest.approx(24, abs=0.05)
    assert [(rung.audio, rung.audio_rate, rung.channels) for rung in rungs if rung.audio] == [("aac", 44_100, 2)]
    assert output["Package"] == "DASH"
    plays(output["Url"])


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
        assert int(told["bandwidth"]) > 0.5 * 8 * sum(map(len, parts[1:])) / _LADDER_SECONDS
        made.append(path)
    return made


def _size(bench: FlowBench, url: str) -> tuple[int, int]:
    with Image.open(bench.fetch(url)) as image:
        image.load()
        return image.size


def test_snapshots(made: Made, table: PresetTable) -> None:
    """Snapshots and covers are JPEGs of the source's size, at the moments asked for; the end means the last frame."""
    pictures = made.output("SnapshotByTimeOffset", 10)["PicInfoSet"]
    assert [picture["TimeOffset"] for picture in pictures] == [0, 3000, pytest.approx(6000, abs=70)]
    urls = [picture["Url"] for picture in pictures] + [made.output("CoverBySnapshot", 10)["CoverUrl"]]
    assert {_size(made.bench, url) for url in urls} == {(_WIDTH, _HEIGHT)}
    bodies = [made.bench.fetch(url).read_bytes() for url in urls]
    assert len(set(bodies)) == 3
    assert bodies[3] == bodies[1]
    table.add("SnapshotByTimeOffset", 10, f"{len(pictures)} JPEGs of {_WIDTH}x{_HEIGHT}")


def test_samples(made: Made, table: PresetTable) -> None:
    """Sample snapshots come every tenth of the duration, the first frame first, all different."""
    output = made.output("SampleSnapshot", 10)
    bodies = [made.bench.fetch(url).read_bytes() for url in output["ImageUrlSet"]]
    assert len(bodies) == len(set(bodies)) == 10
    assert {_size(made.bench, url) for url in output["ImageUrlSet"]} == {(_WIDTH, _HEIGHT)}
    first = made.output("SnapshotByTimeOffset", 10)["PicInfoSet"][0]["Url"]
    assert bodies[0] == made.bench.fetch(first).read_bytes()
    table.add("SampleSnapshot", 10, f"{len(bodies)} JPEGs of {_WIDTH}x{_HEIGHT}")


def cues_of(text: str) -> list[tuple[float, float, str, tuple[int, ...]]]:
    """Return start, end, picture and rectangle of every cue of a sprite's WebVTT."""
    assert text.startswith("WEBVTT\n\n")
    pattern = r"(\d+):(\d+):([\d.]+) --> (\d+):(\d+):([\d.]+)\n([^#\n]+)#xywh=(\d+),(\d+),(\d+),(\d+)"
    found = []
    for groups in re.findall(pattern, text):
        begin, end = (int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in (groups[:3], groups[3:6]))
        found.append((begin, end, groups[6], tuple(map(int, groups[7:]))))
    return found


def check_cues(cues: Sequence[tuple[float, float, str, tuple[int, ...]]], seconds: float) -> None:
    """Cues follow each other without a gap from the beginning to the end."""
    assert cues[0][0] == 0
    assert cues[-1][1] == pytest.approx(seconds, abs=0.05)
    assert [end for _, end, _, _ in cues[:-1]] == [begin for begin, _, _, _ in cues[1:]]


def test_sprite(made: Made, table: PresetTable) -> None:
    """The sprite's WebVTT covers the whole duration, each cue a rectangle inside a picture that is there."""
    output = made.output("ImageSprites", 10)
    cues = cues_of(made.bench.text(output["WebVttUrl"]))
    check_cues(cues, _SECONDS)
    assert (output["TotalCount"], output["Width"], output["Height"]) == (len(cues), 142, 80)
    for _, _, name, (x, y, width, height) in cues:
        whole = _size(made.bench, urljoin(output["WebVttUrl"], name))
        assert (width, height) == (142, 80)
        assert x + width <= whole[0]
        assert y + height <= whole[1]
    table.add("ImageSprites", 10, f"{output['TotalCount']} of 142x80 in {whole[0]}x{whole[1]}")


@pytest.mark.parametrize(("definition", "suffix"), [(20_000, "GIF"), (20_001, "WEBP")])
def test_animation(definition: int, suffix: str, made: Made, table: PresetTable) -> None:
    """An animation of three seconds has two pictures a second, at the source's size, and repeats."""
    output = made.output("AnimatedGraphics", definition)
    with Image.open(made.bench.fetch(output["Url"])) as image:
        frames, size, loop = int(getattr(image, "n_frames", 1)), image.size, image.info.get("loop")
        assert image.format == suffix
        durations = []
        for place in range(frames):
            image.seek(place)
            image.load()
            durations.append(image.info["duration"])
    assert (frames, size, loop) == (6, (_WIDTH, _HEIGHT), 0)
    assert sum(durations) == pytest.approx(3000, abs=100)
    assert (output["StartTimeOffset"], output["EndTimeOffset"]) == (1, 4)
    table.add("AnimatedGraphics", definition, f"{suffix} {frames} frames of {size[0]}x{size[1]}")
