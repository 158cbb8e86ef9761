"""Every preset once, on a real clip through the whole platform, judged by what decoding its outputs finds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from PIL import Image

from openvod.kinds.names import TemplateKind
from openvod.tasks.presets import PRESETS
from support.corpus.build import ffmpeg
from support.media.packages import (
    LADDER_SECONDS,
    Variant,
    codec_by_packager,
    cues_of,
    dash_streams,
    segments_of,
    size_of,
    variants_of,
)
from support.media.rendition import Rendition, begins_with_key_frame, examined, plays
from support.sweeps.flow_bench import Flow, FlowBench, Order, outcome
from support.templates.presets import ADAPTIVE, FPS, GROUPS, HEIGHT, RUNGS, TRANSCODES, WIDTH, Expected

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.timeout(800)]
_SECONDS = 6.0
_LADDER_KEYS = [0.0, 6.0, 12.0]
_REVIEWS = (TemplateKind.CONTENT_REVIEW, TemplateKind.REVIEW)


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
    make_clip(longer, LADDER_SECONDS)
    with FlowBench(folder / "bench", preset="ultrafast", encode_jobs=2, light_jobs=2, flows=16) as bench:
        for name, definitions in GROUPS.items():
            bench.procedure(name, Transcode=[{"Definition": definition} for definition in definitions])
        bench.procedure("adaptive", AdaptiveDynamicStreaming=[{"Definition": definition} for definition in ADAPTIVE])
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
        names = ["adaptive", *GROUPS, "pictures"]
        flows = bench.run([Order(longer if name == "adaptive" else clip, name) for name in names])
        yield Made(bench, dict(zip(names, flows, strict=True)))


def make_clip(path: Path, seconds: float) -> None:
    """Generate 1280x720 at 30 fps, H.264 with a key frame every two seconds, and AAC."""
    picture = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FPS}:duration={seconds:g},noise=alls=6:allf=t"
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
    judged |= {(TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, definition) for definition in ADAPTIVE}
    kinds = (TemplateKind.SNAPSHOT_BY_TIME_OFFSET, TemplateKind.SAMPLE_SNAPSHOT, TemplateKind.IMAGE_SPRITE)
    judged |= {(kind, 10) for kind in kinds}
    judged |= {(TemplateKind.ANIMATED_GRAPHICS, definition) for definition in (20_000, 20_001)}
    assert judged == {key for key in PRESETS if key[0] not in _REVIEWS}
    assert sorted(expected.definition for expected in TRANSCODES) == sorted(
        definition for group in GROUPS.values() for definition in group
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


def check_segments(bench: FlowBench, url: str) -> None:
    """Every segment begins with a key frame; together they last as long as the clip."""
    segments = segments_of(bench, url)
    assert sum(seconds for _, seconds in segments) == pytest.approx(_SECONDS, abs=0.15)
    assert all(begins_with_key_frame(bench.fetch(address)) for address, _ in segments)


@pytest.mark.parametrize("definition", [10, 12])
def test_adaptive_hls(definition: int, made: Made, table: PresetTable, tmp_path: Path) -> None:
    """A ladder's rungs have equal key frames, its master playlist tells the truth; a key opens what is encrypted."""
    output = made.output("AdaptiveDynamicStreaming", definition)
    variants, sound = variants_of(made.bench, output["Url"])
    rungs = [examined(variant.url) for variant in variants]
    assert [(rung.width, rung.height) for rung in rungs] == [size for size, _ in RUNGS.values()]
    assert [rung.key_times for rung in rungs] == [_LADDER_KEYS] * 3
    assert {rung.frames[0] for rung in rungs} == {rungs[0].frames[0]}, "rungs begin at one moment"
    heard = examined(sound)
    assert heard.begins == pytest.approx(rungs[0].frames[0], abs=0.03), "and the sound with them, but for its priming"
    assert (heard.audio, heard.audio_rate, heard.channels) == ("aac", 44_100, 2)
    for place, (variant, rung, (_, kbps)) in enumerate(zip(variants, rungs, RUNGS.values(), strict=True)):
        table.note("Adaptive", definition, rung, f"{variant.codecs} key frames {rung.key_times}")
        table.lines[f"Adaptive {definition} rung {place}"] = table.lines.pop(f"Adaptive {definition}")
        assert rung.seconds == pytest.approx(LADDER_SECONDS, abs=0.15)
        assert rung.fps == pytest.approx(24, abs=0.05)
        assert 0.25 * kbps < rung.kbps < 1.6 * kbps
        assert variant.size == f"{rung.width}x{rung.height}"
        assert variant.frame_rate == pytest.approx(rung.fps, abs=0.05)
        name = codec_by_packager(variant.url, tmp_path / str(place))
        assert variant.codecs.lower() == f"{name.lower()},mp4a.40.2"
        check_bandwidth(made.bench, variant, sound)
    assert output["Package"] == "HLS"
    assert [(s["Type"], s["Width"], s["Height"]) for s in output["SubStreamSet"]] == [
        *(("video", *size) for size, _ in RUNGS.values()), ("audio", 0, 0)
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
    assert [(rung.width, rung.height) for rung in videos] == [size for size, _ in RUNGS.values()]
    assert [rung.key_times for rung in videos] == [_LADDER_KEYS] * 3
    for place, rung in enumerate(videos):
        table.note("Adaptive", 20, rung, f"key frames {rung.key_times}")
        table.lines[f"Adaptive 20 rung {place}"] = table.lines.pop("Adaptive 20")
        assert rung.seconds == pytest.approx(LADDER_SECONDS, abs=0.15)
        assert rung.fps == pytest.approx(24, abs=0.05)
    assert [(rung.audio, rung.audio_rate, rung.channels) for rung in rungs if rung.audio] == [("aac", 44_100, 2)]
    assert output["Package"] == "DASH"
    plays(output["Url"])


def test_snapshots(made: Made, table: PresetTable) -> None:
    """Snapshots and covers are JPEGs of the source's size, at the moments asked for; the end means the last frame."""
    pictures = made.output("SnapshotByTimeOffset", 10)["PicInfoSet"]
    assert [picture["TimeOffset"] for picture in pictures] == [0, 3000, pytest.approx(6000, abs=70)]
    urls = [picture["Url"] for picture in pictures] + [made.output("CoverBySnapshot", 10)["CoverUrl"]]
    assert {size_of(made.bench, url) for url in urls} == {(WIDTH, HEIGHT)}
    bodies = [made.bench.fetch(url).read_bytes() for url in urls]
    assert len(set(bodies)) == 3
    assert bodies[3] == bodies[1]
    table.add("SnapshotByTimeOffset", 10, f"{len(pictures)} JPEGs of {WIDTH}x{HEIGHT}")


def test_samples(made: Made, table: PresetTable) -> None:
    """Sample snapshots come every tenth of the duration, the first frame first, all different."""
    output = made.output("SampleSnapshot", 10)
    bodies = [made.bench.fetch(url).read_bytes() for url in output["ImageUrlSet"]]
    assert len(bodies) == len(set(bodies)) == 10
    assert {size_of(made.bench, url) for url in output["ImageUrlSet"]} == {(WIDTH, HEIGHT)}
    first = made.output("SnapshotByTimeOffset", 10)["PicInfoSet"][0]["Url"]
    assert bodies[0] == made.bench.fetch(first).read_bytes()
    table.add("SampleSnapshot", 10, f"{len(bodies)} JPEGs of {WIDTH}x{HEIGHT}")


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
        whole = size_of(made.bench, urljoin(output["WebVttUrl"], name))
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
    assert (frames, size, loop) == (6, (WIDTH, HEIGHT), 0)
    assert sum(durations) == pytest.approx(3000, abs=100)
    assert (output["StartTimeOffset"], output["EndTimeOffset"]) == (1, 4)
    table.add("AnimatedGraphics", definition, f"{suffix} {frames} frames of {size[0]}x{size[1]}")
