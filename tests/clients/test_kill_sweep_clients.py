"""kill -9 of official clients and of the server under their uploads loses nothing that was acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.builds import Builds
from support.client_sweep import killable_clients, run_client_sweep


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
