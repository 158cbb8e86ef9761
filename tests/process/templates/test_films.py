"""Films and sounds: containers, codecs, rates, key frames, segments, light."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import av
import pytest

from support.media.rendition import examined, plays
from support.templates.asks import (
    FILMS,
    GOOD,
)
from support.templates.kitchen import FLOWS, Run
from support.templates.look import (
    named,
    unlike,
)
from support.templates.sources import (
    BLACK,
    SECONDS,
    WHITE,
    Plain,
)

pytestmark = FLOWS


_ISO = "mov,mp4,m4a,3gp,3g2,mj2"


@pytest.mark.parametrize("name", named([name for name, ask in GOOD.items() if ask.kind in FILMS]))
def test_every_film_decodes(name: str, run: Run) -> None:
    """Every stream of a result decodes without a word from the decoder, and is what the event tells of it."""
    output = run.output(name)
    plays(output["Url"] if output["Url"].endswith((".m3u8", ".mpd")) else str(run.path(name)))
    if GOOD[name].kind == "Transcode":
        seen = run.seen(name)
        assert (output["Width"], output["Height"]) == (seen.width, seen.height)
        assert [stream["Codec"] for stream in output["VideoStreamSet"]] == [seen.codec] * bool(seen.frames)
        assert [stream["Codec"] for stream in output["AudioStreamSet"]] == [seen.audio] * bool(seen.audio)
        assert output["Duration"] == pytest.approx(seen.seconds, abs=0.15)


def _about(value: float, tolerance: float = 0.05) -> object:
    return pytest.approx(value, abs=tolerance)


_STEREO: dict[str, Any] = {"audio": "aac", "audio_rate": 44_100, "channels": 2}
_SMALL: dict[str, Any] = {"codec": "h264", "width": 320, "height": 180, "pixels": "yuv420p", "rotation": 0}
_UPRIGHT: dict[str, Any] = _SMALL | {"width": 180, "height": 320}
#: What decoding must find, by the names of :class:`Rendition`.
STREAMS: Mapping[str, Plain] = {
    "h265": _SMALL | _STEREO | {"codec": "hevc", "tag": "hvc1", "fps": _about(25), "kbps": _about(300, 150)},
    "hev1": _SMALL | {"codec": "hevc", "tag": "hev1", "fps": _about(30)},
    "av1": _SMALL | {"codec": "av1", "tag": "av01", "fps": _about(30), "kbps": _about(300, 200)},
    "as the source": _SMALL | {"container": _ISO, "tag": "avc1", "width": 640, "height": 360, "fps": _about(30)},
    "second": _SMALL | {"fps": _about(25)},
    "kept pauses": _STEREO | {"width": 160, "height": 90},
    **{fill: {"width": 640, "height": 360, "audio": ""} for fill in ("black", "white", "gauss", "stretch")},
    "long side": _UPRIGHT,
    "width": {"width": 320, "height": 568},
    "both sides": _UPRIGHT,
    "larger": {"width": 360, "height": 640},
    "turned": _UPRIGHT,
    "mosaic": {"width": 640, "height": 360, "fps": _about(30)},
    "ts": _SMALL | _STEREO | {"container": "hls", "fps": _about(25)},
    "fmp4": _SMALL | _STEREO | {"container": "hls", "fps": _about(25)},
    "flv": _SMALL | _STEREO | {"container": "flv", "fps": _about(25)},
    "mp3": {"container": "mp3", "codec": "", "audio": "mp3", "audio_rate": 32_000, "channels": 1,
            "audio_kbps": _about(64, 8)},
    "m4a": {"container": _ISO, "codec": "", "audio": "aac", "audio_rate": 48_000, "channels": 2},
    "flac": {"container": "flac", "codec": "", "audio": "flac", "audio_rate": 44_100, "channels": 2},
    "ogg": {"container": "ogg", "codec": "", "audio": "flac", "audio_rate": 48_000, "channels": 2},
    "vorbis": {"container": "ogg", "codec": "", "audio": "vorbis", "audio_rate": 44_100, "channels": 2},
    "opus": {"container": "ogg", "codec": "", "audio": "opus", "audio_rate": 48_000, "channels": 2},
    "wav": {"container": "wav", "codec": "", "audio": "pcm_s16le", "audio_rate": 16_000, "channels": 1},
    "silent": _SMALL | {"audio": ""},
    "sound alone": _STEREO | {"container": _ISO, "codec": ""},
    "no sound there": _SMALL | {"audio": ""},
    "tracks": {"width": 160, "height": 90, "audio": "aac", "audio_rate": 48_000, "channels": 2},
    "overridden": {"codec": "hevc", "width": 160, "height": 90, "fps": _about(10), "audio": "aac", "channels": 1},
}  # fmt: skip


@pytest.mark.parametrize("name", named(list(STREAMS)))
def test_streams(name: str, run: Run) -> None:
    """Containers, codecs, tags, sizes, rates and channels are those asked for; sizes never exceed the source."""
    seen = run.seen(name)
    assert {member: getattr(seen, member) for member in STREAMS[name]} == STREAMS[name]
    assert seen.seconds == pytest.approx(SECONDS, abs=0.1)
    if seen.audio:
        assert seen.audio_seconds == pytest.approx(SECONDS, abs=0.1)


def test_first_track_is_heard(run: Run) -> None:
    """Of several tracks one comes out."""
    with av.open(str(run.path("tracks"))) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]


def test_quality_costs_bits(run: Run) -> None:
    """A lower CRF takes more bits."""
    assert run.seen("fine").kbps > 3 * run.seen("coarse").kbps


def test_profile(run: Run) -> None:
    """The profile is no higher than asked for; x264 writes the lowest that holds what it used."""
    with av.open(str(run.path("main"))) as film:
        assert film.streams.video[0].codec_context.profile in ("Main", "Baseline", "Constrained Baseline")
        times = [packet.pts for packet in film.demux(video=0) if packet.pts is not None]
    assert times == sorted(times)
    with av.open(str(run.path("as the source"))) as film:
        assert film.streams.video[0].codec_context.profile is not None


@pytest.mark.parametrize(
    ("name", "distance", "fps"), [("second", 25, 25), ("second, source's rate", 30, 30), ("ten frames", 10, 30)]
)
def test_gop(name: str, distance: int, fps: int, run: Run) -> None:
    """Key frames come as often as asked for, in frames or in seconds of the result's own rate."""
    seen = run.seen(name)
    assert seen.key_times == [round(place / fps, 3) for place in range(0, len(seen.frames), distance)]


