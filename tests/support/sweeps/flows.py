"""kill -9 of workers at seeded moments while flows run; then results, events, scratch and the store are checked."""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
import psutil

from openvod_sdk import Client
from openvod_sdk import sign as sign_permission
from support.server import PlatformServer, set_callback
from support.server.commands import openvod, openvod_json
from support.sweeps.workers import (
    EventLog,
    WorkerProcess,
    command_of,
    event_log,
    is_alive,
    make_clip,
    media_programs_of,
    openvod_tasks,
    programs_of,
    supervised_workers,
    survivors,
    unowned_bytes,
    wait_for,
)

#: A supervised worker that lived longer is started again without a pause.
_LONG_LIFE_SECONDS = 5.1
_HUNT_SECONDS = 4.0
_END_SECONDS = 180.0
_IN_FLIGHT = 3
_PICTURES = "sweep-pictures"
_PICTURES_BODY = {
    "Name": _PICTURES,
    "MediaProcessTask": {
        "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["1s", "50%"]}],
        "ImageSpriteTaskSet": [{"Definition": 10}],
        "AnimatedGraphicTaskSet": [{"Definition": 20000, "StartTimeOffset": 0, "EndTimeOffset": 2}],
    },
}
_LEGACY = "QCVB_SimpleProcessFile({10,20},0,10,10)"
#: What each procedure must come to: type and template of every sub-task.
EXPECTED: Mapping[str, frozenset[tuple[str, int]]] = {
    "LongVideoPreset": frozenset({("AdaptiveDynamicStreaming", 10), ("ImageSprites", 10), ("CoverBySnapshot", 10)}),
    _LEGACY: frozenset({("Transcode", 10), ("Transcode", 20), ("SampleSnapshot", 10), ("CoverBySnapshot", 10)}),
    _PICTURES: frozenset({("SnapshotByTimeOffset", 10), ("ImageSprites", 10), ("AnimatedGraphics", 20000)}),
}


