"""The sandbox of media programs: what a decoder that was taken over can reach, with every wall and without each."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from openvod.adapters.ffmpeg.process import FfmpegProcess
from openvod.adapters.sandbox.confinement import python_files
from openvod.adapters.sandbox.policy import ALL_WALLS, Policy, Wall
from openvod.adapters.sandbox.trial import HOLDS, standing_walls
from openvod.app.foundation import Foundation
from openvod.app.sandbox import check_sandbox, cures
from openvod.app.settings import SandboxSettings, Settings
from openvod.base.errors import Unavailable
from openvod.base.sizes import GIB, MIB
from openvod.kinds.plan.model import SOURCE, Command
from openvod.processing.ports import Ending, ProcessFailed, ProcessLimits
from support.sandbox import attacks

_ATTACKS = str(Path(attacks.__file__))
_HERE = str(Path(attacks.__file__).parent)
_LIMITS = ProcessLimits(deadline=60, stall=30, memory=2 * GIB, file_size=64 * MIB, folder_size=128 * MIB)
#: Attacks that stop at one wall only. The others stop at two, or at a rule that holds without a sandbox.
_ONLY = {
    Wall.FILES: {
        "read the root key", "read the database", "read another job's scratch", "read another upload",
        "read the system's accounts", "read the server's environment", "read its own memory map", "list the processes",
        "list the data folder", "create a file outside", "make a folder outside", "write to its source",
        "write to the database", "delete another job's file", "truncate another upload",
    },
    Wall.SYSTEM_CALLS: {
        "change the mode of the root key", "change the times of the root key", "open a netlink socket",
        "open a pair of sockets", "start a process", "start 10,000 processes", "set a resource limit",
        "raise its priority", "outlive the server", "share memory", "use io_uring", "run a program from memory",
    },
}  # fmt: skip

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture
def target(tmp_path: Path) -> Iterator[dict[str, object]]:
    """A data folder with secrets, a server on three kinds of sockets, and another process."""
    data, scratch = tmp_path / "data", tmp_path / "data" / "scratch" / "task" / "job"
    scratch.mkdir(parents=True)
    names = {
        "secret": "root.key", "database": "openvod.sqlite3", "other_scratch": "scratch/other", "other_blob": "blob",
        "source": "source",
    }  # fmt: skip
    for name in names.values():
        (data / name).write_bytes(b"private")
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(tmp_path / "unix"))
        unix.listen()
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0openvod-test-{os.getpid()}")
        abstract.listen()
        other = stack.enter_context(subprocess.Popen(["sleep", "600"]))
        stack.callback(other.kill)
        yield {
            **{key: str(data / name) for key, name in names.items()},
            "data_folder": str(data), "scratch": str(scratch), "port": server.getsockname()[1],
            "unix": str(tmp_path / "unix"), "abstract": f"openvod-test-{os.getpid()}", "other": other.pid,
        }  # fmt: skip


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes FFmpeg's place."""
    monkeypatch.setenv("OPENVOD_FFMPEG", sys.executable)


def run(
    folder: str,
    arguments: tuple[str, ...],
    walls: frozenset[Wall],
    *,
    source: str = "",
    limits: ProcessLimits = _LIMITS,
) -> str:
    """Run Python in FFmpeg's sandbox; return the end of its log."""

    async def ignore(_: float) -> None:
        """Ignore progress."""

    readable = (*python_files(), sys.base_prefix, str(Path(sys.executable).resolve()), _HERE)
    process = FfmpegProcess(walls=lambda: walls, readable=readable)
    return asyncio.run(process.run(folder, Command(("-I", *arguments), 1.0), {SOURCE: source}, limits, ignore))


def attacked(target: dict[str, object], walls: frozenset[Wall]) -> dict[str, str]:
    """Return what became of each attack."""
    log = run(str(target["scratch"]), (_ATTACKS, json.dumps(target)), walls, source=str(target["source"]))
    outcomes: dict[str, str] = json.loads(log.splitlines()[-1])
    return outcomes


@pytest.mark.usefixtures("stand_in")
def test_every_attack_is_denied(target: dict[str, object]) -> None:
    """Whatever a taken-over decoder tries, it reaches its source and its scratch folder, and nothing changes."""
    if standing_walls() != ALL_WALLS:
        pytest.fail(f"this machine cannot build {sorted(ALL_WALLS - standing_walls())}: the sandbox is not tested")
    before = _contents(target)
    outcomes = attacked(target, ALL_WALLS)
    print("\n".join(f"{attack:<36} {outcome}" for attack, outcome in outcomes.items()))
    assert len(outcomes) >= 40
    assert [attack for attack, outcome in outcomes.items() if outcome == "through"] == []
    assert _contents(target) == before


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("wall", [Wall.FILES, Wall.SYSTEM_CALLS])
def test_the_table_sees_a_missing_wall(target: dict[str, object], wall: Wall) -> None:
    """Without one wall exactly the attacks that it alone stops get through."""
    outcomes = attacked(target, ALL_WALLS - {wall})
    through = {attack for attack, outcome in outcomes.items() if outcome == "through"}
    assert _ONLY[wall] <= through, outcomes
    others = set().union(*(_ONLY[each] for each in _ONLY if each is not wall))
    assert through & others == set()


