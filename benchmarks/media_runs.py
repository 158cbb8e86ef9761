"""Running FFmpeg and plans in folders, and what that costs: CPU seconds of ended children, and wall time."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.model import SOURCE, Encoder, Item, Job, Plan, Source
from openvod.kinds.registry import SubTaskKind
from openvod.kinds.templates import Template
from openvod.processing.planner import Options, make_plan
from openvod.tasks.presets import PRESETS

QUIET = ("-hide_banner", "-nostdin", "-y", "-loglevel", "error")
#: Plans as a fresh installation makes them: presets, the default encoder, a reviewer for porn.
OPTIONS = Options(Encoder(), installed_reviews=frozenset({SubTaskKind.PORN}))

Templates = Mapping[tuple[TemplateKind, int], Template]


@dataclass(frozen=True)
class Cost:
    """Seconds: ``cpu`` of all children that ended, user and system together; ``wall`` by the clock."""

    cpu: float
    wall: float


@dataclass
class Meter:
    """Holds the cost once the block of :func:`metered` has ended."""

    cost: Cost = Cost(0.0, 0.0)


@contextlib.contextmanager
def metered() -> Iterator[Meter]:
    """Measure the children of a block. The kernel counts those that were waited for, and their own children."""
    meter, cpu, wall = Meter(), _children_cpu(), time.monotonic()
    yield meter
    meter.cost = Cost(_children_cpu() - cpu, time.monotonic() - wall)


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and so every child started meanwhile, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def run(arguments: Sequence[str], folder: Path) -> str:
    """Run FFmpeg in ``folder``; return its words. Raises ``CalledProcessError`` with them when it fails."""
    done = subprocess.run(
        [ffmpeg_path(), *arguments], cwd=folder, check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout[-2000:], file=sys.stderr)
        done.check_returncode()
    return done.stdout


def plan(source: Source, items: Sequence[Item], templates: Templates = PRESETS) -> Plan:
    """Return the planner's plan; a benchmark has no use for sub-tasks that fail, so they are an error."""
    made = make_plan(source, items, lambda kind, definition: templates.get((kind, definition)), OPTIONS)
    if made.failures:
        raise RuntimeError(f"the planner refuses: {[failure.message for failure in made.failures.values()]}")
    return made


def run_jobs(jobs: Sequence[Job], path: Path, folder: Path) -> Cost:
    """Run every command of ``jobs`` over the file ``path``, one after another, in ``folder``; return their cost.

    The commands run as they are, without the worker's launcher, whose start would hide part of a snapshot's cost.
    """
    for command in (command for job in jobs for command in job.commands):
        for argument in command.arguments:
            if "/" in argument:
                _make_parent(folder, argument)
    with metered() as meter:
        for command in (command for job in jobs for command in job.commands):
            run([str(path) if argument == SOURCE else argument for argument in command.arguments], folder)
    return meter.cost


def _make_parent(folder: Path, argument: str) -> None:
    """Make the folder of an output; those are relative and begin with a sub-task's number."""
    if argument.partition("/")[0].isdigit():
        (folder / argument).parent.mkdir(parents=True, exist_ok=True)
