"""Estimates of a job's cost, for people who read a plan."""

from __future__ import annotations

import re

from openvod.kinds.plan.model import Job, Source, WorkClass

#: Million pixels that a typical core decodes, and encodes with x264 veryfast, per second.
_DECODE, _ENCODE = 300.0, 110.0
_SEEK_SECONDS = 0.15
_COPY_SECONDS_PER_GIB = 2.0
_KEY_FRAMES_ONLY = 0.05
_SCALED = re.compile(r"scale=(\d+):(\d+)")


def cpu_seconds(job: Job, source: Source) -> float:
    """Estimate a job's CPU seconds from its decoded and encoded pictures, to within a factor of about two."""
    return round(sum(_command_seconds(command.arguments, job, source) for command in job.commands), 1)


def _command_seconds(arguments: tuple[str, ...], job: Job, source: Source) -> float:
    video = source.video
    if "-filter_complex" not in arguments or video is None:
        return _SEEK_SECONDS + source.probe.size / 1024**3 * _COPY_SECONDS_PER_GIB
    if "-frames:v" in arguments:
        return _SEEK_SECONDS
    frames = (video.frame_rate or 25.0) * source.duration / 1e6
    decoding = frames * video.width * video.height / _DECODE
    if "-skip_frame" in arguments:
        return _SEEK_SECONDS + decoding * _KEY_FRAMES_ONLY
    graph = arguments[arguments.index("-filter_complex") + 1]
    made = sum(int(width) * int(height) for width, height in _SCALED.findall(graph))
    encoding = frames * made / _ENCODE if job.work is WorkClass.ENCODE else 0.0
    return _SEEK_SECONDS + decoding + encoding