@pytest.mark.usefixtures("stand_in")
def test_the_network_is_walled_off_twice(target: dict[str, object]) -> None:
    """The empty namespace stops what the filter of system calls stops, too: each holds without the others."""
    nets = {"connect to the server", "send a datagram"}
    open_ones = attacked(target, frozenset())
    assert {open_ones[attack] for attack in nets} == {"through"}
    for wall in (Wall.NETWORK, Wall.SYSTEM_CALLS):
        outcomes = attacked(target, frozenset({wall}))
        assert "through" not in {outcomes[attack] for attack in nets}, wall


def test_children_in_python_are_walled_in_as_well(target: dict[str, object]) -> None:
    """Probe, picture reader and reviewer enter the same sandbox; they can neither write nor start a program."""
    policy = Policy(ALL_WALLS, read=(_HERE,))
    code = (
        "import os, runpy, sys; from openvod.adapters.sandbox import confinement; "
        "from openvod.adapters.sandbox.policy import Policy; "
        f"confinement.enter_python(Policy.from_json({policy.to_json()!r}), os.getppid()); "
        f"runpy.run_path({_ATTACKS!r}, run_name='__main__')"
    )
    child = subprocess.run(
        [sys.executable, "-I", "-c", code, json.dumps(target)], capture_output=True, check=True, timeout=60, env={},
        start_new_session=True,
    )  # fmt: skip
    outcomes = json.loads(child.stderr.splitlines()[-1])
    assert len(outcomes) >= 40
    assert [attack for attack, outcome in outcomes.items() if outcome == "through"] == []


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(
    ("code", "ending"),
    [
        pytest.param("open('big', 'wb').write(bytes(65 * 2**20))", Ending.TOO_LARGE, id="one file"),
        pytest.param(
            "import time\nfor n in range(5): open(f'{n}', 'wb').write(bytes(60 * 2**20))\ntime.sleep(60)",
            Ending.TOO_LARGE,
            id="many files",
        ),
        pytest.param("held = bytearray(3 * 2**30)", Ending.FAILED, id="memory"),
        pytest.param(
            "import threading, time\nthreading.stack_size(32768)\n"
            "for n in range(20000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
            "time.sleep(60)",
            Ending.CRASHED,
            id="threads",
        ),
        pytest.param(
            "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(600)",
            Ending.STALLED,
            id="ignored signals",
        ),
        pytest.param("import sys\nwhile True: sys.stderr.write('x' * 65536)", Ending.STALLED, id="a flood of messages"),
    ],
)
def test_what_is_used_up_is_bounded(tmp_path: Path, code: str, ending: Ending) -> None:
    """Disk, memory, threads and time have limits that a program cannot lift; what exceeds them is killed."""
    limits = ProcessLimits(deadline=30, stall=5, memory=6 * GIB, file_size=64 * MIB, folder_size=128 * MIB)
    if ending is Ending.FAILED:
        limits = _LIMITS
    began, before = time.monotonic(), _descendants()
    with pytest.raises(ProcessFailed) as failed:
        run(str(tmp_path), ("-c", code), ALL_WALLS, limits=limits)
    assert failed.value.ending is ending, failed.value.log
    assert time.monotonic() - began < 25
    assert _descendants() <= before


def test_a_wall_that_cannot_be_built_ends_the_child() -> None:
    """A child never runs with fewer walls than its parent asked for."""
    code = (
        "import os; from openvod.adapters.sandbox import confinement, landlock; "
        "from openvod.adapters.sandbox.policy import ALL_WALLS, Policy; "
        "landlock._RESTRICT_SELF = 100_000; "
        "confinement.enter(Policy(ALL_WALLS), os.getppid()); print('inside')"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True, timeout=60)
    assert child.returncode
    assert "landlock: " in child.stderr
    assert "inside" not in child.stdout


@pytest.mark.parametrize("wall", sorted(ALL_WALLS))
def test_a_trial_without_its_wall_fails(wall: Wall) -> None:
    """The trial of a wall does not take another refusal for the wall: this process has none."""
    assert not HOLDS[wall]()


@pytest.mark.parametrize(("required", "walls"), [(True, [Wall.FILES]), (False, []), (True, sorted(ALL_WALLS))])
def test_start(tmp_path: Path, caplog: pytest.LogCaptureFixture, required: bool, walls: list[Wall]) -> None:
    """A start says which walls stand; when all are required, it does not go on without one."""
    caplog.set_level(logging.INFO, "openvod.sandbox")
    sandbox = SandboxSettings(required=required, walls=walls)
    with closing(Foundation(tmp_path, Settings(sandbox=sandbox))) as base:
        if required and len(walls) < len(ALL_WALLS):
            with pytest.raises(
                Unavailable, match=r"OPENVOD__SANDBOX__REQUIRED.*network: OPENVOD__SANDBOX__WALLS leaves it out"
            ):
                asyncio.run(check_sandbox(base))
            return
        asyncio.run(check_sandbox(base))
        assert ("libseccomp" in cures(base, frozenset())[Wall.SYSTEM_CALLS]) == bool(walls)
    assert ("in a sandbox: files, network, system calls" in caplog.text) == bool(walls)
    assert ("without these walls" in caplog.text) == (not walls)


def _contents(target: dict[str, object]) -> dict[str, bytes]:
    folder = Path(str(target["data_folder"]))
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "own"}


def _descendants() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}