@dataclass
class FlowSweep:
    """What was counted. All but the first three figures must be 0, and every flow must have finished."""

    kills: int = 0
    flows: int = 0
    finished: int = 0
    subtasks_lost: int = 0
    subtasks_doubled: int = 0
    finals_missing: int = 0
    finals_doubled: int = 0
    leftover_scratch: int = 0
    orphan_bytes: int = 0
    surviving_programs: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The summary line."""
        return (
            f"kills {self.kills}, flows {self.flows}, finished {self.finished}, "
            f"sub-tasks lost {self.subtasks_lost}, doubled {self.subtasks_doubled}, "
            f"final events missing {self.finals_missing}, doubled {self.finals_doubled}, "
            f"left-over scratch {self.leftover_scratch}, orphan bytes {self.orphan_bytes}, "
            f"surviving programs {self.surviving_programs}"
        )

    @property
    def clean(self) -> bool:
        """True when every flow finished and nothing was lost, doubled or left over."""
        wrong = (
            self.subtasks_lost + self.subtasks_doubled + self.finals_missing + self.finals_doubled
            + self.leftover_scratch + self.orphan_bytes + self.surviving_programs
        )  # fmt: skip
        return not wrong and self.finished == self.flows


class Moment(StrEnum):
    """Where in the life of flows a kill shall strike."""

    ANY = "any"
    STARTING = "worker starting"
    BEGIN = "begin"
    LAUNCH = "job start"
    ENCODE = "mid-encode"
    STORE = "storing"
    FINISH = "finishing"


#: How often each moment is chosen, and how many seconds after its sign the kill may strike.
_MOMENTS: Mapping[Moment, tuple[int, float]] = {
    Moment.ANY: (20, 2.0),
    Moment.STARTING: (8, 0.9),
    Moment.BEGIN: (12, 0.08),
    Moment.LAUNCH: (12, 0.05),
    Moment.ENCODE: (20, 0.4),
    Moment.STORE: (18, 0.03),
    Moment.FINISH: (10, 0.01),
}


class Signs:
    """Tells from outside where flows are: rows, scratch folders and processes."""

    def __init__(self, data_dir: Path) -> None:
        self._scratch = data_dir / "scratch"
        self._rows = sqlite3.connect(data_dir / "openvod.sqlite3", isolation_level=None)

    def close(self) -> None:
        """Release the database."""
        self._rows.close()

    def pending_blobs(self) -> int:
        """Return how many blobs are on their way into the store."""
        return self._count("SELECT count(*) FROM blobs WHERE state = 'pending'")

    def begun(self) -> bool:
        """A task was taken up and none of its items has begun."""
        return bool(
            self._count(
                "SELECT count(*) FROM tasks t WHERE status = 'PROCESSING' AND NOT EXISTS"
                " (SELECT 1 FROM subtasks s WHERE s.task_id = t.task_id AND s.status != 'WAITING')"
            )
        )

    def finishing(self) -> bool:
        """A task has its end, and its scratch folder is still there."""
        names = [path.name for path in self._scratch.glob("*")]
        marks = ",".join("?" * len(names))
        query = f"SELECT count(*) FROM tasks WHERE status = 'FINISH' AND task_id IN ({marks})"
        return bool(names and self._count(query, *names))

    def _count(self, query: str, *values: str) -> int:
        return int(self._rows.execute(query, values).fetchone()[0])


@dataclass(frozen=True)
class _Upload:
    file_id: str
    procedure: str


class _Stage:
    """One server with one arrangement of workers, flows on their way, and the kills."""

    def __init__(self, folder: Path, chance: random.Random, sweep: FlowSweep, log: EventLog, *, own: int) -> None:
        self._folder = folder
        self._chance = chance
        self._sweep = sweep
        self._log = log
        data_dir = folder / "data"
        data_dir.mkdir(parents=True)
        supervised = 0 if own else 1
        (data_dir / "openvod.toml").write_text(f'[tasks]\nworkers = {supervised}\npreset = "medium"\n')
        self._server = PlatformServer(data_dir)
        self._own = [WorkerProcess(data_dir, self._server.url) for _ in range(own)]
        self._key = self._server.create_key()
        set_callback(data_dir, log.url)
        (folder / "pictures.json").write_text(json.dumps(_PICTURES_BODY))
        created = openvod("procedures", "create", str(folder / "pictures.json"), "--data-dir", str(data_dir))
        assert created.returncode == 0, created.stderr
        self._clips = [make_clip(folder / "plain.mp4"), make_clip(folder / "rich.mp4", seconds=6, rich=True)]
        self._uploads: list[_Upload] = []

    def run(self, kills: int) -> None:
        """Kill that often, let everything finish, then count."""
        with self._server:
            signs = Signs(self._server.data_dir)
            try:
                for worker in self._own:
                    worker.start()
                for _ in range(kills):
                    self._top_up()
                    self._strike(signs)
                self._let_finish()
            finally:
                signs.close()
                for worker in self._own:
                    if worker.running:
                        worker.stop()
            self._count_results()
        self._count_leftovers()

    def _top_up(self) -> None:
        """Keep a few flows on their way."""
        done = {member["FileId"] for member in self._log.finals()}
        while sum(upload.file_id not in done for upload in self._uploads) < _IN_FLIGHT:
            self._upload()

    def _upload(self) -> None:
        procedure = self._chance.choice(sorted(EXPECTED))
        mode = self._chance.choice(["Finish", "Change"])
        clip = self._chance.choice(self._clips)

        def permit() -> str:
            return sign_permission(
                self._key.secret_id, self._key.secret_key, procedure=procedure, task_notify_mode=mode
            )

        result = Client(self._server.url, permit).upload(clip)
        self._uploads.append(_Upload(result.file_id, procedure))
        self._sweep.flows += 1

    def _strike(self, signs: Signs) -> None:
        """Wait for a moment, kill a worker, see that nothing of it stays, start another one."""
        moments = list(_MOMENTS)
        weights = [_MOMENTS[moment][0] for moment in moments]
        moment = self._chance.choices(moments, weights)[0]
        delay = self._chance.uniform(0, _MOMENTS[moment][1])
        pick = self._chance.random()
        if not self._own:
            self._strike_supervised(moment, delay, signs)
            return
        if moment is not Moment.STARTING:
            for worker in self._own:
                worker.wait_ready()
        met = self._hunt(moment, signs, [worker.pid for worker in self._own])
        time.sleep(delay)
        busy = [worker for worker in self._own if moment is Moment.ENCODE and media_programs_of(worker.pid)]
        candidates = busy or self._own
        victim = candidates[int(pick * len(candidates))]
        self._note(moment, met=met)
        programs = programs_of(victim.pid)
        victim.kill()
        self._look_for_survivors(programs)
        victim.start(wait=False)

    def _strike_supervised(self, moment: Moment, delay: float, signs: Signs) -> None:
        """The supervisor pauses after short lives, so the worker may live first."""
        assert wait_for(lambda: bool(supervised_workers(self._server)), 30)
        worker = supervised_workers(self._server)[0]
        if moment is not Moment.STARTING:
            time.sleep(max(0.0, worker.create_time() + _LONG_LIFE_SECONDS - time.time()))
            self._top_up()
        met = self._hunt(moment, signs, [worker.pid])
        time.sleep(delay)
        self._note(moment, met=met)
        programs = programs_of(worker.pid)
        worker.kill()
        assert wait_for(lambda: not is_alive(worker), 5)
        self._look_for_survivors(programs)
        assert wait_for(lambda: any(w.pid != worker.pid for w in supervised_workers(self._server)), 30)

    def _hunt(self, moment: Moment, signs: Signs, pids: Sequence[int]) -> bool:
        """Wait for a moment's sign; return whether it came."""
        before = signs.pending_blobs()
        if moment is Moment.BEGIN:
            self._upload()
        conditions: Mapping[Moment, Callable[[], bool]] = {
            Moment.BEGIN: signs.begun,
            Moment.LAUNCH: lambda: any(media_programs_of(pid) for pid in pids),
            Moment.ENCODE: lambda: any(_encodes(pid) for pid in pids),
            Moment.STORE: lambda: signs.pending_blobs() > before,
            Moment.FINISH: signs.finishing,
        }
        condition = conditions.get(moment)
        return condition is None or wait_for(condition, _HUNT_SECONDS, pause=0.001)

    def _note(self, moment: Moment, *, met: bool) -> None:
        self._sweep.kills += 1
        self._sweep.moments[moment.value if met else f"{moment.value} (not met)"] += 1

    def _look_for_survivors(self, programs: Sequence[psutil.Process]) -> None:
        left = survivors(programs)
        for program in left:
            self._sweep.remarks.append(f"survived its worker: {command_of(program)[:6]}")
        self._sweep.surviving_programs += len(left)

    def _let_finish(self) -> None:
        for worker in self._own:
            worker.wait_ready()
        wanted = {upload.file_id for upload in self._uploads}
        wait_for(lambda: wanted <= {member["FileId"] for member in self._log.finals()}, _END_SECONDS, 0.1)
        scratch = self._server.data_dir / "scratch"
        wait_for(lambda: not any(scratch.iterdir()), 10)
        left = [str(path.relative_to(scratch)) for path in scratch.rglob("*")]
        self._sweep.leftover_scratch += len(left)
        self._sweep.remarks += [f"left in scratch: {name}" for name in left[:10]]

    def _count_results(self) -> None:
        finals: dict[str, list[dict[str, Any]]] = {}
        for member in self._log.finals():
            finals.setdefault(member["FileId"], []).append(member)
        with httpx.Client(timeout=30) as http:
            for upload in self._uploads:
                self._count_flow(upload, finals.get(upload.file_id, []), http)

    def _count_flow(self, upload: _Upload, finals: list[dict[str, Any]], http: httpx.Client) -> None:
        told = Counter(member["TaskId"] for member in finals)
        self._sweep.finals_missing += not finals
        self._sweep.finals_doubled += sum(told.values()) - min(1, len(finals))
        tasks = openvod_tasks(self._server.data_dir, upload.file_id)
        self._sweep.finished += [status for _, status in tasks] == ["FINISH"]
        if not finals:
            self._sweep.remarks.append(f"no final event: {upload} {tasks}")
            self._sweep.subtasks_lost += len(EXPECTED[upload.procedure])
            return
        for item in finals[-1]["MediaProcessResultSet"]:
            member = next(value for name, value in item.items() if name != "Type")
            if member["Status"] != "SUCCESS" or any(http.head(url).status_code != 200 for url in _urls(member)):
                self._sweep.subtasks_lost += 1
                self._sweep.remarks.append(f"{item['Type']} of {finals[-1]['TaskId']}: {json.dumps(member)[:400]}")
        got = Counter(map(_identity, finals[-1]["MediaProcessResultSet"]))
        self._sweep.subtasks_lost += len(EXPECTED[upload.procedure] - set(got))
        self._sweep.subtasks_doubled += sum(got.values()) - len(set(got) & EXPECTED[upload.procedure])

    def _count_leftovers(self) -> None:
        data_dir = self._server.data_dir
        openvod_json("storage", "collect", "--data-dir", str(data_dir), "--json")
        checked = openvod_json("storage", "check", "--data-dir", str(data_dir))
        self._sweep.subtasks_lost += len(checked["missing_files"])
        self._sweep.orphan_bytes += checked["slack_bytes"] + unowned_bytes(data_dir)
        if not checked["clean"]:
            self._sweep.remarks.append(f"storage check: {json.dumps(checked)[:400]}")


