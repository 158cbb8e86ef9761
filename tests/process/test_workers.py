"""Workers as an operator meets them: killed, told to stop, aborted, repeated, and over programs that misbehave."""

from __future__ import annotations

import base64
import json
import pickletools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import httpx
import pytest

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from support.server.commands import openvod, openvod_json
from support.server.postgresql import postgresql
from support.sweeps.site import FINISH_SECONDS, Site, await_encoding, worker_of, works_in
from support.sweeps.workers import (
    event_log,
    is_alive,
    make_clip,
    media_programs_of,
    programs_of,
    supervised_workers,
    survivors,
    wait_for,
)

_ENCODE = "QCVB_SimpleProcessFile(20)"
_MIXED = "QCVB_SimpleProcessFile({10,20},0,10,10)"
_COVER = "QCVB_SimpleProcessFile(0,0,0,10)"


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose flow takes a moment."""
    return make_clip(tmp_path_factory.mktemp("clips") / "short.mp4", seconds=4)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that takes many seconds to encode with the preset ``slower``."""
    return make_clip(tmp_path_factory.mktemp("clips") / "long.mp4", seconds=12, size="640x480", rich=True)


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """A function that makes the test's platform, not started yet; it ends with the test."""
    made: list[Site] = []
    with event_log() as log:

        def make(*, database: str = "", **tasks: object) -> Site:
            made.append(Site(tmp_path, log, database, tasks))
            return made[-1]

        yield make
        for site in made:
            if site.server.process is not None and site.server.process.poll() is None:
                site.server.stop()


def _named_in_engine(path: Path) -> tuple[set[str], list[str]]:
    """Return the names of workflows and steps in an engine's tables, and what reading their values would import."""
    with closing(sqlite3.connect(path)) as tables:
        flows = tables.execute(
            "select name, class_name, config_name, inputs, output from workflow_status where name = 'openvod.flow'"
        ).fetchall()
        steps = tables.execute("select function_name, output, error from operation_outputs").fetchall()
    assert not [each for each in flows if each[1] or each[2]]
    values = [value for row in [each[3:] for each in flows] + [each[1:] for each in steps] for value in row if value]
    imported = [
        str(argument)
        for value in values
        for opcode, argument, _ in pickletools.genops(base64.b64decode(value))
        if "GLOBAL" in opcode.name
    ]
    return {str(each[0]) for each in [*flows, *steps]}, imported


