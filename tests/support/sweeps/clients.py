"""kill -9 of official clients, of the server, or of both, at seeded moments of uploads; then the books are checked.

Whatever was killed is started again, until the upload is committed.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from clients.builds import Builds, node_packages
from clients.drivers.base import Driver, Job, Outcome, Run
from clients.drivers.compiled import CosGo, CosJava, VodJava
from clients.drivers.programs import CosNodejs, CosPython, VodPython, VodWx
from clients.scenarios import MIB, Scenario
from clients.stage import Stage, open_stage
from support.faults.calls import Call, Seen
from support.server import set_callback
from support.server.certificates import make_certificates
from support.server.commands import openvod_json
from support.sweeps.kills import Receiver, lost_parts, receiver

#: So slow that a kill falls into parts, not only between them.
_BYTES_PER_SECOND = 24 * MIB
_UPLOAD_SECONDS = 240.0
_MOMENT_SECONDS = 60.0
_EVENTS_SECONDS = 60.0
_LINGER_SECONDS = 0.15


class Victim(StrEnum):
    """What is killed."""

    CLIENT = "client"
    SERVER = "server"
    BOTH = "both"


@dataclass
class ClientSweep:
    """What was counted. Lost, doubled, orphan and different figures must be 0; ``remarks`` explain others."""

    victims: Counter[Victim] = field(default_factory=Counter)
    uploads: int = 0
    parts_acknowledged: int = 0
    parts_lost: int = 0
    events: int = 0
    events_lost: int = 0
    events_doubled: int = 0
    orphan_bytes: int = 0
    different_files: int = 0
    clients: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many kills there were."""
        return self.victims.total()

    def line(self) -> str:
        """The summary line."""
        victims = ", ".join(f"{victim} {self.victims[victim]}" for victim in Victim)
        counts = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in counts.items())
        return f"kills {self.kills} ({victims}), {told}"

    @property
    def clean(self) -> bool:
        """True when nothing was lost, doubled, left over or different."""
        return not (
            self.parts_lost or self.events_lost or self.events_doubled or self.orphan_bytes or self.different_files
        )


def killable_clients(packages: Path, builds: Builds) -> list[Driver]:
    """The official clients that live in processes of their own."""
    scripted: list[type[Driver]] = [VodPython, VodWx, CosPython, CosNodejs]
    return [*(client(packages) for client in scripted), *(c(packages, builds) for c in (VodJava, CosJava, CosGo))]


class _Upload:
    """One file on its way in a thread of its own: its client is started again until it is committed."""

    def __init__(self, stage: Stage, driver: Driver, job: Job) -> None:
        self._stage = stage
        self._driver = driver
        self._job = job
        self._run: Run | None = None
        self._lock = threading.Lock()
        self._deadline = time.monotonic() + _UPLOAD_SECONDS
        self._thread = threading.Thread(target=self._go)
        self.runs = 0
        self.outcome = Outcome(error="nothing yet")
        self.errors: list[str] = []
        self._thread.start()

    @property
    def alive(self) -> bool:
        """True until it is committed, or given up."""
        return self._thread.is_alive()

    def strike(self) -> bool:
        """Kill the client; false when it is not running now."""
        with self._lock:
            return self._run is not None and self._run.strike()

    def join(self) -> Outcome:
        """Wait for the end; raises ``AssertionError`` when it was never committed."""
        self._thread.join()
        said = f"{self.errors[-3:]}; calls: {self._stage.proxy.summary()}; server: {self._stage.server.log()[-1500:]}"
        assert not self.outcome.error, f"{self._driver.name} did not finish in {self.runs} runs: {said}"
        return self.outcome

    def _go(self) -> None:
        while self.outcome.error and time.monotonic() < self._deadline:
            try:
                self._attempt()
            except Exception as error:
                # A client that was killed says nothing; whatever else it is, it stands in the final message.
                self.errors.append(f"{type(error).__name__}: {error}"[:600])
            time.sleep(0.05)

    def _attempt(self) -> None:
        run = self._driver.start(self._stage, self._job)
        with self._lock:
            self._run = run
            self.runs += 1
        try:
            self.outcome = run.wait(_UPLOAD_SECONDS)
        finally:
            with self._lock:
                self._run = None
            run.close()
        if self.outcome.error:
            self.errors.append(self.outcome.error[:600])


