"""What containers say beside packets (edits, turns, times, lengths) is in every output: judged by frames and samples.

Films tell the number of each picture (:mod:`support.media.barcode`); plans run as they are, without a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benchmarks.media_runs import OPTIONS, Templates, run_jobs
from PIL import Image

from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.kinds.adaptive_dynamic_streaming import AdaptiveInput
from openvod.kinds.animated_graphics import AnimatedGraphicInput
from openvod.kinds.cover_by_snapshot import CoverBySnapshotInput
from openvod.kinds.image_sprites import ImageSpriteInput
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.model import Item, Job, Source
from openvod.kinds.registry import SubTaskKind
from openvod.kinds.sample_snapshot import SampleSnapshotInput
from openvod.kinds.snapshot_by_time_offset import SnapshotByTimeOffsetInput
from openvod.kinds.templates import Template
from openvod.kinds.transcode import TranscodeInput
from openvod.processing.planner import make_plan
from openvod.tasks.presets import PRESETS
from openvod.tasks.templates import read_body
from support.media.barcode import SIZE, TONE_AT, Shown, film, make, offsets, pictures, read_picture, tone

#: One process makes the films, once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("moments")]
K, T = SubTaskKind, TemplateKind
RATE = 25
FRAME = 1 / RATE
_AAC = {"Codec": "libfdk_aac", "Bitrate": 64, "SampleRate": 44_100, "AudioChannel": 2}


def _sized(height: int) -> dict[str, Any]:
    return {"Codec": "libx264", "Fps": 0, "Bitrate": 900, "ResolutionAdaptive": "close", "Width": 0, "Height": height}


def _stream(height: int) -> dict[str, Any]:
    return {"Video": _sized(height), "Audio": _AAC, "RemoveVideo": 0, "RemoveAudio": 0}


def _transcode(container: str) -> dict[str, Any]:
    return {"Container": container, "VideoTemplate": _sized(SIZE[1]), "AudioTemplate": _AAC}


def _custom(*rows: tuple[TemplateKind, int, dict[str, Any]]) -> Templates:
    return {**PRESETS, **{(k, n): Template(k, n, read_body(k, body)) for k, n, body in rows}}


TEMPLATES = _custom(
    (T.ADAPTIVE_DYNAMIC_STREAMING, 1, {"Format": "HLS", "StreamInfos": [_stream(96), _stream(SIZE[1])]}),
    (T.TRANSCODE, 1, _transcode("mp4")),
    (T.TRANSCODE, 2, _transcode("flv")),
    (T.IMAGE_SPRITE, 1, {"SampleType": "Time", "SampleInterval": 1, "RowCount": 10, "ColumnCount": 10, "Width": 176,
                         "Height": 96, "ResolutionAdaptive": "close", "FillType": "stretch"}),
    (T.IMAGE_SPRITE, 10, {"SampleType": "Time", "SampleInterval": 10, "RowCount": 2, "ColumnCount": 2, "Width": 176,
                          "Height": 96, "ResolutionAdaptive": "close", "FillType": "stretch"}),
    (T.SAMPLE_SNAPSHOT, 1, {"SampleType": "Time", "SampleInterval": 2}),
    (T.ANIMATED_GRAPHICS, 1, {"Fps": 5, "Format": "gif"}),
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """Outputs in a folder, one folder in it for each sub-task in the order wanted."""

    source: Source
    jobs: Sequence[Job]
    folder: Path


def run(path: Path, folder: Path, *wanted: tuple[SubTaskKind, Any], separate: bool = False) -> Made:
    """Probe, plan and run; nothing may be refused."""
    source = Source("1", asyncio.run(PyAvProber().probe(str(path))))
    items = [Item(place, kind, asked, separate=separate) for place, (kind, asked) in enumerate(wanted)]
    plan = make_plan(source, items, lambda kind, number: TEMPLATES.get((kind, number)), OPTIONS)
    assert not plan.failures
    folder.mkdir()
    run_jobs(plan.jobs, path, folder)
    return Made(source, plan.jobs, folder)


def _with_cover(folder: Path, plain: Path) -> Path:
    """A film whose first track is a picture that nothing marks as its cover."""
    cover = make(folder / "cover.jpg", "-i", str(plain), "-frames:v", "1", "-s", "640x360", "-update", "1")
    tracks = ("-map", "0", "-map", "1:v", "-map", "1:a", "-c", "copy")
    return make(folder / "covered.mp4", "-i", str(cover), "-i", str(plain), *tracks)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Eight seconds, and what containers can say of them."""
    folder = tmp_path_factory.mktemp("films")
    x264 = (
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "stillimage",
        "-bf",
        "2",
        "-g",
        "50",
        "-sc_threshold",
        "0",
    )
    plain = film(folder / "plain.mp4", 8, RATE, *x264, "-b:v", "300k", "-c:a", "aac", "-b:a", "48k", "-ac", "2")
    copied = ("-i", str(plain), "-c", "copy")
    long = film(folder / "long.mp4", 35, 10, *x264, "-c:a", "aac", "-b:a", "48k")
    one = make(folder / "one.mp4", "-i", str(plain), "-filter_complex", "[0:v]trim=end_frame=1", "-c:a", "copy")
    parts = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-c:a", "aac", "-f", "mpegts")
    small = make(folder / "small.ts", "-i", str(plain), "-t", "4", *parts)
    large = make(folder / "large.ts", "-ss", "4", "-i", str(plain), "-s", "176x96", *parts, "-output_ts_offset", "4")
    (folder / "sizes.ts").write_bytes(small.read_bytes() + large.read_bytes())
    return {
        "plain": plain,
        "cut": make(folder / "cut.mp4", "-ss", "3.3", *copied),
        "mirrored": make(folder / "mirrored.mp4", "-display_hflip", *copied),
        "avi": make(folder / "film.avi", "-i", str(plain), "-c:v", "copy", "-c:a", "libmp3lame"),
        "mkv": make(folder / "film.mkv", *copied),
        "ts": make(folder / "film.ts", *copied),
        "delayed": make(folder / "delayed.mp4", "-itsoffset", "0.5", "-i", str(plain), "-i", str(plain), "-map", "0:v",
                        "-map", "1:a", "-c", "copy"),
        "late": make(folder / "late.mp4", *copied, "-use_editlist", "0"),
        "long": long,
        "long late": make(folder / "longlate.mp4", "-i", str(long), "-c", "copy", "-use_editlist", "0"),
        "black first": make(folder / "black.mp4", "-i", str(plain), "-vf", "tpad=start_duration=2", "-c:v", "libx264",
                            "-preset", "ultrafast", "-an"),
        "one": one,
        "one in flv": make(folder / "one.flv", "-i", str(one), "-c", "copy"),
        "cover and film": _with_cover(folder, plain),
        "one in mkv": make(folder / "one.mkv", "-i", str(one), "-c", "copy"),
        "sizes": folder / "sizes.ts",
    }  # fmt: skip