def _script(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "kind",
    [
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.xdist_group("postgresql")]),
    ],
)
def test_a_survivor_goes_on(
    kind: str,
    make_site: Callable[..., Site],
    long_clip: Path,
    short_clip: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of two workers one is killed in mid-encode: its program ends, the other goes on within seconds, none is lost."""
    with postgresql() if kind == "postgresql" else nullcontext("") as url:
        site = make_site(workers=0, preset="slower", flows=8, encode_jobs=8, light_jobs=8, database=url).start()
        with site.worker() as one, site.worker() as other:
            tasks = [site.upload(long_clip, _ENCODE), site.upload(long_clip, _ENCODE)]
            tasks += [site.upload(short_clip, _MIXED) for _ in range(3)]
            assert wait_for(lambda: bool(media_programs_of(one.pid) or media_programs_of(other.pid)), 20)
            time.sleep(2)
            killed, survivor = (one, other) if media_programs_of(one.pid) else (other, one)
            programs = await_encoding(killed.pid)
            folder = Path(programs[0].cwd())
            family = programs_of(killed.pid)
            assert folder.parent.name in tasks
            began = time.monotonic()
            killed.kill()
            assert wait_for(lambda: works_in(survivor.pid, folder.parent), 30), survivor.log()
            seconds = time.monotonic() - began
            assert survivors(family) == []
            site.await_finals(*tasks, seconds=120)
            with capsys.disabled():
                print(f"\n{kind}: {seconds:.1f} s from the kill to the flow's next step")
            # Over PostgreSQL a worker gets time to take its proof again after a lost connection.
            assert seconds < (20 if kind == "postgresql" else 8)
            for task_id in tasks:
                task, items = site.task(task_id)
                assert task.status.value == "FINISH"
                assert {item.status.value for item in items} == {"SUCCESS"}, items
            assert wait_for(lambda: not site.scratch(), 5), site.scratch()


def test_abort_of_a_task_that_waits(make_site: Callable[..., Site], short_clip: Path) -> None:
    """Without any worker a waiting task can be aborted; that is told once, and a worker leaves it alone."""
    site = make_site(workers=0).start()
    task_id = site.upload(short_clip, _MIXED)
    assert site.status(task_id) == "WAITING"
    assert "is ABORTED" in site.command("abort", task_id)
    assert site.shown(task_id)["status"] == "ABORTED"
    with site.worker():
        time.sleep(1.5)
        assert site.status(task_id) == "ABORTED"
    site.await_finals(task_id, seconds=5)
    assert site.log.finals(task_id)[0]["Message"] == "ABORTED"


def test_abort_of_a_task_that_runs(make_site: Callable[..., Site], long_clip: Path) -> None:
    """An aborted task's program ends with its whole group within seconds; that is told once, nothing stays."""
    site = make_site(workers=0, preset="slower").start()
    with site.worker() as worker:
        task_id = site.upload(long_clip, _ENCODE)
        await_encoding(worker.pid)
        family = programs_of(worker.pid)
        assert "will stop" in site.command("abort", task_id)
        assert survivors(family, 4) == []
        site.await_finals(task_id, seconds=5)
        assert site.log.finals(task_id)[0]["Message"] == "ABORTED"
        assert site.status(task_id) == "ABORTED"
        assert wait_for(lambda: not site.scratch(), 5)
        refused = openvod("tasks", "abort", task_id, "--data-dir", str(site.data_dir))
        assert (refused.returncode, "ABORTED already" in refused.stderr) == (1, True)


def test_rerun_of_one_item(make_site: Callable[..., Site], short_clip: Path) -> None:
    """A re-run does one item again, leaves the others' results alone, and tells its end a second time."""
    site = make_site(workers=0).start()
    with site.worker():
        task_id = site.upload(short_clip, _MIXED)
        site.await_finals(task_id)
        _, before = site.task(task_id)
        assert {item.status.value for item in before} == {"SUCCESS"}
        time.sleep(1.1)
        assert "is WAITING" in site.command("rerun", task_id, "--subtask", "2")
        assert wait_for(lambda: site.finals(task_id) == 2, 30), site.trouble()
        _, after = site.task(task_id)
        assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, True]
        assert after[2].output == before[2].output
        for url in (after[2].output or {})["ImageUrlSet"]:
            assert httpx.get(url).status_code == 200
        time.sleep(0.8)
        assert site.finals(task_id) == 2
    refused = openvod("tasks", "rerun", task_id, "--subtask", "9", "--data-dir", str(site.data_dir))
    assert refused.returncode == 2
    site.server.stop()
    openvod_json("storage", "collect", "--data-dir", str(site.data_dir), "--json")
    assert openvod_json("storage", "check", "--data-dir", str(site.data_dir))["clean"]
    # An updated worker finds the flows of an older one, wherever its modules lie.
    names = {"openvod.flow", "begin", "advance", "finish"}
    assert _named_in_engine(site.data_dir / "engine.sqlite3") == (names, [])


def test_runs_of_one_task_do_not_mix(make_site: Callable[..., Site], long_clip: Path, short_clip: Path) -> None:
    """A task aborted while it was queued and run again has two runs in the queue; only the new one does anything."""
    site = make_site(workers=0, flows=2, encode_jobs=2, preset="medium").start()
    with site.worker() as worker:
        first = [site.upload(long_clip, _ENCODE), site.upload(long_clip, _ENCODE)]
        await_encoding(worker.pid)
        task_id = site.upload(short_clip, _MIXED)
        time.sleep(1.5)
        assert site.status(task_id) == "WAITING"
        site.command("abort", task_id)
        site.await_finals(task_id, seconds=5)
        site.command("rerun", task_id)
        site.await_finals(*first)
        assert wait_for(lambda: site.finals(task_id) == 2, 30), site.trouble()
        time.sleep(1)
        task, items = site.task(task_id)
        assert (task.status.value, task.run) == ("FINISH", 1)
        assert {item.status.value for item in items} == {"SUCCESS"}, items
        assert site.finals(task_id) == 2
        assert "failed" not in worker.log(), worker.log()
        assert wait_for(lambda: not site.scratch(), 5), site.scratch()


