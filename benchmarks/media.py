"""What media work costs on real plans: ladders, remuxes, snapshots, reviews; in CPU seconds of the programs that ran.

Every figure is of one run of this program on generated clips. CPU seconds hardly change with what else the machine
does; wall time is shown where a target is about waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.media_clips import Clip, Clips
from benchmarks.media_ladder import compare
from benchmarks.media_runs import Templates, metered, one_core, plan, run_jobs
from openvod.adapters.opennsfw import OpenNsfwReviewer
from openvod.base.errors import Unavailable
from openvod.kinds.content_review import ReviewInput
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.model import Item
from openvod.kinds.registry import SubTaskKind
from openvod.kinds.snapshot_by_time_offset import SnapshotByTimeOffsetInput
from openvod.kinds.transcode import TranscodeInput
from openvod.review.model import ReviewFrame
from openvod.tasks.presets import PRESET_PROCEDURES, PRESETS

_SECONDS = 20
_LADDER_REPETITIONS, _REMUX_REPETITIONS, _SNAPSHOT_REPETITIONS = 2, 3, 5
_REMUX_TO_HLS, _REVIEW, _SNAPSHOT = 876, 10, 10
_SHORT_MIDDLE, _REVIEW_INTERVAL = 5.0, 10.0
_LADDER_TARGET, _COPY_TARGET, _SCORE_TARGET = 0.75, 0.45, -1.0
_REMUX_TARGET, _SNAPSHOT_TARGET, _REVIEW_TARGET = 3.0, 1.5, 15.0


@dataclass(frozen=True)
class Row:
    """A line of the table. ``figure`` is what ``target`` is about; ``met`` ``None`` is for information only."""

    measure: str
    ours: float
    reference: float | None = None
    figure: float | None = None
    target: str = ""
    met: bool | None = None


def ladder(clips: Clips, folder: Path) -> Iterator[Row]:
    """Compare the preset ladder with a process per rung."""
    yield from _ladder("ladder", clips.large, folder, _LADDER_TARGET, copied=False)


def copy(clips: Clips, folder: Path) -> Iterator[Row]:
    """As :func:`ladder`, of a source that is the top rung already; the reference encodes it as any other."""
    yield from _ladder("copy", clips.lean, folder, _COPY_TARGET, copied=True)


def _ladder(name: str, clip: Clip, folder: Path, target: float, *, copied: bool) -> Iterator[Row]:
    made = compare(clip, folder, copied=copied, repetitions=_LADDER_REPETITIONS)
    kbps = clip.source.probe.bitrate // 1000
    label = f"{name}: CPU s, {clip.source.duration:g} s of {kbps} kbit/s, minimum of {_LADDER_REPETITIONS}"
    yield _at_most(label, min(made.ours.cpu), min(made.reference.cpu), target)
    for height, ours, theirs in zip(made.heights, made.ours.scores, made.reference.scores, strict=True):
        gain = ours - theirs
        yield Row(f"{name}: {made.metric} of {height}p", ours, theirs, gain, f">= {_SCORE_TARGET:g}",
                  gain >= _SCORE_TARGET)  # fmt: skip


def _at_most(label: str, ours: float, reference: float | None, target: float) -> Row:
    """Return a row whose ratio, or figure when there is no reference, has an upper bound."""
    figure = ours / reference if reference else ours
    return Row(label, ours, reference, figure, f"<= {target:g}", figure <= target)


def remux(clips: Clips, folder: Path) -> Iterator[Row]:
    """Remux ten minutes to HLS."""
    clip = clips.long
    jobs = plan(clip.source, [Item(0, SubTaskKind.TRANSCODE, TranscodeInput(definition=_REMUX_TO_HLS))]).jobs
    costs = []
    for _ in range(_REMUX_REPETITIONS):
        costs.append(run_jobs(jobs, clip.path, folder).cpu)
        shutil.rmtree(folder / "0")
    size = clip.source.probe.size // 1_000_000
    label = f"remux: CPU s, {clip.source.duration:.0f} s of {size} MB, median of {_REMUX_REPETITIONS}"
    yield _at_most(label, statistics.median(costs), None, _REMUX_TARGET)


def snapshot(clips: Clips, folder: Path) -> Iterator[Row]:
    """Take the middle frame of ten minutes and of ten seconds, in turns."""
    work = []
    # Half of the long clip's copies of the short one, then as far into the next: the same frame of the same GOP.
    middles = (clips.short, _SHORT_MIDDLE), (clips.long, clips.long.source.duration / 2 + _SHORT_MIDDLE)
    for clip, moment in middles:
        wanted = SnapshotByTimeOffsetInput(definition=_SNAPSHOT, ext_time_offset_set=(f"{moment:.3f}s",))
        jobs = plan(clip.source, [Item(0, SubTaskKind.SNAPSHOT_BY_TIME_OFFSET, wanted)]).jobs
        work.append((jobs, clip.path, list[float]()))
    for _ in range(_SNAPSHOT_REPETITIONS):
        for jobs, path, costs in work:
            costs.append(run_jobs(jobs, path, folder).cpu)
    short, long = (statistics.median(costs) for _, _, costs in work)
    label = f"snapshot: CPU s, of 10 min against of 10 s, median of {_SNAPSHOT_REPETITIONS}"
    yield _at_most(label, long, short, _SNAPSHOT_TARGET)


def review(clips: Clips, folder: Path) -> Iterator[Row]:
    """Extract a frame per ten seconds of ten minutes and let the real model look at them, all on one core."""
    clip = clips.long
    jobs = plan(clip.source, [Item(0, SubTaskKind.PORN, ReviewInput(definition=_REVIEW))], _every_ten_seconds()).jobs
    with one_core(), metered() as meter:
        run_jobs(jobs, clip.path, folder)
        pictures = sorted((folder / "0" / "frames").iterdir())
        frames = [ReviewFrame(place * _REVIEW_INTERVAL, str(path)) for place, path in enumerate(pictures)]
        findings = asyncio.run(OpenNsfwReviewer().review(frames))
    count = jobs[0].shares[0].facts["count"]
    # A last moment within a frame's length of the end has no frame after it.
    if len(findings) < count - 1 or None in findings:
        raise RuntimeError(f"{len(findings)} frames were looked at, not {count}, or some could not be read")
    label = f"{clip.source.duration:.0f} s, {len(findings)} frames, one core"
    yield _at_most(f"review: wall s, {label}", meter.cost.wall, None, _REVIEW_TARGET)
    yield _at_most(f"review: CPU s, {label}", meter.cost.cpu, None, _REVIEW_TARGET)


def _every_ten_seconds() -> Templates:
    """Return the presets with the review of pictures at a fixed distance."""
    key = (TemplateKind.CONTENT_REVIEW, _REVIEW)
    body = PRESETS[key].body.model_copy(update={"screenshot_interval": _REVIEW_INTERVAL})
    return {**PRESETS, key: replace(PRESETS[key], body=body)}


def long(clips: Clips, folder: Path) -> Iterator[Row]:
    """Run everything that ``LongVideoPreset`` makes, sharing a pass and with a process for each sub-task."""
    tasks = PRESET_PROCEDURES["LongVideoPreset"].media_process_task
    wanted = list(enumerate(tasks.items())) if tasks else []
    costs = []
    for separate in (False, True):
        items = [Item(number, kind, value, separate=separate) for number, (kind, value) in wanted]
        costs.append(run_jobs(plan(clips.large.source, items).jobs, clips.large.path, folder).cpu)
    yield Row(f"long: CPU s, LongVideoPreset, {len(wanted)} sub-tasks", costs[0], costs[1], costs[0] / costs[1])


_MEASURES: Mapping[str, Callable[[Clips, Path], Iterator[Row]]] = {
    measure.__name__: measure for measure in (ladder, copy, remux, snapshot, review, long)
}


def table(rows: Sequence[Row]) -> str:
    """Return ``rows`` as aligned text."""
    head = ("measure", "ours", "reference", "ratio or figure", "target", "met")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if not place else cell.rjust(width)
                  for place, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    met = "-" if row.met is None else "yes" if row.met else "NO"
    numbers = (f"{number:.2f}" if number is not None else "-" for number in (row.ours, row.reference, row.figure))
    return (row.measure, *numbers, row.target or "-", met)


def _measured(names: Sequence[str], seconds: int) -> tuple[list[Row], list[str]]:
    """Return the rows of the measures named, and what could not be made."""
    rows, broken = list[Row](), list[str]()
    with tempfile.TemporaryDirectory() as root:
        clips = Clips(Path(root), seconds)
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(dir=root) as folder:
                try:
                    rows += _MEASURES[name](clips, Path(folder))
                except (OSError, RuntimeError, Unavailable, subprocess.CalledProcessError) as error:
                    broken.append(f"{name} could not be made: {error}")
    return rows, broken


def main() -> int:
    """Print the table; 1 when something of it could not be made, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="benchmarks.media", description=__doc__)
    parser.add_argument("--seconds", type=int, default=_SECONDS, help="length of the ladders' sources")
    parser.add_argument("--only", nargs="+", choices=list(_MEASURES), default=list(_MEASURES), help="measures to make")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    wanted = parser.parse_args()
    rows, broken = _measured(wanted.only, wanted.seconds)
    print(json.dumps([asdict(row) for row in rows], indent=2) if wanted.json else table(rows))
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