class Expected:
    """What the outputs of a film show: numbers of the first and last picture, and how much later the sound is.

    The first picture may be ``held`` from the file's beginning, for so many more.
    """

    def __init__(
        self, first: int = 0, last: int = 199, *, mirrored: bool = False, sound_later: float = 0.0, held: int = 0
    ) -> None:
        self.first, self.last, self.mirrored, self.sound_later = first, last, mirrored, sound_later
        self.held = held

    def check(self, shown: Sequence[Shown], sounds: float) -> None:
        """Hold that pictures come in order, each at its moment, and the sound with them."""
        assert {each.mirrored for each in shown} == {self.mirrored}
        numbers = [each.number for each in shown]
        assert abs(numbers[0] - self.first) <= 1
        assert abs(numbers[-1] - self.last) <= 1
        assert numbers == sorted(numbers)
        held = numbers.count(numbers[0]) - 1
        assert held <= self.held
        late = offsets(shown[held:], RATE)
        assert max(late) - min(late) < FRAME + 0.002, "some picture is shown at another moment"
        assert sounds - TONE_AT - min(late) == pytest.approx(self.sound_later, abs=FRAME)


EXPECTED = {
    "plain": Expected(),
    "cut": Expected(82),
    "mirrored": Expected(mirrored=True),
    # It has no times of its own: its sound is where it was, its pictures come by the two that are decoded ahead later.
    "avi": Expected(held=2, sound_later=-0.08),
    "mkv": Expected(),
    "ts": Expected(held=1),
    "delayed": Expected(sound_later=-0.5, held=13),
    "late": Expected(held=2),
}


