"""Head and tail clips: everything brought to one size, rate and sound, then put end to end."""

from __future__ import annotations

from dataclasses import replace

from openvod.media.plan.geometry import Frame
from openvod.media.plan.graph import GUARDED, HEAD, Output, Picture, finish_picture, frame_rate
from openvod.media.plan.model import Asset, Command, Source
from openvod.media.plan.video import VideoWork
from openvod.media.probe import ProbeResult
from openvod.tasks.model import Failure

_SAMPLE_RATE = 44_100
CLIP = "{{clip:{}}}"


def joined_command(work: VideoWork, source: Source) -> tuple[Command, tuple[Asset, ...]]:
    """Return the command of a transcode with clips before and after."""
    output = work.outputs[0]
    picture = output.videos[0] if output.videos else None
    if picture is None:
        raise Failure("InvalidInput.ConfigurationUnsupported", "HeadTailSet needs a video that is encoded")
    rate = picture.fps or source.require_video().frame_rate or 25.0
    members = [
        *((CLIP.format(f), source.clips[f].probe) for f in work.heads),
        ("{source}", source.probe),
        *((CLIP.format(f), source.clips[f].probe) for f in work.tails),
    ]
    inputs: list[str] = []
    parts: list[str] = []
    for number, (path, probe) in enumerate(members):
        inputs += [*_range(work, path), *GUARDED, "-i", path]
        parts += _member(number, probe, picture.frame, rate, sound=output.audio)
    streams = "".join(f"[v{n}]" + (f"[a{n}]" if output.audio else "") for n in range(len(members)))
    parts.append(
        f"{streams}concat=n={len(members)}:v=1:a={int(output.audio)}[joined]{'[sound]' if output.audio else ''}"
    )
    finished, assets, marks = finish_picture(source, replace(picture, fps=0.0), "joined", len(members), parts)
    arguments = [*HEAD, *inputs, *marks, "-filter_complex", ";".join(parts), "-map", f"[{finished}]"]
    arguments += ["-map", "[sound]"] if output.audio else []
    arguments += ["-map_metadata", "-1", *_unshared(output, picture)]
    return Command(tuple(arguments), sum(probe.duration for _, probe in members)), assets


def _unshared(output: Output, picture: Picture) -> tuple[str, ...]:
    return (*(() if picture.fps else ("-fps_mode", "cfr")), *output.arguments)


def _range(work: VideoWork, path: str) -> list[str]:
    if path != "{source}":
        return []
    start = ["-ss", f"{work.clip.start:g}"] if work.clip.start else []
    return start + (["-to", f"{work.clip.end:g}"] if work.clip.end is not None else [])


def _member(number: int, probe: ProbeResult, frame: Frame, rate: float, *, sound: bool) -> list[str]:
    size = f"{frame.width}:{frame.height}"
    parts = [
        f"[{number}:{probe.video_streams[0].index}]fps={frame_rate(rate)},scale={size}:force_original_aspect_ratio=decrease,"
        f"pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p[v{number}]"
    ]
    if not sound:
        return parts
    form = f"aformat=sample_fmts=fltp:sample_rates={_SAMPLE_RATE}:channel_layouts=stereo"
    if probe.audio_streams:
        return [*parts, f"[{number}:{probe.audio_streams[0].index}]{form}[a{number}]"]
    # A clip without sound is silent for as long as it lasts; concat would otherwise pull the rest forward.
    silence = f"anullsrc=r={_SAMPLE_RATE}:cl=stereo,atrim=duration={probe.duration:g},{form}[a{number}]"
    return [*parts, silence]