class _Sweeper:
    """Uploads one file after the other and kills meanwhile."""

    def __init__(self, stage: Stage, drivers: list[Driver], chance: random.Random, kills: int) -> None:
        self.sweep = ClientSweep()
        self._stage = stage
        self._drivers = drivers
        self._chance = chance
        self._kills = kills
        self._data_dir = stage.server.data_dir
        #: How many calls an upload of a client takes, roughly; learned.
        self._usual = Counter({driver.name: 10 for driver in drivers})

    def upload(self) -> None:
        """Upload one file under fire and look at what came of it."""
        number = self.sweep.uploads
        driver = self._drivers[number % len(self._drivers)]
        folder = self._stage.folder / f"upload-{number}"
        folder.mkdir()
        media = folder / f"film {number}.mp4"
        media.write_bytes(self._chance.randbytes(self._chance.randint(6 * MIB, 14 * MIB)))
        self._stage.begin(Scenario("sweep", bytes_per_second=_BYTES_PER_SECOND))
        driver.begin(self._stage)
        upload = _Upload(self._stage, driver, Job(media, None, folder))
        for _ in range(self._chance.randint(1, 3)):
            victim = self._chance.choice(list(Victim))
            calls = self._chance.randint(0, self._usual[driver.name])
            linger = self._chance.uniform(0, _LINGER_SECONDS)
            if self.sweep.kills < self._kills and self._moment(upload, calls):
                time.sleep(linger)
                self._kill(upload, victim)
        outcome = upload.join()
        driver.end()
        self.sweep.uploads += 1
        self.sweep.clients[driver.name] += 1
        seen = self._stage.proxy.seen
        self.sweep.parts_acknowledged += len(_acknowledged(seen))
        self._usual[driver.name] = max(4, len(seen) // upload.runs)
        self._compare(outcome, media)
        media.unlink()

    def _moment(self, upload: _Upload, calls: int) -> bool:
        """Wait until so many calls went by from now on; false when the upload ended before."""
        proxy = self._stage.proxy
        wanted = len(proxy.seen) + calls
        deadline = time.monotonic() + _MOMENT_SECONDS
        while upload.alive and len(proxy.seen) < wanted and time.monotonic() < deadline:
            time.sleep(0.003)
        return upload.alive

    def _kill(self, upload: _Upload, victim: Victim) -> None:
        stage = self._stage
        struck = victim is not Victim.SERVER and upload.strike()
        if victim is Victim.CLIENT and not struck:
            return
        if victim is not Victim.CLIENT:
            stage.server.kill()
            stage.proxy.cut()
            lost = lost_parts(self._data_dir, _acknowledged(stage.proxy.seen))
            if lost:
                self.sweep.parts_lost += lost
                self.sweep.remarks.append(f"{lost} parts lost: {stage.proxy.summary()}")
            stage.server.start()
            victim = Victim.BOTH if struck else Victim.SERVER
        self.sweep.victims[victim] += 1
        last = stage.proxy.seen[-1:]
        self.sweep.moments[str(last[0].call) if last else "before the first call"] += 1

    def _compare(self, outcome: Outcome, media: Path) -> None:
        """Everything that this upload made plays back as the file; a client killed late made it more than once."""
        made = self._stage.new_assets()
        urls = {event["FileId"]: event["MediaBasicInfo"]["MediaUrl"] for event in self._events()}
        wrong = [i for i in made if i in urls and not self._stage.same(urls[i], media)]
        if outcome.file_id not in made or not self._stage.same(outcome.media_url, media):
            wrong.append(outcome.file_id)
        self.sweep.different_files += len(set(wrong))
        self.sweep.remarks.extend(f"{i} is not what was sent; made: {made}" for i in set(wrong))

    def _events(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self._data_dir / "openvod.sqlite3")) as database:
            rows = database.execute("SELECT payload FROM events").fetchall()
        return [json.loads(payload)["FileUploadEvent"] for (payload,) in rows]

    def count_events(self, noted: Receiver) -> None:
        """Wait for the events of every file and count them."""
        files = set(self._stage.assets())
        deadline = time.monotonic() + _EVENTS_SECONDS
        while time.monotonic() < deadline and not files <= noted.files.keys():
            time.sleep(0.1)
        stored = Counter(event["FileId"] for event in self._events())
        self.sweep.events = stored.total()
        self.sweep.events_lost = len(files - noted.files.keys())
        self.sweep.events_doubled = sum(count - 1 for count in stored.values()) + sum(
            len(keys) - 1 for keys in noted.files.values()
        )

    def count_orphans(self) -> None:
        """Stop the server and compare disk and ledger."""
        self._stage.server.stop()
        data_dir = str(self._data_dir)
        openvod_json("storage", "collect", "--data-dir", data_dir, "--json")
        checked = openvod_json("storage", "check", "--data-dir", data_dir)
        self.sweep.orphan_bytes = checked["slack_bytes"] + sum(
            (self._data_dir / "blobs" / name[:2] / name).stat().st_size for name in checked["orphan_files"]
        )
        self.sweep.parts_lost += len(checked["missing_files"])


