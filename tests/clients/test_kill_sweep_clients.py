"""kill -9 of official clients and of the server under their uploads loses nothing that was acknowledged."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from clients.builds import Builds
from clients.drivers.programs import CosPython
from support.sweeps.clients import ClientSweep, killable_clients, run_client_sweep
from support.sweeps.kills import lost_parts


@pytest.mark.clients
@pytest.mark.slow
@pytest.mark.xdist_group("programs")
@pytest.mark.parametrize("kills", [pytest.param(12, marks=pytest.mark.timeout(600))])
def test_client_sweep(
    kills: int, tmp_path: Path, packages: Path, builds: Builds, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every acknowledged part is kept, every file's event comes once, no byte is left over, no file differs."""
    sweep = run_client_sweep(tmp_path, killable_clients(packages, builds), kills=kills, seed=20_261_101)
    with capsys.disabled():
        print(f"\nclient sweep: {sweep.line()}")
    assert sweep.clean, "\n".join(sweep.remarks)
    assert sweep.kills == kills


@pytest.mark.clients
@pytest.mark.slow
@pytest.mark.xdist_group("programs")
def test_the_sweep_sees_damage(tmp_path: Path, packages: Path) -> None:
    """A part that is gone, bytes that are gone and an event told twice do not pass unnoticed."""
    data = tmp_path / "data"
    open_events = """
        SELECT COUNT(*) FROM events LEFT JOIN event_endpoints
        ON event_endpoints.sub_app_id = events.sub_app_id AND name = 'default'
        WHERE sequence IS NULL OR cursor IS NULL OR sequence > cursor
    """
    columns = "type, subject, payload, state, created_at"
    doubled = f"""
        INSERT INTO events (sub_app_id, sequence, {columns})
        SELECT sub_app_id, last_sequence + 1, {columns} FROM events JOIN event_logs USING (sub_app_id) LIMIT 1
    """

    def damage(_: ClientSweep) -> None:
        with closing(sqlite3.connect(data / "openvod.sqlite3")) as database, database:
            # The server looks into the file before it tells of it.
            while database.execute(open_events).fetchone()[0]:
                time.sleep(0.05)
            database.execute(doubled)
            database.execute("UPDATE event_logs SET last_sequence = last_sequence + 1")
        next((data / "blobs").glob("??/*")).unlink()
        assert lost_parts(data, [("no such upload", 1, "etag")]) == 1

    sweep = run_client_sweep(tmp_path, [CosPython(packages)], kills=1, seed=3, watch=damage)
    assert sweep.events_doubled
    assert sweep.parts_lost
    assert not sweep.clean
