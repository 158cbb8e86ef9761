"""The probe, over real media that FFmpeg makes, and over files that are no media."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import imageio_ffmpeg
import psutil
import pytest

from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.base.errors import Invalid, Unavailable
from openvod.base.sizes import GIB
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream, media_metadata

T = TypeVar("T")
MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def generate(path: Path, *arguments: str) -> Path:
    """Run FFmpeg to make ``path``."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-v", "error", "-nostdin", "-y", *arguments, str(path)], check=True, timeout=60,
                   capture_output=True)  # fmt: skip
    return path


def probe(path: Path, *, timeout: float = 20.0) -> ProbeResult:
    """Probe one file."""
    return asyncio.run(PyAvProber(timeout=timeout).probe(str(path)))


def refused(path: Path) -> None:
    """Hold that a file is refused as no media."""
    with pytest.raises(Invalid) as error:
        probe(path)
    assert error.value.code == "media.malformed"
    assert str(path) not in error.value.message


def children() -> set[int]:
    """Return the pids of this process's children."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Path]:
    """A pipe that stays open and says nothing: a file whose reading never ends."""
    path = tmp_path / "endless.mp4"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    yield path
    os.close(writer)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of H.264 and AAC, index in front."""
    path = tmp_path_factory.mktemp("probe") / "video.mp4"
    return generate(path, *PICTURE, *SOUND, *H264, "-c:a", "aac", "-ar", "44100", "-movflags", "+faststart")


def test_video(video: Path) -> None:
    """Size, container, pixels, rates, codecs and durations of a video are those it was made with."""
    found = probe(video)
    assert (found.size, found.container, found.category) == (video.stat().st_size, MP4, "Video")
    assert (found.width, found.height, found.rotate) == (320, 180, 0)
    assert found.duration == pytest.approx(2.0, abs=0.05)
    assert found.video_duration == pytest.approx(2.0, abs=0.05)
    assert found.audio_duration == pytest.approx(2.0, abs=0.05)
    assert found.bitrate == pytest.approx(found.size * 8 / found.duration, rel=0.05)
    (picture,), (sound,) = found.video_streams, found.audio_streams
    assert (picture.codec, picture.width, picture.height, picture.fps) == ("h264", 320, 180, 25)
    assert (picture.codec_tag, picture.dynamic_range) == ("", "")
    assert (sound.codec, sound.sampling_rate) == ("aac", 44_100)
    assert 0 < sound.bitrate < picture.bitrate < found.bitrate


@pytest.mark.parametrize(("counter_clockwise", "rotate"), [(90, 270), (180, 180), (270, 90)])
def test_rotation(video: Path, tmp_path: Path, counter_clockwise: int, rotate: int) -> None:
    """The display matrix gives degrees clockwise, as a phone held upright writes 90; pixels stay as coded."""
    turned = generate(
        tmp_path / "turned.mp4", "-display_rotation:v:0", str(counter_clockwise), "-i", str(video), "-c", "copy"
    )
    found = probe(turned)
    assert (found.rotate, found.width, found.height) == (rotate, 320, 180)


@pytest.mark.parametrize(
    ("transfer", "dynamic_range"), [("smpte2084", "hdr10"), ("arib-std-b67", "hlg"), ("bt709", "")]
)
def test_dynamic_range(tmp_path: Path, transfer: str, dynamic_range: str) -> None:
    """The transfer function tells hdr10, hlg and SDR apart, and HEVC carries its codec tag (events.md 4.1)."""
    path = generate(
        tmp_path / "hdr.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=30000/1001:duration=0.5",
        "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "-x265-params",
        f"log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc",
    )  # fmt: skip
    (picture,) = probe(path).video_streams
    assert (picture.codec, picture.codec_tag, picture.fps) == ("hevc", "hvc1", 30)
    assert picture.dynamic_range == dynamic_range


