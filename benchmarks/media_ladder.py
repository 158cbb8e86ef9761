"""A ladder in one process against a process per rung: what both cost, and how good their pictures are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.media_clips import Clip
from benchmarks.media_runs import OPTIONS, QUIET, metered, plan, run, run_jobs
from openvod.kinds.adaptive_dynamic_streaming import KIND, AdaptiveInput
from openvod.kinds.plan.graph import Output, Picture, frame_rate
from openvod.kinds.plan.model import Item, Job, Source
from openvod.kinds.plan.video import VideoWork
from openvod.kinds.registry import SubTaskKind
from openvod.tasks.presets import PRESETS

_ADAPTIVE = 10
_ITEM = Item(0, SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING, AdaptiveInput(definition=_ADAPTIVE))
#: Every third frame is scored; all of them would take longer than the ladders themselves.
_SCORED = 3
_SCORE = re.compile(r"\[Parsed_(?:libvmaf|psnr)_(\d+) @ \w+\] (?:VMAF score: |PSNR y:)([\d.]+|inf)")


@dataclass(frozen=True)
class Side:
    """One way to make the ladder: CPU seconds of each repetition, and a score per rung, smallest rung first."""

    cpu: tuple[float, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """Ours and the reference; ``heights`` in pixels name the rungs, ``metric`` what the scores are."""

    ours: Side
    reference: Side
    heights: tuple[int, ...]
    metric: str


def compare(clip: Clip, folder: Path, *, copied: bool, repetitions: int) -> Comparison:
    """Make the preset ladder of ``clip`` in both ways, in turns. ``copied``: the plan must copy the top rung."""
    jobs = plan(clip.source, [_ITEM]).jobs
    if ("copy" in jobs[-1].commands[0].arguments) != copied:
        raise RuntimeError(f"{clip.path.name}: the top rung should {'' if copied else 'not '}be copied")
    rungs, sound = _encoded(clip.source)
    here, there = folder / "ours", folder / "reference"
    for place in (here, there):
        (place / "0").mkdir(parents=True)
    ours, reference = list[float](), list[float]()
    for _ in range(repetitions):
        ours.append(run_jobs(jobs, clip.path, here).cpu)
        with metered() as meter:
            for rung in rungs:
                run(_reference(rung, sound, clip.path), there)
        reference.append(meter.cost.cpu)
    metric = "VMAF" if " libvmaf " in run(["-hide_banner", "-filters"], folder) else "PSNR-Y"
    pictures = [_picture(rung) for rung in rungs]
    chosen = _chosen(jobs[-1])
    return Comparison(
        Side(tuple(ours), _scores(clip.path, here, pictures, chosen, metric)),
        Side(tuple(reference), _scores(clip.path, there, pictures, _rate(pictures[0]), metric)),
        tuple(picture.frame.height for picture in pictures),
        metric,
    )


def _encoded(source: Source) -> tuple[list[Output], Output]:
    """Return the planner's rungs and sound for a source that is not copied: without a known key-frame distance."""
    video = replace(source.require_video(), key_frame_seconds=0.0)
    plain = replace(source, probe=replace(source.probe, video_streams=(video,)))
    work = KIND.plan(_ITEM, plain, lambda kind, number: PRESETS.get((kind, number)), OPTIONS.encoder)
    assert isinstance(work, VideoWork)
    rungs = [output for output in work.outputs if output.videos]
    (sound,) = [output for output in work.outputs if output.audio]
    return rungs, sound


def _reference(rung: Output, sound: Output, path: Path) -> list[str]:
    """Return the command that a user would write for one rung: its own decoder, scaler and sound, threads by default.

    Encoder and segments are those of the planner's rung, so that only the way of working differs.
    """
    picture, end = _picture(rung), rung.arguments.index("-f")
    scaled = f"{_rate(picture)},scale={picture.frame.width}:{picture.frame.height}:flags=bicubic,format=yuv420p"
    video = _default_threads(rung.arguments[:end])
    audio = sound.arguments[: sound.arguments.index("-f")]
    streams = ("-map", "0:v:0", "-map", "0:a:0", "-vf", scaled)
    return [*QUIET, "-i", str(path), *streams, *video, *audio, *rung.arguments[end:]]


def _default_threads(arguments: Sequence[str]) -> Iterator[str]:
    """Leave out options that set a number of threads, and their values."""
    skipped = False
    for argument in arguments:
        if not skipped and not argument.startswith("-threads"):
            yield argument
        skipped = argument.startswith("-threads")


def _picture(rung: Output) -> Picture:
    (picture,) = rung.videos
    if picture is None:
        raise RuntimeError("a rung of the reference is copied")
    return picture


def _rate(picture: Picture) -> str:
    return f"fps={frame_rate(picture.fps)}"


def _chosen(job: Job) -> str:
    """Return the filters by which the plan chooses frames of the source: the graph's first chain."""
    arguments = job.commands[0].arguments
    first = arguments[arguments.index("-filter_complex") + 1].partition(";")[0]
    return first[first.index("]") + 1 : first.rindex("[")]


def _scores(path: Path, folder: Path, pictures: Sequence[Picture], choice: str, metric: str) -> tuple[float, ...]:
    """Return each rung's mean score against the source scaled to the rung in one step.

    ``choice`` makes the source's frames those that the rungs show; frames are then compared by their number.
    """
    scorer = f"libvmaf=n_threads=2:n_subsample={_SCORED}:shortest=1" if metric == "VMAF" else "psnr=shortest=1"
    count = len(pictures)
    numbered = "settb=1/24,setpts=N"
    inputs = ["-i", str(path)]
    parts = [f"[0:v:0]{choice},split={count}" + "".join(f"[c{place}]" for place in range(count))]
    for place, picture in enumerate(pictures):
        inputs += ["-i", f"0/video_{_ADAPTIVE}_{place}.m3u8"]
        size = f"{picture.frame.width}:{picture.frame.height}"
        parts.append(f"[c{place}]scale={size}:flags=bicubic,format=yuv420p,{numbered}[s{place}]")
        parts.append(f"[{place + 1}:v:0]format=yuv420p,{numbered}[d{place}];[d{place}][s{place}]{scorer}[o{place}]")
    outputs = [text for place in range(count) for text in ("-map", f"[o{place}]", "-f", "null", "-")]
    words = run(["-hide_banner", "-nostdin", *inputs, "-filter_complex", ";".join(parts), *outputs], folder)
    # FFmpeg numbers the filters of a graph in their order, but they end in any.
    found = sorted((int(number), float(score)) for number, score in _SCORE.findall(words))
    if len(found) != count:
        raise RuntimeError(f"{len(found)} of {count} rungs were scored: {words[-500:]}")
    return tuple(score for _, score in found)
