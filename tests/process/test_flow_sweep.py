"""kill -9 of workers at seeded moments: every flow finishes, once, and nothing is left over."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.sweeps.flows import run_flow_sweep


@pytest.mark.slow
@pytest.mark.parametrize("kills", [pytest.param(12, marks=pytest.mark.timeout(400))])
def test_flow_sweep(kills: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every item stands in its flow's result once, every end is told once, no scratch, byte or program is left."""
    sweep = run_flow_sweep(tmp_path, kills=kills, seed=20_240_601)
    with capsys.disabled():
        print(f"\nflow sweep: {sweep.line()}")
    assert sweep.clean, "\n".join(sweep.remarks)
    assert sweep.kills == kills