#: What differs least from another member of its kind.
_RARER = {"mkv", "delayed", "plain", "one in mkv"}


def _films_of(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in _RARER else []) for name in names]


@pytest.mark.parametrize("name", _films_of(EXPECTED))
def test_copies_carry_what_the_container_says(name: str, films: Mapping[str, Path], tmp_path: Path) -> None:
    """Ladder, MP4, FLV and both remuxes show the same pictures at the same moments, and the sound with them."""
    made = run(
        films[name],
        tmp_path / "out",
        (K.ADAPTIVE_DYNAMIC_STREAMING, AdaptiveInput(definition=1)),
        *((K.TRANSCODE, TranscodeInput(definition=number)) for number in (1, 2, 875, 876)),
    )
    expected = EXPECTED[name]
    ladder = made.folder / "0"
    sounds = tone(ladder / "audio_1_0.m3u8")
    for place in range(2):
        expected.check(pictures(ladder / f"video_1_{place}.m3u8"), sounds)
    for output in ("1/v.f1.mp4", "2/v.f2.flv", "3/v.f875.mp4", "4/v.f876.m3u8"):
        expected.check(pictures(made.folder / output), tone(made.folder / output))


def test_a_failed_copy_is_encoded(films: Mapping[str, Path], tmp_path: Path) -> None:
    """The second way copies nothing, in no kind of output; the first way does."""
    wanted = [(K.ADAPTIVE_DYNAMIC_STREAMING, AdaptiveInput(definition=1)), *(
        (K.TRANSCODE, TranscodeInput(definition=number)) for number in (1, 875))]  # fmt: skip
    first = run(films["plain"], tmp_path / "first", *wanted)
    second = run(films["plain"], tmp_path / "second", *wanted, separate=True)
    copies = [
        sum(command.arguments.count("copy") for job in made.jobs for command in job.commands)
        for made in (first, second)
    ]
    assert copies[0] >= 3
    assert copies[1] == 0
    EXPECTED["plain"].check(pictures(second.folder / "2/v.f875.mp4"), tone(second.folder / "2/v.f875.mp4"))


#: Films by name: their pictures per second, when the first of them is shown, how many there are.
_SHOWN = {"plain": (25, 0.0, 200), "cut": (25, 0.0, 118), "late": (25, 0.08, 200), "delayed": (25, 0.5, 200),
          "ts": (25, 0.0, 200), "avi": (25, 0.08, 200), "sizes": (25, 0.0, 200), "one": (25, 0.0, 1),
          "one in mkv": (25, 0.0, 1)}  # fmt: skip


def _numbers(folder: Path) -> list[int]:
    found = []
    for path in sorted(folder.rglob("*.jpg"), key=lambda path: int(path.stem.rpartition("_")[2])):
        with Image.open(path) as image:
            found.append(read_picture(image)[0])
    return found


def _tiles(path: Path, count: int, columns: int) -> list[int]:
    with Image.open(path) as image:
        tiles = [divmod(place, columns) for place in range(count)]
        return [read_picture(image, (x * 176, y * 96, x * 176 + 176, y * 96 + 96))[0] for y, x in tiles]