def test_other_containers(video: Path, tmp_path: Path) -> None:
    """WebM with VP9 and Opus names its codecs as the wire does, not as a library's decoder is called."""
    path = generate(tmp_path / "v.webm", "-i", str(video), "-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus")
    found = probe(path)
    assert (found.container, found.category) == ("matroska,webm", "Video")
    assert [s.codec for s in found.video_streams] + [s.codec for s in found.audio_streams] == ["vp9", "opus"]


def test_audio_only(tmp_path: Path) -> None:
    """A file with sound alone is Audio with no pixels."""
    found = probe(generate(tmp_path / "a.m4a", *SOUND, "-c:a", "aac", "-ar", "48000"))
    assert (found.category, found.width, found.height, found.video_streams) == ("Audio", 0, 0, ())
    assert found.video_duration == 0
    assert found.audio_duration == pytest.approx(2.0, abs=0.05)
    assert [s.sampling_rate for s in found.audio_streams] == [48_000]


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    """A song with an embedded cover is Audio: the picture is not a video stream."""
    song = generate(tmp_path / "plain.mp3", *SOUND, "-c:a", "libmp3lame")
    covered = generate(
        tmp_path / "covered.mp3", "-i", str(song), *PICTURE, "-map", "0", "-map", "1", "-c:a", "copy",
        "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic",
    )  # fmt: skip
    assert covered.stat().st_size > 1000
    found = probe(covered)
    assert (found.category, found.video_streams, found.width) == ("Audio", (), 0)


def test_mp3_is_called_mp3(tmp_path: Path) -> None:
    """An MP3's codec is `mp3`, as FFmpeg's codec and the wire call it."""
    found = probe(generate(tmp_path / "a.mp3", *SOUND, "-c:a", "libmp3lame"))
    assert [s.codec for s in found.audio_streams] == ["mp3"]


@pytest.mark.parametrize(
    ("name", "codec"), [("i.png", "png"), ("i.jpg", "mjpeg"), ("i.bmp", "bmp"), ("i.tiff", "tiff")]
)
def test_image(tmp_path: Path, name: str, codec: str) -> None:
    """A picture is an Image with its pixels and no duration."""
    found = probe(generate(tmp_path / name, *PICTURE, "-frames:v", "1", "-update", "1"))
    assert (found.category, found.width, found.height, found.duration) == ("Image", 320, 180, 0)
    assert [s.codec for s in found.video_streams] == [codec]


def test_avif_is_an_image(tmp_path: Path) -> None:
    """A still picture in an ISO container (AVIF, HEIF) is an Image, too."""
    assert probe(generate(tmp_path / "i.avif", *PICTURE, "-frames:v", "1", "-c:v", "libsvtav1")).category == "Image"


def test_truncated_after_the_index(video: Path, tmp_path: Path) -> None:
    """A cut video whose index came first keeps its described values and shows its real size."""
    path = tmp_path / "cut.mp4"
    path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    found = probe(path)
    assert (found.size, found.width) == (path.stat().st_size, 320)
    assert found.duration == pytest.approx(2.0, abs=0.05)