def _acknowledged(seen: list[Seen]) -> list[tuple[str, int, str]]:
    """Return the parts whose answer the client has got: upload id, number, ETag."""
    parts = {
        (s.arguments["uploadId"], int(s.arguments["partNumber"])): s.etag
        for s in seen
        if s.call is Call.PART and s.status == 200 and s.delivered
    }
    return [(upload_id, number, etag) for (upload_id, number), etag in parts.items()]


def run_client_sweep(
    folder: Path, drivers: list[Driver], *, kills: int, seed: int, watch: Callable[[ClientSweep], None] = lambda _: None
) -> ClientSweep:
    """Run the sweep in ``folder``; the same seed chooses the same moments. ``watch`` sees it after each upload."""
    certificates = make_certificates(folder)
    nothing = folder / "no file"
    with receiver() as noted, open_stage(folder, certificates, nothing, nothing, check=False) as stage:
        stage.server.stop()
        set_callback(stage.server.data_dir, noted.url)
        stage.server.start()
        sweeper = _Sweeper(stage, drivers, random.Random(seed), kills)
        while sweeper.sweep.kills < kills:
            sweeper.upload()
            watch(sweeper.sweep)
        sweeper.count_events(noted)
        sweeper.count_orphans()
    return sweeper.sweep


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--progress", action="store_true", help="tell of each upload on standard error")
    options = parser.parse_args()

    def watch(sweep: ClientSweep) -> None:
        if options.progress:
            print(f"{time.monotonic() - began:.0f} s: {sweep.line()}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="openvod-client-sweep-") as folder:
        began = time.monotonic()
        drivers = killable_clients(node_packages(), Builds(Path(folder)))
        sweep = run_client_sweep(Path(folder), drivers, kills=options.kills, seed=options.seed, watch=watch)
    for remark in sweep.remarks:
        print(remark, file=sys.stderr)
    for told in (sweep.clients, sweep.moments):
        print(", ".join(f"{name} {count}" for name, count in sorted(told.items())), file=sys.stderr)
    print(sweep.line())
    raise SystemExit(0 if sweep.clean and sweep.kills == options.kills else 1)


if __name__ == "__main__":
    main()
