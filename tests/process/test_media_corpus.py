"""The corpus of odd and hostile media: what the probe answers, what it costs, and that it opens nothing else."""

from __future__ import annotations

import asyncio
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.base.errors import Invalid, OpenVodError
from openvod.base.sizes import MIB
from openvod.kinds.probe import ProbeResult
from support.corpus.build import FILM, Workshop, ffmpeg
from support.corpus.case import OK, Case, Output, Probed, Refused, about
from support.corpus.catalogue import CASES
from support.corpus.judge import differences, looked_at
from support.corpus.table import Row, Table, Watched, watched
from support.corpus.trap import Trap, set_trap

pytestmark = pytest.mark.xdist_group("corpus")
_PEAK_BYTES = 1024 * MIB
_BUILD_SECONDS = 60
_TONE_MAP = "zscale=t=linear:npl=100,format=gbrpf32le,tonemap=hable,zscale=p=bt709:t=bt709:m=bt709:r=tv,"
_SCALE = "scale=w='trunc((iw*sar+1)/2)*2':h='trunc((ih+1)/2)*2':out_range=tv,setsar=1,fps=25,format=yuv420p"

#: The listener never answers: half a second is enough to have called it.
_FREE = ("-protocol_whitelist", "file,http,tcp,crypto,data", "-rw_timeout", "500000")


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trap]:
    """A film and an address that hostile files point to."""
    with set_trap(tmp_path_factory.mktemp("trap")) as trap:
        yield trap


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, trap: Trap) -> Workshop:
    """The files, each made when first asked for."""
    return Workshop(tmp_path_factory.mktemp("corpus"), trap.lure)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """The lines of this run, published when it ends."""
    table = Table("probe")
    yield table
    table.publish()


def _parameter(case: Case) -> Any:
    """Name a case, and mark it when it is heavy or known to fail."""
    marks = [pytest.mark.slow] if case.heavy else []
    return pytest.param(case, id=case.name, marks=marks)


def probed(path: Path) -> Watched[ProbeResult]:
    """Probe a file and watch what that takes."""
    return asyncio.run(watched(PyAvProber(timeout=20).probe(str(path))))


def unexpected(case: Case, answer: ProbeResult | OpenVodError) -> list[str]:
    """Return what is not as the case expects."""
    if isinstance(answer, ProbeResult):
        return ["it is not refused"] if isinstance(case.probe, Refused) else case.probe.differences(answer)
    refusal = case.probe if isinstance(case.probe, Refused) else Refused()
    if not isinstance(answer, Invalid) or answer.code != refusal.code:
        return [f"the answer is {answer.code}"]
    return [] if case.or_refused or refusal is case.probe else ["it is refused"]


def shown(answer: ProbeResult | OpenVodError) -> str:
    """Return an answer as the table shows it."""
    if not isinstance(answer, ProbeResult):
        return answer.code
    stream = next(iter(answer.video_streams), None)
    words = [answer.category]
    if stream:
        words += [f"{answer.width}x{answer.height}", f"rotate {answer.rotate}" if answer.rotate else ""]
        words += [stream.dynamic_range, f"{stream.fps} fps"]
    return " ".join(word for word in (*words, f"{answer.duration:g} s") if word)


@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_probe(case: Case, workshop: Workshop, trap: Trap, table: Table) -> None:
    """A file gets the answer its uploader deserves, in time, from bounded memory, and nothing else is opened for it."""
    path = workshop.file(case)
    trap.sprung()  # building may have touched the lure
    run = probed(path)
    error = run.task.exception()
    assert error is None or isinstance(error, OpenVodError), error
    answer = error or run.task.result()
    wrong = unexpected(case, answer) + trap.sprung()
    if run.peak_bytes > _PEAK_BYTES:
        wrong.append("it takes too much memory")
    table.rows.append(Row(case.name, case.expected, shown(answer), ", ".join(wrong), run.seconds, run.peak_bytes))
    assert not wrong


def test_cases_agree_with_themselves() -> None:
    """There are at least 70 cases, all named differently, and none contradicts itself; defects name cases."""
    names = [case.name for case in CASES]
    assert len(names) >= 70
    assert len(names) == len(set(names))
    assert [case.name for case in CASES if (case.flow == OK) != (case.output is not None)] == []
    assert [case.name for case in CASES if isinstance(case.probe, Refused) and OK in (case.flow, case.snapshot)] == []


