"""Head and tail clips: all parts converted to one size, frame rate and audio format, then concatenated."""

from __future__ import annotations

from dataclasses import replace

from openvod.kinds.failure import Failure
from openvod.kinds.plan.geometry import Fill, inside
from openvod.kinds.plan.graph import GUARDED, HEAD, Output, Picture, finish_picture, join_picture
from openvod.kinds.plan.model import SOURCE, Asset, Command, Source
from openvod.kinds.plan.video import VideoWork
from openvod.kinds.probe import ProbeResult

_SAMPLE_RATE = 44_100
CLIP = "{{clip:{}}}"


def joined_command(work: VideoWork, source: Source) -> tuple[Command, tuple[Asset, ...]]:
    """Return the command of a transcode with clips before and after."""
    output = work.outputs[0]
    picture = output.videos[0] if output.videos else None
    if picture is None:
        raise Failure("InvalidInput.ConfigurationUnsupported", "HeadTailSet requires a template that encodes video")
    rate = picture.fps or source.require_video().frame_rate or 25.0
    frame = picture.frame

    def clip(file_id: str, fill: Fill) -> tuple[str, Source, Picture]:
        film = Source(file_id, source.clips[file_id].probe)
        return CLIP.format(file_id), film, replace(picture, frame=inside((film.width, film.height), frame, fill))

    members = [
        *(clip(*each) for each in work.heads),
        (SOURCE, source, picture),
        *(clip(*each) for each in work.tails),
    ]
    inputs: list[str] = []
    parts: list[str] = []
    for number, (path, film, shown) in enumerate(members):
        inputs += [*_range(work, path), *GUARDED, "-i", path]
        seconds = _shown_seconds(work, path, film)
        join_picture(film, replace(shown, hold=seconds if film.held else 0.0), number, rate, parts)
        parts += [_sound(number, film.probe)] if output.audio else []
    streams = "".join(f"[v{n}]" + (f"[a{n}]" if output.audio else "") for n in range(len(members)))
    parts.append(
        f"{streams}concat=n={len(members)}:v=1:a={int(output.audio)}[joined]{'[sound]' if output.audio else ''}"
    )
    whole = replace(picture, fps=0.0, hold=0.0, frame=inside((frame.width, frame.height), frame, "stretch"))
    finished, assets, marks = finish_picture(source, whole, "joined", len(members), parts)
    arguments = [*HEAD, *inputs, *marks, "-filter_complex", ";".join(parts), "-map", f"[{finished}]"]
    arguments += ["-map", "[sound]"] if output.audio else []
    arguments += ["-map_metadata", "-1", *_unshared(output, picture)]
    return Command(tuple(arguments), sum(film.duration for _, film, _ in members)), assets


def _unshared(output: Output, picture: Picture) -> tuple[str, ...]:
    return (*(() if picture.fps else ("-fps_mode", "cfr")), *output.arguments)


def _range(work: VideoWork, path: str) -> list[str]:
    if path != SOURCE:
        return []
    start = ["-ss", f"{work.clip.start:g}"] if work.clip.start else []
    return start + (["-to", f"{work.clip.end:g}"] if work.clip.end is not None else [])


def _shown_seconds(work: VideoWork, path: str, film: Source) -> float:
    if path != SOURCE:
        return film.duration
    return (film.duration if work.clip.end is None else work.clip.end) - work.clip.start


def _sound(number: int, probe: ProbeResult) -> str:
    form = f"aformat=sample_fmts=fltp:sample_rates={_SAMPLE_RATE}:channel_layouts=stereo"
    if probe.heard:
        return f"[{number}:{probe.heard.index}]{form}[a{number}]"
    # Add silence to a clip without audio; concat would otherwise shift later audio forward.
    return f"anullsrc=r={_SAMPLE_RATE}:cl=stereo,atrim=duration={probe.duration:g},{form}[a{number}]"
