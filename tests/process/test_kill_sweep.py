"""kill -9 at a hundred seeded moments loses nothing that was acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.sweeps.kills import run_sweep


@pytest.mark.parametrize(
    "kills", [pytest.param(5), pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_kill_sweep(kills: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every acknowledged part is kept, every event arrives, none twice, no byte is left over."""
    sweep = run_sweep(tmp_path, kills=kills, seed=20_240_501)
    with capsys.disabled():
        print(f"\nkill sweep: {sweep.line()}")
    assert sweep.clean
    assert sweep.kills == kills
