"""The corpus of odd and hostile media through the whole platform: upload, transcode, snapshot, every output decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from openvod.base.sizes import MIB
from support.corpus.build import Workshop
from support.corpus.case import MALFORMED, OK, Case, Refused
from support.corpus.catalogue import CASES
from support.corpus.judge import differences, looked_at
from support.corpus.table import Row, Table
from support.corpus.trap import set_trap
from support.sweeps.flow_bench import Flow, FlowBench, Order, outcome

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.timeout(800)]
_PROCEDURE = "corpus"
_TRANSCODE, _SNAPSHOT = 100_010, 10
_PEAK_BYTES = 1024 * MIB
_SOON_SECONDS = 1.5


@dataclass(frozen=True)
class Run:
    """What became of the corpus: flows by case name, and whether anything was opened that hostile files point to."""

    bench: FlowBench
    flows: Mapping[str, Flow]
    sprung: list[str]
    lone: Flow


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """All the chosen cases through one platform, many at a time: first one that is no media, alone."""
    cases = _chosen(request)
    folder = tmp_path_factory.mktemp("flows")
    (folder / "corpus").mkdir()
    with (
        set_trap(tmp_path_factory.mktemp("trap")) as trap,
        FlowBench(folder / "bench", preset="ultrafast", encode_jobs=2, light_jobs=2, flows=16) as bench,
    ):
        workshop = Workshop(folder / "corpus", trap.lure)
        bench.procedure(
            _PROCEDURE,
            Transcode=[{"Definition": _TRANSCODE}],
            SnapshotByTimeOffset=[{"Definition": _SNAPSHOT, "ExtTimeOffsetSet": ["0s"]}],
        )
        refused = next(case for case in CASES if isinstance(case.probe, Refused))
        lone = [bench.run_one(workshop.file(refused), _PROCEDURE) for _ in range(2)][-1]
        orders = [Order(workshop.file(case), _PROCEDURE) for case in cases]
        trap.sprung()  # building may have touched the lure
        flows = bench.run(orders)
        yield Run(bench, {case.name: flow for case, flow in zip(cases, flows, strict=True)}, trap.sprung(), lone)


def _chosen(request: pytest.FixtureRequest) -> list[Case]:
    """Return the cases that this session asks for, those that take longest first."""
    called = (getattr(item, "callspec", None) for item in request.session.items if item.path == request.path)
    names = {spec.params["case"].name for spec in called if spec and "case" in spec.params}
    return sorted((case for case in CASES if case.name in names), key=lambda case: not case.heavy)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """The lines of this run, published when it ends."""
    table = Table("flow: transcode 100010 and a snapshot at 0")
    yield table
    table.publish()


def judged(case: Case, flow: Flow, bench: FlowBench) -> list[str]:
    """Return what is not as the case expects."""
    film, still = flow.result("Transcode", _TRANSCODE), flow.result("SnapshotByTimeOffset", _SNAPSHOT)
    wrong = [
        f"the {what} is {outcome(member)} ({member['Message']}), not {expected}"
        for what, expected, member in (("transcode", case.flow, film), ("snapshot", case.snapshot, still))
        if not case.accepts(expected, outcome(member))
    ]
    if case.output and outcome(film) == OK:
        wrong += differences(case.output, looked_at(bench.fetch(film["Output"]["Url"])))
    if outcome(still) == OK:
        wrong += _of_still(case, bench.fetch(still["Output"]["PicInfoSet"][0]["Url"]))
    if flow.peak_bytes > _PEAK_BYTES:
        wrong.append(f"it took {flow.peak_bytes // MIB} MiB")
    return wrong


def _of_still(case: Case, path: Path) -> list[str]:
    """A snapshot is the first picture of the film at its own size: like the rendition, but for what is not 360 high."""
    seen = looked_at(path)
    if not case.output:
        return [] if seen.width and seen.height else ["the snapshot is empty"]
    wrong = []
    if abs(seen.width - case.output.width) > 2 or abs(seen.height - case.output.height) > 2:
        wrong.append(f"the snapshot has {seen.width}x{seen.height}, not {case.output.width}x{case.output.height}")
    if case.output.bright and seen.bright != case.output.bright:
        wrong.append(f"the snapshot's white patch is {seen.bright or 'nowhere'}, not {case.output.bright}")
    return wrong


def shown(member: Mapping[str, Any]) -> str:
    """Return an outcome as the table shows it."""
    return outcome(member).removeprefix("SourceFileError.")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_flow(case: Case, run: Run, table: Table) -> None:
    """A file is made into what its uploader may expect of it, or refused with the cause, from bounded memory."""
    flow = run.flows[case.name]
    wrong = judged(case, flow, run.bench)
    expected = f"{case.flow} / {case.snapshot}".replace("SourceFileError.", "")
    got = " / ".join(shown(member) for member in flow.results)
    table.rows.append(Row(case.name, expected, got, "; ".join(wrong), flow.seconds, flow.peak_bytes))
    assert not wrong


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.flow != OK])
def test_refusals_are_words(case: Case, run: Run) -> None:
    """What a refusal says is for people: no addresses of memory, no more than a sentence or two."""
    for member in run.flows[case.name].results:
        if member["Status"] == "FAIL":
            assert "0x" not in member["Message"]
            assert 10 < len(member["Message"]) < 200


def test_no_media_is_told_soon(run: Run) -> None:
    """A file that is no media ends its flow about a second after the probe has seen it: nothing is tried twice."""
    assert [outcome(member) for member in run.lone.results] == [MALFORMED, MALFORMED]
    assert [item.attempts for item in run.lone.items] == [0, 0]
    assert run.lone.waited < _SOON_SECONDS


def test_nothing_else_is_opened(run: Run) -> None:
    """Whatever files point to, a flow opens nothing but the file."""
    assert run.sprung == []