@pytest.mark.timeout(300)
def test_progress_grows(make_site: Callable[..., Site], long_clip: Path) -> None:
    """While an item is encoded its progress can be watched: it only grows, stays below 100, and ends there."""
    site = make_site(workers=0, preset="slower").start()
    with site.worker():
        task_id = site.upload(long_clip, _ENCODE)
        seen: list[int] = []
        deadline = time.monotonic() + 3 * FINISH_SECONDS
        while time.monotonic() < deadline:
            shown = site.shown(task_id)
            seen += [item["progress"] for item in shown["subTasks"]]
            if shown["status"] == "FINISH":
                break
            # Each look is a process of its own, which the encoder gives way to.
            time.sleep(0.5)
        assert seen == sorted(seen), seen
        assert seen[-1] == 100
        between = {progress for progress in seen if 0 < progress < 100}
        assert len(between) >= 3, seen
        assert shown["subTasks"][0]["plan"].startswith("ffmpeg ")


def test_the_end_of_the_server_ends_its_worker(make_site: Callable[..., Site], long_clip: Path) -> None:
    """SIGTERM ends worker and FFmpeg within the grace time; after the next start the flow goes on to its end."""
    site = make_site(preset="slower").start()
    task_id = site.upload(long_clip, _ENCODE)
    worker = worker_of(site)
    await_encoding(worker.pid)
    family = [worker, *programs_of(worker.pid)]
    began = time.monotonic()
    assert site.server.stop() == 0
    assert time.monotonic() - began < 10
    assert not any(is_alive(program) for program in family)
    assert "Traceback" not in site.server.log()
    assert site.status(task_id) == "PROCESSING"
    site.server.start()
    site.await_finals(task_id, seconds=90)
    assert wait_for(lambda: not site.scratch(), 5)


def test_a_worker_told_to_stop_ends(make_site: Callable[..., Site], long_clip: Path) -> None:
    """SIGTERM in mid-encode: worker and FFmpeg are gone within seconds, nothing is half stored, another goes on."""
    site = make_site(workers=0, preset="slower").start()
    with site.worker() as worker:
        task_id = site.upload(long_clip, _ENCODE)
        await_encoding(worker.pid)
        family = programs_of(worker.pid)
        began = time.monotonic()
        assert worker.stop() == 0, worker.log()
        assert time.monotonic() - began < 5
        assert survivors(family, 1) == []
        assert "Traceback" not in worker.log(), worker.log()
    assert list((site.data_dir / "workers").iterdir()) == []
    assert site.status(task_id) == "PROCESSING"
    with site.worker():
        site.await_finals(task_id, seconds=90)


def test_a_killed_server_takes_its_worker_along(make_site: Callable[..., Site], long_clip: Path) -> None:
    """kill -9 of the server leaves neither worker nor FFmpeg behind; after the next start the flow goes on."""
    site = make_site(preset="slower").start()
    task_id = site.upload(long_clip, _ENCODE)
    worker = worker_of(site)
    await_encoding(worker.pid)
    family = [worker, *programs_of(worker.pid)]
    site.server.kill()
    assert survivors(family) == []
    site.server.start()
    site.await_finals(task_id, seconds=90)


def test_higher_priority_runs_first(make_site: Callable[..., Site], short_clip: Path) -> None:
    """With one flow at a time, waiting tasks start by priority, equal ones by age."""
    site = make_site(workers=0, flows=1).start()
    priorities = [-10, 0, 10, 0, 5]
    tasks = [site.upload(short_clip, _COVER, priority=priority) for priority in priorities]
    time.sleep(1.5)
    with site.worker():
        site.await_finals(*tasks)
    rows = [site.task(task_id)[0] for task_id in tasks]
    order = sorted(range(len(rows)), key=lambda number: rows[number].started_at or 0)
    assert [priorities[number] for number in order] == [10, 5, 0, 0, -10]
    assert order.index(1) < order.index(3)