def test_pauses(run: Run) -> None:
    """Without a rate the frames keep their times, pauses included; with one they are steady."""
    source, kept, steady = examined(run.sources / "pauses.mp4"), run.seen("kept pauses"), run.seen("steady")
    assert max(b - a for a, b in pairwise(source.frames)) > 1
    assert kept.frames == pytest.approx([time - source.frames[0] + kept.frames[0] for time in source.frames], abs=0.002)
    assert [round(b - a, 3) for a, b in pairwise(steady.frames)] == [0.04] * 99


@pytest.mark.parametrize("name", ["fmp4", "ts"])
def test_segments(name: str, run: Run) -> None:
    """Segments are of the kind and length asked for; each begins with a key frame."""
    url = run.output(name)["Url"]
    text = run.bench.text(url)
    assert [float(seconds) for seconds in re.findall(r"#EXTINF:([\d.]+)", text)] == pytest.approx([2, 2], abs=0.05)
    assert ("#EXT-X-MAP" in text) == (name == "fmp4")
    assert len(re.findall(rf"^[^#].*\.{'m4s' if name == 'fmp4' else 'ts'}$", text, re.MULTILINE)) == 2
    assert {0.0, 2.0} <= set(run.seen(name).key_times)


_BT709, _PQ = 1, 16


def test_hdr_is_kept(run: Run) -> None:
    """H.265 keeps ten bits and the transfer function when asked to."""
    seen = run.seen("hdr")
    assert (seen.codec, seen.tag, seen.pixels, seen.transfer) == ("hevc", "hvc1", "yuv420p10le", _PQ)


@pytest.mark.parametrize("name", ["tone-mapped", "tone-mapped h264", "tone-mapped after a clip"])
def test_tone_mapping(name: str, run: Run) -> None:
    """Otherwise light is brought into the range of eight bits: white stays white, and colours do not pale."""
    seen = run.seen(name)
    assert seen.pixels == "yuv420p"
    assert seen.transfer != _PQ
    assert seen.codec == ("hevc" if name == "tone-mapped" else "h264")
    picture = run.shown(name, seen.seconds - 0.5)
    assert unlike(picture, {(20, 20): WHITE, (300, 20): BLACK, (20, 170): BLACK, (160, 90): (0, 50, 250)}) == []
    if name != "tone-mapped after a clip":
        assert seen.transfer == _BT709