def _encodes(pid: int) -> bool:
    """A media program runs, its launcher already replaced."""
    programs = [command_of(program) for program in media_programs_of(pid)]
    return any(words and "openvod.adapters.ffmpeg.limited" not in words for words in programs)


def _identity(item: Mapping[str, Any]) -> tuple[str, int]:
    member = next(value for name, value in item.items() if name != "Type")
    return str(item["Type"]), int(member["Input"]["Definition"])


def _urls(value: object) -> list[str]:
    """Return every address in a result."""
    if isinstance(value, Mapping):
        return [url for each in value.values() for url in _urls(each)]
    if isinstance(value, list):
        return [url for each in value for url in _urls(each)]
    return [value] if isinstance(value, str) and value.startswith("http://127.0.0.1:") else []


def run_flow_sweep(folder: Path, *, kills: int, seed: int) -> FlowSweep:
    """Run the sweep in ``folder``: workers of the server's tree, one worker apart, two workers apart."""
    sweep = FlowSweep()
    supervised = max(1, kills * 12 // 100)
    pair = max(1, kills * 28 // 100)
    for name, own, share in (("tree", 0, supervised), ("one", 1, kills - supervised - pair), ("two", 2, pair)):
        with event_log() as log:
            _Stage(folder / name, random.Random(f"{seed}/{name}"), sweep, log, own=own).run(share)
    return sweep


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="openvod-flow-sweep-") as folder:
        began = time.monotonic()
        sweep = run_flow_sweep(Path(folder), kills=options.kills, seed=options.seed)
    for remark in sweep.remarks:
        print(remark, file=sys.stderr)
    told = ", ".join(f"{name} {count}" for name, count in sorted(sweep.moments.items()))
    print(f"moments: {told}; {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(sweep.line())
    raise SystemExit(0 if sweep.clean and sweep.kills == options.kills else 1)


if __name__ == "__main__":
    main()