@pytest.mark.parametrize("name", _films_of(_SHOWN))
def test_pictures_of_moments(name: str, films: Mapping[str, Path], tmp_path: Path) -> None:
    """Tiles, samples, snapshots, the cover and an animation are within a frame of the moments asked for."""
    rate, begins, count = _SHOWN[name]
    first = 82 if name == "cut" else 0
    moments = [0.0, 0.03, 1.0, 3.3, 4.5]
    made = run(
        films[name],
        tmp_path / "out",
        (K.IMAGE_SPRITES, ImageSpriteInput(definition=1)),
        (K.SAMPLE_SNAPSHOT, SampleSnapshotInput(definition=1)),
        (K.SNAPSHOT_BY_TIME_OFFSET,
         SnapshotByTimeOffsetInput(definition=10, ext_time_offset_set=tuple(f"{moment}s" for moment in moments))),
        (K.COVER_BY_SNAPSHOT, CoverBySnapshotInput(definition=10, position_type="Time", position_value=2.5)),
        (K.ANIMATED_GRAPHICS, AnimatedGraphicInput(definition=1, start_time_offset=1, end_time_offset=3)),
    )  # fmt: skip

    def number(moment: float) -> int:
        return first + max(0, min(count - 1, int((moment - begins) * rate + 1e-6)))

    def near(found: Sequence[int], times: Sequence[float]) -> None:
        assert len(found) == len(times)
        assert max(abs(a - number(b)) for a, b in zip(found, times, strict=True)) <= 1, (
            found,
            list(map(number, times)),
        )

    facts = made.jobs[-1].shares[0].facts if made.jobs[-1].shares[0].kind is K.IMAGE_SPRITES else {}
    tiles = int(facts["count"])
    assert tiles == pytest.approx(made.source.picture_duration, abs=1)
    near(_tiles(next((made.folder / "0").rglob("*.jpg")), tiles, 10), range(tiles))
    samples = _numbers(made.folder / "1")
    near(samples, [min(place * 2.0, made.source.picture_duration) for place in range(len(samples))])
    near(_numbers(made.folder / "2"), moments)
    near(_numbers(made.folder / "3"), [2.5])
    frames = pictures(made.folder / "4/v.f1.gif")
    near([each.number for each in frames], [1 + each.time for each in frames])
    assert frames[-1].time == pytest.approx(1.8, abs=0.05)


@pytest.mark.parametrize(("name", "begins"), [("long", 0.0), ("long late", 0.2)])
def test_tiles_far_apart(name: str, begins: float, films: Mapping[str, Path], tmp_path: Path) -> None:
    """Tiles at 0, 10, 20 and 30 s show those seconds, with key frames at them or not; none is black."""
    made = run(films[name], tmp_path / "out", (K.IMAGE_SPRITES, ImageSpriteInput(definition=10)))
    found = _tiles(next((made.folder / "0").rglob("*.jpg")), 4, 2)
    expected = [max(0, round((place * 10 - begins) * 10)) for place in range(4)]
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 1, found


@pytest.mark.parametrize("name", ["one", "one in flv"])
def test_the_last_picture_stays(name: str, films: Mapping[str, Path], tmp_path: Path) -> None:
    """One picture under eight seconds of sound is a film of eight seconds in every output."""
    made = run(
        films[name],
        tmp_path / "out",
        (K.ADAPTIVE_DYNAMIC_STREAMING, AdaptiveInput(definition=1)),
        *((K.TRANSCODE, TranscodeInput(definition=number)) for number in (1, 2, 875, 876)),
    )
    for output in ("0/video_1_0.m3u8", "1/v.f1.mp4", "2/v.f2.flv", "3/v.f875.mp4", "4/v.f876.m3u8"):
        shown = pictures(made.folder / output)
        assert {each.number for each in shown} == {0}
        assert shown[-1].time - shown[0].time == pytest.approx(8, abs=0.2), output


def test_a_cover_shows_something(films: Mapping[str, Path], tmp_path: Path) -> None:
    """The cover of second 0 of a film that begins black is its first picture with something in it."""
    at_zero = CoverBySnapshotInput(definition=10, position_type="Time", position_value=0)
    later = CoverBySnapshotInput(definition=10, position_type="Time", position_value=1)
    for name, wanted, number in (("black first", at_zero, 0), ("black first", later, -1), ("plain", at_zero, 0)):
        made = run(films[name], tmp_path / f"{name} {number} {wanted.position_value}", (K.COVER_BY_SNAPSHOT, wanted))
        assert _numbers(made.folder) == [number]


def test_a_cover_is_not_the_film(films: Mapping[str, Path], tmp_path: Path) -> None:
    """Where the first track is a single picture and another one moves, the other one is the film."""
    made = run(films["cover and film"], tmp_path / "out", (K.TRANSCODE, TranscodeInput(definition=1)))
    assert (made.source.width, made.source.probe.width) == (SIZE[0], SIZE[0])
    EXPECTED["plain"].check(pictures(made.folder / "0/v.f1.mp4"), tone(made.folder / "0/v.f1.mp4"))
