"""Server and workers over a PostgreSQL that goes away and comes back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from openvod_sdk import Client, sign
from support.server import PlatformServer, set_callback
from support.server.postgresql import Cluster, cluster
from support.sweeps.database import run_drill
from support.sweeps.workers import WorkerProcess, event_log, make_clip, media_programs_of, wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.xdist_group("postgresql-away")]


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    """A cluster of these tests' own."""
    with cluster() as made:
        yield made


@pytest.mark.timeout(300)
def test_restarts_under_uploads_and_flows() -> None:
    """PostgreSQL crashes and comes back under uploads and flows: nothing is lost, stolen, doubled.

    ``make database-drill`` does the same at 20 moments.
    """
    drill = run_drill(3, 7, pause=(1.0, 4.0))
    assert drill.clean, (drill.line(), drill.remarks)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_half_a_minute_without_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    """PostgreSQL is away for 30 s, longer than anything is repeated: ``/readyz`` says so, afterwards all goes on."""
    drill = run_drill(1, 3, away=30)
    with capsys.disabled():
        print(f"\n{drill.line()}")
    assert drill.not_ready == 1
    assert drill.clean, (drill.line(), drill.remarks)


@pytest.mark.timeout(300)
def test_a_worker_without_proof_writes_nothing(
    database: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While PostgreSQL is away the worker's media programs end, and ``/readyz`` says so in our words.

    The flow goes on in the same worker afterwards; another one does not take it, nor while the worker stands still.
    """
    environment = {
        "OPENVOD__DATABASE__URL": database.url,
        "OPENVOD__TASKS__WORKERS": "0",
        "OPENVOD__TASKS__PRESET": "medium",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    server = PlatformServer(tmp_path / "data", environment)
    with event_log() as log, server:
        key = server.create_key()
        set_callback(server.data_dir, log.url)
        # Its encode outlasts the start of the second worker, also on a machine that has nothing else to do.
        clip = make_clip(tmp_path / "clip.mp4", seconds=40, size="640x480", rich=True)
        client = Client(
            server.url, lambda: sign(key.secret_id, key.secret_key, procedure="QCVB_SimpleProcessFile({20},0,0,0)")
        )
        with WorkerProcess(server.data_dir, server.url, environment) as one:
            client.upload(clip)
            assert wait_for(lambda: bool(media_programs_of(one.pid)), 30), one.log()
            with WorkerProcess(server.data_dir, server.url, environment) as other:
                os.kill(one.pid, signal.SIGSTOP)
                time.sleep(2)
                os.kill(one.pid, signal.SIGCONT)
                database.stop()
                assert wait_for(lambda: not media_programs_of(one.pid), 15), "a worker without proof goes on"
                answer = httpx.get(f"{server.url}/readyz")
                assert (answer.status_code, "database" in answer.text, "sockets" in answer.text) == (503, True, False)
                assert httpx.get(f"{server.url}/healthz").status_code == 200
                database.start()
                assert wait_for(lambda: bool(log.finals()), 200), (one.log()[-3000:], other.log()[-3000:])
                assert "has its liveness lock again" in one.log()
                assert "is dead; its flow" not in one.log() + other.log()
        (final,) = log.finals()
        assert {item["TranscodeTask"]["Status"] for item in final["MediaProcessResultSet"]} == {"SUCCESS"}
        assert httpx.get(f"{server.url}/readyz").status_code == 200


@pytest.mark.timeout(300)
def test_the_smallest_pools_are_enough(database: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the smallest pools an upload with its flow succeeds; nobody opens more than the settings allow."""
    sizes = {name: "2" for name in ("CONNECTIONS", "WORKER_CONNECTIONS", "ENGINE_CONNECTIONS")}
    database.ask("CREATE DATABASE small")
    environment = {"OPENVOD__DATABASE__URL": database.url.replace("/postgres?", "/small?")}
    environment |= {f"OPENVOD__DATABASE__{name}": value for name, value in sizes.items()}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    server, most = PlatformServer(tmp_path / "data", environment), 0
    with event_log() as log, server:
        key = server.create_key()
        set_callback(server.data_dir, log.url)
        clip = make_clip(tmp_path / "clip.mp4", seconds=3)
        Client(server.url, lambda: sign(key.secret_id, key.secret_key, procedure="LongVideoPreset")).upload(clip)
        deadline = time.monotonic() + 90
        while not log.finals():
            most = max(most, database.ask("SELECT count(*) FROM pg_stat_activity WHERE datname = 'small'"))
            assert time.monotonic() < deadline, server.log()
            time.sleep(0.1)
    # Two for locks; each pool of two.
    assert most <= 2 + 1 + 2 + 1 + 2, most