def test_truncated_before_the_index(video: Path, tmp_path: Path) -> None:
    """A cut video whose index came last is no media."""
    late = generate(tmp_path / "late.mp4", "-i", str(video), "-c", "copy")
    path = tmp_path / "cut.mp4"
    path.write_bytes(late.read_bytes()[: late.stat().st_size // 2])
    refused(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"This is a text that somebody called a film.\n" * 40, id="text"),
        pytest.param(bytes(65_536), id="zeros"),
        pytest.param(b"\x00\x00\x00\x18ftypmp42" + b"\xff" * 5000, id="header and rubbish"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/hostname'/></svg>", id="SVG"),
    ],
)
def test_no_media(tmp_path: Path, content: bytes) -> None:
    """What is no media is refused as such, whatever its name says."""
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    refused(path)


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4"])
@pytest.mark.parametrize(
    "template",
    [
        pytest.param("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{url}\n#EXT-X-ENDLIST\n", id="HLS"),
        pytest.param("ffconcat version 1.0\nfile '{url}'\n", id="concat"),
        pytest.param("ffconcat version 1.0\nfile '{relative}'\n", id="concat, relative to the child's folder"),
        pytest.param(
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
            'bandwidth="1"><BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>',
            id="DASH",
        ),
    ],
)
def test_playlists_open_nothing(video: Path, tmp_path: Path, template: str, name: str) -> None:
    """A playlist that points to another, valid file of the machine is refused, not followed."""
    path = tmp_path / name
    path.write_text(template.replace("{url}", f"file://{video}").replace("{relative}", str(video).lstrip("/")))
    refused(path)


def test_playlists_connect_nowhere(tmp_path: Path) -> None:
    """A playlist that points to an address makes no connection."""

    async def run() -> int:
        calls = 0

        async def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal calls
            calls += 1
            writer.close()

        server = await asyncio.start_server(called, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            path = tmp_path / "list.m3u8"
            path.write_text(f"#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n")
            with pytest.raises(Invalid):
                await PyAvProber().probe(str(path))
        return calls

    assert asyncio.run(run()) == 0


def test_many_streams(tmp_path: Path) -> None:
    """A file with as many streams as are allowed is described in full."""
    count = 98
    path = generate(
        tmp_path / "many.mkv", "-f", "lavfi", "-i", "testsrc2=size=16x16:rate=5:duration=0.4",
        *("-map", "0:v") * count, "-c:v", "mpeg4",
    )  # fmt: skip
    assert len(probe(path).video_streams) == count


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is the platform's trouble, not bad media."""
    with pytest.raises(Unavailable) as error:
        probe(tmp_path / "gone.mp4")
    assert error.value.code == "media.probe_failed"


def test_folder_is_not_called_malformed(tmp_path: Path) -> None:
    """When the child cannot run its course the probe failed; the media is not blamed."""
    with pytest.raises(Unavailable) as error:
        probe(tmp_path)
    assert error.value.code == "media.probe_failed"


def test_timeout_kills_the_child(endless: Path) -> None:
    """A probe that does not end is given up at its timeout, and its process is gone."""
    before, started = children(), time.monotonic()
    with pytest.raises(Unavailable) as error:
        probe(endless, timeout=0.5)
    assert error.value.code == "media.probe_timeout"
    assert 0.5 <= time.monotonic() - started < 5
    assert children() <= before


def test_cancellation_kills_the_child(endless: Path) -> None:
    """A cancelled probe leaves no process behind."""
    before = children()
    found = asyncio.run(_while_probing(endless, lambda pid: pid))
    assert found not in before
    assert not psutil.pid_exists(found)


def test_child_is_limited(endless: Path) -> None:
    """While it reads, the child has bounded memory, time and files, and may write nothing."""
    names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE")
    limits = asyncio.run(
        _while_probing(endless, lambda pid: {n: psutil.Process(pid).rlimit(getattr(psutil, n)) for n in names})
    )
    assert limits["RLIMIT_FSIZE"] == limits["RLIMIT_CORE"] == (0, 0)
    assert 0 < limits["RLIMIT_AS"][1] <= 4 * GIB
    assert 0 < limits["RLIMIT_CPU"][1] <= 60
    assert 0 < limits["RLIMIT_NOFILE"][1] <= 256


def test_child_inherits_nothing(endless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child sees no environment, where secrets live, leads its own session and holds only its three streams."""
    monkeypatch.setenv("OPENVOD_SECRET", "visible to the parent only")
    environment, session, names = asyncio.run(
        _while_probing(
            endless,
            lambda pid: (
                psutil.Process(pid).environ(), os.getsid(pid) == pid, sorted(os.listdir(f"/proc/{pid}/fd"), key=int)
            ),
        )
    )  # fmt: skip
    assert "OPENVOD_SECRET" not in environment
    assert "HOME" not in environment
    assert session
    assert names == ["0", "1", "2"]


def _limited(pid: int) -> bool:
    return psutil.Process(pid).rlimit(psutil.RLIMIT_CORE) == (0, 0)


async def _while_probing(path: Path, look: Callable[[int], T]) -> T:
    """Start a probe of ``path``, look at its child once that has limited itself, then cancel the probe."""
    before = children()
    prober = asyncio.create_task(PyAvProber().probe(str(path)))
    while not (new := children() - before) or not _limited(*new):  # noqa: ASYNC110  a process sends no event
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.3)  # the media library is loaded by now, and the child waits for the pipe
    seen = look(*new)
    prober.cancel()
    with pytest.raises(asyncio.CancelledError):
        await prober
    return seen


def test_no_more_than_the_allowed_children(video: Path) -> None:
    """Of many probes at once, at most two run; all of them answer."""

    async def run() -> tuple[int, list[ProbeResult]]:
        before, most = children(), 0
        prober = PyAvProber(concurrency=2)
        probes = asyncio.gather(*(prober.probe(str(video)) for _ in range(5)))
        while not probes.done():
            most = max(most, len(children() - before))
            await asyncio.sleep(0.002)
        return most, await probes

    most, results = asyncio.run(run())
    assert 1 <= most <= 2
    assert len(results) == 5
    assert len(set(map(repr, results))) == 1


def test_probe_does_not_wait_long(video: Path) -> None:
    """A small file is probed within two seconds, its process included (about 0.1 s on an idle machine)."""
    started = time.monotonic()
    probe(video)
    assert time.monotonic() - started < 2


RESULT = ProbeResult(
    size=1_000_000, container=MP4, bitrate=800_000, width=1920, height=1080, duration=10.0, rotate=90,
    video_duration=10.0, audio_duration=9.98, category="Video",
    video_streams=(VideoStream(700_000, 1080, 1920, "hevc", 30, "hvc1", "hlg"), VideoStream(1_000, 90, 160, "h264", 5)),
    audio_streams=(AudioStream(100_000, 44_100, "aac"),),
)  # fmt: skip


def test_result_survives_storage() -> None:
    """A result is the same after a journey through JSON text."""
    assert ProbeResult.from_json(json.loads(json.dumps(RESULT.to_json()))) == RESULT


def test_media_metadata() -> None:
    """MediaMetaData has exactly the members of events.md 4.1, integers as integers."""
    assert media_metadata(RESULT) == {
        "Size": 1_000_000, "Container": MP4, "Bitrate": 800_000, "Height": 1080, "Width": 1920, "Duration": 10.0,
        "Rotate": 90, "VideoDuration": 10.0, "AudioDuration": 9.98, "Md5": "",
        "VideoStreamSet": [
            {
                "Bitrate": 700_000, "Height": 1080, "Width": 1920, "Codec": "hevc", "Fps": 30, "CodecTag": "hvc1",
                "DynamicRangeInfo": {"Type": "HDR", "HDRType": "hlg"},
            },
            {
                "Bitrate": 1_000, "Height": 90, "Width": 160, "Codec": "h264", "Fps": 5, "CodecTag": "",
                "DynamicRangeInfo": {"Type": "SDR", "HDRType": ""},
            },
        ],
        "AudioStreamSet": [{"Bitrate": 100_000, "SamplingRate": 44_100, "Codec": "aac"}],
    }  # fmt: skip


def test_probed_integers_are_integers(video: Path) -> None:
    """What a strict client declares as an integer leaves the real probe as one."""
    found = media_metadata(probe(video))
    streams = found["VideoStreamSet"] + found["AudioStreamSet"]
    numbers = [found[name] for name in ("Size", "Bitrate", "Height", "Width", "Rotate")]
    texts = {"Codec", "CodecTag", "DynamicRangeInfo"}
    numbers += [stream[name] for stream in streams for name in stream if name not in texts]
    assert {type(number) for number in numbers} == {int}
    assert {type(found[name]) for name in ("Duration", "VideoDuration", "AudioDuration")} == {float}
