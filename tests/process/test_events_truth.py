"""Events reach receivers that misbehave, from a platform that is killed: nothing lost, in order, under one id."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.sweeps.events import run_truth


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_events_tell_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every event is accepted by every endpoint; a file's never overtake each other; its id never changes."""
    truth = run_truth(tmp_path, events=500, kills=3, seed=20_240_601)
    with capsys.disabled():
        print(f"\n{truth.line()}")
    assert truth.clean, "\n".join(truth.remarks)
    assert truth.kills == 3