def test_a_task_of_higher_priority_overtakes_those_that_wait(
    make_site: Callable[..., Site], long_clip: Path, short_clip: Path
) -> None:
    """With the only slot taken, a task that comes later with a higher priority starts before those that wait."""
    site = make_site(workers=0, flows=1, preset="medium").start()
    with site.worker() as worker:
        first = site.upload(long_clip, _ENCODE)
        await_encoding(worker.pid)
        low = site.upload(short_clip, _COVER)
        time.sleep(1)
        high = site.upload(short_clip, _COVER, priority=10)
        site.await_finals(first, low, high)
    started = [site.task(task_id)[0].started_at or 0 for task_id in (first, high, low)]
    assert started == sorted(started)


@pytest.mark.slow
def test_a_worker_that_cannot_start(make_site: Callable[..., Site], short_clip: Path) -> None:
    """The supervisor starts it again with growing pauses; the server stays healthy, and flows run once it can."""
    site = make_site()
    obstacle = site.data_dir / "engine.sqlite3"
    obstacle.mkdir()
    site.start()
    task_id = site.upload(short_clip, _MIXED)
    seen: set[int] = set()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        seen |= {worker.pid for worker in supervised_workers(site.server)}
        assert httpx.get(f"{site.server.url}/readyz").status_code == 200
        time.sleep(0.05)
    assert 2 <= len(seen) <= 5
    assert site.status(task_id) == "WAITING"
    obstacle.rmdir()
    site.await_finals(task_id)


@pytest.mark.slow
def test_a_program_that_stalls(make_site: Callable[..., Site], short_clip: Path, tmp_path: Path) -> None:
    """A media program without progress is ended after the stall time, its item fails and says so, nothing hangs."""
    script = _script(tmp_path / "sleeps", "exec sleep 600")
    site = make_site(workers=0, stall_seconds=2).start()
    readable = json.dumps([str(tmp_path), "/bin", "/usr/bin"])
    with site.worker(OPENVOD_FFMPEG=script, OPENVOD__SANDBOX__READABLE=readable) as worker:
        began = time.monotonic()
        task_id = site.upload(short_clip, _ENCODE)
        site.await_finals(task_id, seconds=40)
        assert time.monotonic() - began < 20
        (item,) = site.task(task_id)[1]
        assert (item.status.value, item.err_code_ext) == ("FAIL", "SourceFileError.ContentUnsupported")
        assert "no progress" in item.message
        assert media_programs_of(worker.pid) == []
        assert wait_for(lambda: not site.scratch(), 5)


@pytest.mark.slow
def test_a_file_that_crashes_twice_is_quarantined(
    make_site: Callable[..., Site], short_clip: Path, tmp_path: Path
) -> None:
    """After two crashes the file fails at once, in later tasks as well, until somebody asks for a re-run."""
    fault = tmp_path / "fault"
    fault.write_text("")
    count = tmp_path / "count"
    script = _script(
        tmp_path / "crashes", f'echo x >> {count}\nif [ -e {fault} ]; then kill -SEGV $$; fi\nexec {ffmpeg_path()} "$@"'
    )
    site = make_site(workers=0).start()
    with site.worker(OPENVOD_FFMPEG=script, OPENVOD__SANDBOX__WALLS="[]"):  # the script counts its runs outside
        task_id = site.upload(short_clip, _MIXED)
        site.await_finals(task_id)
        task, items = site.task(task_id)
        assert {(i.status.value, i.err_code_ext) for i in items} == {("FAIL", "SourceFileError.ContentUnsupported")}
        assert any("quarantined" in item.message for item in items)
        runs = len(count.read_text().split())
        assert runs == 2
        later = site.command("start", task.file_id, "--procedure", _COVER).strip()
        site.await_finals(later, seconds=10)
        assert len(count.read_text().split()) == runs
        assert "quarantined" in site.task(later)[1][0].message
        fault.unlink()
        site.command("rerun", task_id)
        assert wait_for(lambda: site.finals(task_id) == 2, 40), site.trouble()
        _, items = site.task(task_id)
        assert {item.status.value for item in items} == {"SUCCESS"}, items
