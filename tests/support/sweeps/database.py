"""PostgreSQL is taken away at seeded moments under uploads and flows with two workers; then everything is counted."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from openvod_sdk import Client, OpenVodSdkError, sign
from support.server import PlatformServer, set_callback
from support.server.commands import openvod_json
from support.server.postgresql import Cluster, cluster
from support.sweeps.workers import EventLog, WorkerProcess, event_log, make_clip, wait_for

_PROCEDURE = "LongVideoPreset"
_END_SECONDS = 300.0


@dataclass
class Drill:
    """What was counted. All but the first five must be 0, and every flow must have finished."""

    restarts: int = 0
    longest_away: float = 0.0
    not_ready: int = 0
    uploads: int = 0
    finished: int = 0
    uploads_failed: int = 0
    stolen: int = 0
    failed: int = 0
    events_lost: int = 0
    events_doubled: int = 0
    remarks: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The summary line."""
        return (
            f"restarts {self.restarts} (longest {self.longest_away:.1f} s, /readyz said so {self.not_ready} times), "
            f"uploads {self.uploads}, failed {self.uploads_failed}; flows finished {self.finished}, "
            f"stolen {self.stolen}, failed sub-tasks {self.failed}; "
            f"events lost {self.events_lost}, doubled {self.events_doubled}"
        )

    @property
    def clean(self) -> bool:
        """True when every upload and flow ended well and nothing was stolen, lost or doubled."""
        wrong = self.uploads_failed + self.stolen + self.failed + self.events_lost + self.events_doubled
        return not wrong and self.finished == self.uploads


class Uploader:
    """Uploads clips one after another until told to end."""

    def __init__(self, server: PlatformServer, clips: list[Path], drill: Drill) -> None:
        key = server.create_key()
        self._client = Client(
            server.url,
            lambda: sign(key.secret_id, key.secret_key, procedure=_PROCEDURE),
            part_size=1 << 20,
            resume=False,
        )
        self._clips = clips
        self._drill = drill
        self._ended = threading.Event()
        self.file_ids: list[str] = []
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Finish the upload that is on its way."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._ended.wait(2.5):
            number += 1
            try:
                self.file_ids.append(self._client.upload(self._clips[number % len(self._clips)]).file_id)
            except (OpenVodSdkError, httpx.HTTPError) as error:
                self._drill.uploads_failed += 1
                self._drill.remarks.append(f"upload {number}: {error}")
            self._drill.uploads += 1


def run_drill(restarts: int, seed: int, *, away: float = 0.0, pause: tuple[float, float] = (2.0, 8.0)) -> Drill:
    """Restart PostgreSQL at seeded moments (``away`` seconds in between) and return what was counted."""
    drill, chance = Drill(), random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="openvod-drill-")))
        database, log = stack.enter_context(cluster()), stack.enter_context(event_log())
        environment = {"OPENVOD__DATABASE__URL": database.url, "OPENVOD__TASKS__WORKERS": "0"}
        server = PlatformServer(folder / "data", environment)
        stack.enter_context(_environment(environment))
        stack.enter_context(server)
        set_callback(server.data_dir, log.url)
        workers = [stack.enter_context(WorkerProcess(server.data_dir, server.url, environment)) for _ in range(2)]
        clips = [make_clip(folder / f"{n}.mp4", seconds=3 + 3 * n, rich=bool(n)) for n in range(2)]
        uploader = Uploader(server, clips, drill)
        uploader.start()
        for _ in range(restarts):
            time.sleep(chance.uniform(*pause))
            _take_away(database, server, drill, away)
        uploader.end()
        _count(drill, server, workers, log, uploader.file_ids)
    return drill


def _take_away(database: Cluster, server: PlatformServer, drill: Drill, away: float) -> None:
    began = time.monotonic()
    database.stop("immediate")
    if away:
        time.sleep(away / 2)
        drill.not_ready += httpx.get(f"{server.url}/readyz", timeout=10).status_code == 503
        time.sleep(away / 2)
    database.start()
    drill.restarts += 1
    drill.longest_away = max(drill.longest_away, time.monotonic() - began)


def _count(
    drill: Drill, server: PlatformServer, workers: list[WorkerProcess], log: EventLog, file_ids: list[str]
) -> None:
    def arrived(kind: str) -> Counter[str]:
        members = [event for _, event in log.arrived() if event["EventType"] == kind]
        if kind == "NewFileUpload":
            return Counter(event["FileUploadEvent"]["FileId"] for event in members)
        changes = [event["ProcedureStateChangeEvent"] for event in members]
        return Counter(change["FileId"] for change in changes if change["Status"] == "FINISH")

    wait_for(lambda: set(file_ids) <= set(arrived("ProcedureStateChanged")), _END_SECONDS, 0.5)
    wait_for(lambda: set(file_ids) <= set(arrived("NewFileUpload")), 10, 0.5)
    time.sleep(1.0)
    data = ["--data-dir", str(server.data_dir)]
    tasks = openvod_json("tasks", "list", "--limit", "1000", *data, "--json")
    drill.finished = sum(task["status"] == "FINISH" for task in tasks)
    if unfinished := [task for task in tasks if task["status"] != "FINISH"]:
        drill.remarks += [f"{task['taskId']} is {task['status']}" for task in unfinished]
        drill.remarks += [f"worker: {worker.log()[-4000:]}" for worker in workers]
    for task in tasks:
        shown = openvod_json("tasks", "show", task["taskId"], *data, "--json")
        assert "subTasks" in shown, shown
        bad = [each for each in shown["subTasks"] if each["status"] == "FAIL"]
        drill.failed += len(bad)
        drill.remarks += [f"{task['taskId']}: {str(each)[:300]}" for each in bad]
    drill.stolen = sum(worker.log().count("is dead; its flow") for worker in workers)
    for kind in ("NewFileUpload", "ProcedureStateChanged"):
        counts = arrived(kind)
        drill.events_lost += sum(file_id not in counts for file_id in file_ids)
        drill.events_doubled += sum(count - 1 for count in counts.values())
    drill.remarks += [f"log: {line}" for line in server.log().splitlines() if "Traceback" in line]


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Let commands of this process see the installation as its server does."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def main() -> None:
    """Run the drill from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--away", type=float, default=0.0)
    options = parser.parse_args()
    drill = run_drill(options.restarts, options.seed, away=options.away)
    print(drill.line())
    print("\n".join(drill.remarks))
    sys.exit(0 if drill.clean else 1)


if __name__ == "__main__":
    main()
