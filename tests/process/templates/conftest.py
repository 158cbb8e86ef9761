"""One platform for the folder: everything asked of templates runs at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.sweeps.flow_bench import FlowBench
from support.templates.asks import (
    GOOD,
)
from support.templates.bad import BAD
from support.templates.kitchen import Run, run_all


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Everything asked for, through one platform."""
    folder = tmp_path_factory.mktemp("templates")
    with FlowBench(folder / "bench", preset="ultrafast", encode_jobs=2, light_jobs=2, flows=16) as bench:
        yield run_all(folder, bench, GOOD, BAD)