@pytest.mark.parametrize(
    ("name", "happening", "permission"),
    [
        ("file.m3u8", "the film was opened", ("-extension_picky", "0")),
        ("address.m3u8", "the address was called", _FREE),
        ("key.m3u8", "the address was called", _FREE),
        ("list.ffconcat", "the film was opened", ("-safe", "0")),
        ("manifest.mpd", "the film was opened", ()),
        ("elsewhere-alias.mov", "the film was opened", ("-enable_drefs", "1", "-use_absolute_path", "1")),
    ],
)
def test_trap_springs(name: str, happening: str, permission: tuple[str, ...], workshop: Workshop, trap: Trap) -> None:
    """The files that point elsewhere do, and the trap notices: FFmpeg follows them when it is allowed to."""
    path = workshop.file(next(case for case in CASES if case.name == name))
    trap.sprung()
    command = [ffmpeg_path(), "-v", "quiet", "-nostdin", *permission, "-i", str(path), "-f", "null", "-"]
    subprocess.run(command, timeout=30, check=False)
    assert happening in trap.sprung()


def transcode(source: Path, target: Path, output: Output, *, hdr: bool) -> None:
    """Make a rendition with one plain FFmpeg command."""
    # A clock that jumps back by less than FFmpeg's usual ten seconds, and pictures that lean on lost ones.
    damaged = ("-dts_delta_threshold", "1", "-flags:v", "output_corrupt", "-max_pixels", "100000000")
    picture = ("-map", "0:V:0", "-vf", (_TONE_MAP if hdr else "") + _SCALE, "-c:v", "libx264", "-preset", "ultrafast")
    sound = ("-map", "0:a:0", "-c:a", "aac", "-ac", "2", "-ar", "44100") if output.has_audio else ("-an",)
    ffmpeg(*damaged, "-i", str(source), *picture, *sound, str(target))


@pytest.mark.slow
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.output])
def test_output_is_attainable(case: Case, workshop: Workshop, tmp_path: Path) -> None:
    """The table asks for nothing impossible: plain FFmpeg makes of every film that plays what the table says."""
    assert case.output
    assert isinstance(case.probe, Probed)
    rendition = tmp_path / "rendition.mp4"
    transcode(workshop.file(case), rendition, case.output, hdr=bool(case.probe.hdr))
    assert differences(case.output, looked_at(rendition)) == []


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (Output(bright="top left"), ""),
        (Output(width=180, height=320), "it is shown as 320x180"),
        (Output(bright="bottom right"), "the white patch is top left"),
        (Output(has_audio=False), "it has sound"),
        (Output(has_video=False), "it has a picture"),
        (Output(duration=about(3.0)), "it lasts 2.00 s"),
    ],
)
def test_judge_sees_what_is_wrong(output: Output, words: str, workshop: Workshop) -> None:
    """A rendition that is not what the table says is called so, in words; one that is passes."""
    found = differences(output, looked_at(workshop.base(FILM)))
    assert [words] == [line[: len(words)] for line in found] if words else found == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-pix_fmt", "yuv444p"), "it is h264 with yuv444p"),
        (("-c:v", "mpeg4"), "it is mpeg4 with yuv420p"),
        (("-vf", "setparams=color_trc=smpte2084"), "it claims a dynamic range"),
    ],
)
def test_judge_sees_what_does_not_play(
    arguments: tuple[str, ...], words: str, workshop: Workshop, tmp_path: Path
) -> None:
    """A rendition that many players refuse or show in wrong colours is called so."""
    path = tmp_path / "rendition.mp4"
    ffmpeg("-i", str(workshop.base(FILM)), "-c:v", "libx264", "-preset", "ultrafast", *arguments, str(path))
    (found,) = differences(Output(), looked_at(path))
    assert found.startswith(words)


def test_judge_sees_what_is_not_turned(workshop: Workshop) -> None:
    """A rendition that leaves the turning to the player is called so."""
    case = next(case for case in CASES if case.name == "rotated-180.mp4")
    assert differences(Output(), looked_at(workshop.file(case))) == ["it must still be turned by 180 degrees"]


@pytest.mark.slow
def test_building_is_quick(tmp_path: Path, trap: Trap) -> None:
    """The whole corpus costs less than a minute of computing, so that nobody leaves it out."""
    workshop, before = Workshop(tmp_path, trap.lure), _computed()
    for case in CASES:
        workshop.file(case)
    assert _computed() - before < _BUILD_SECONDS


def _computed() -> float:
    """Return the processor seconds of this process and its children: unlike wall time, no neighbour adds to them."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)
