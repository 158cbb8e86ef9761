"""Still pictures of a video: their moments, taken by seeking or in a pass over the video."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from openvod.kinds.failure import Failure
from openvod.kinds.plan.geometry import Fill, Frame, fit
from openvod.kinds.plan.graph import Output, Picture, build_command
from openvod.kinds.plan.marks import Mark, read_marks
from openvod.kinds.plan.model import Asset, Command, Job, Lookup, Share, Source, WorkClass
from openvod.kinds.watermark import WatermarkInput

MAX_PICTURES = 10_000
_OFFSET = re.compile(r"(\d{1,7}(?:\.\d{1,6})?)(s|%)")
#: Demuxers seek by decoding time, which precedes presentation time by less than this many seconds; without an index
#: the seek may end later still.
_SEEK_SECONDS, _BLIND_SEEK_SECONDS = 1.0, 20.0
_EXACT = 1e-6
_ENCODERS = {
    "jpg": ("-c:v", "mjpeg", "-q:v", "3"),
    "png": ("-c:v", "png"),
    "webp": ("-c:v", "libwebp", "-quality", "80"),
}
_PIXELS = {"jpg": "yuvj420p", "png": "rgb24", "webp": "yuv420p"}


class StillTemplate(Protocol):
    """A template's members for still pictures; sides in pixels, 0 = by the other side or the source."""

    @property
    def width(self) -> int:
        """Pixels, 0 = by the height."""
        ...

    @property
    def height(self) -> int:
        """Pixels, 0 = by the width."""
        ...

    @property
    def resolution_adaptive(self) -> str:
        """Whether width and height follow the orientation of the source, open or close."""
        ...

    @property
    def fill_type(self) -> Fill:
        """The filling of the rest of the frame."""
        ...

    @property
    def format(self) -> str:
        """jpg, png or webp."""
        ...


class SamplingTemplate(Protocol):
    """The interval between pictures: percent of the duration, or seconds."""

    @property
    def sample_type(self) -> str:
        """Percent or Time."""
        ...

    @property
    def sample_interval(self) -> int:
        """Percent or seconds between two pictures."""
        ...


@dataclass(frozen=True)
class Series:
    """Pictures at a regular interval, which can join another sub-task's pass over the video."""

    share: Share
    output: Output
    every: float
    count: int


def moment_of(text: str, source: Source) -> float:
    """Return the seconds of ``"3.5s"`` or ``"10%"``; :class:`Failure` for a moment that the video does not have."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        raise Failure("InvalidInput.InvalidTimeOffset", f'time offset {text[:20]!r} must look like "3.5s" or "10%"')
    value = float(match[1])
    if match[2] == "%" and value > 100:
        raise Failure("InvalidInput.InvalidTimeOffset", f"time offset {text} lies beyond the end; at most 100%")
    return moment_within(value * source.picture_duration / 100 if match[2] == "%" else value, source)


def moment_within(seconds: float, source: Source) -> float:
    """Return the moment of a frame; the end of the file means the last frame."""
    duration = source.picture_duration
    if seconds < 0 or seconds > duration + 0.001 > 0.001:
        raise Failure(
            "InvalidInput.InvalidTimeOffset",
            f"time offset {seconds:g} s lies beyond the end; the video has {duration:g} s",
        )
    return round(min(seconds, last_frame(source)), 3)


def last_frame(source: Source) -> float:
    """Return a moment at which the last frame is still shown."""
    rate = source.require_video().frame_rate
    return max(0.0, source.picture_duration - (1.5 / rate if rate >= 1 else 0.1))


def seeking_job(
    share: Share, source: Source, template: StillTemplate, stem: str, times: Sequence[float], marks: tuple[Mark, ...]
) -> Job:
    """Return a job that seeks to each moment and writes ``<stem>_<place>.<format>`` for each."""
    picture = replace(still_picture(template, source), marks=marks)
    commands: list[Command] = []
    assets: dict[str, Asset] = {}
    for place, moment in enumerate(times):
        name = f"{share.number}/{stem}_{place}.{template.format}"
        start = seek_point(moment, source)
        shown = replace(picture, moment=moment - start)
        output = Output((shown,), False, (*image_arguments(template.format), "-frames:v", "1", name))
        command, needed = build_command(source, [output], seek=start)
        commands.append(replace(command, seconds=1.0))
        assets |= {asset.name: asset for asset in needed}
    return Job(f"pictures-{share.number}", WorkClass.LIGHT, (share,), tuple(commands), tuple(assets.values()))


def seek_point(moment: float, source: Source) -> float:
    """Return the second to seek to, from which the picture of ``moment`` is decoded."""
    return max(0.0, moment - (_SEEK_SECONDS if source.require_video().key_frame_seconds else _BLIND_SEEK_SECONDS))


def still_marks(inputs: Sequence[WatermarkInput], source: Source, lookup: Lookup) -> tuple[Mark, ...]:
    """Resolve the watermarks of still pictures."""
    return read_marks(inputs, lookup, source.duration, still=True)


def mark_ids(inputs: Sequence[WatermarkInput]) -> list[int]:
    """Return the ids of watermark templates."""
    return [item.definition for item in inputs]


def still_picture(template: StillTemplate, source: Source) -> Picture:
    """Return a picture of a template's size and format."""
    return Picture(still_frame(template, source), pixel_format=_PIXELS[template.format])


def still_frame(template: StillTemplate, source: Source) -> Frame:
    """Return the size of a template's pictures and the placement of the source in it."""
    return fit(
        (source.width, source.height), template.width, template.height,
        adaptive=template.resolution_adaptive == "open", fill=template.fill_type, even=template.format != "png",
    )  # fmt: skip


def image_arguments(image_format: str) -> tuple[str, ...]:
    """Return FFmpeg's options for one picture."""
    return ("-f", "image2", "-update", "1", *_ENCODERS[image_format])


def series_arguments(image_format: str) -> tuple[str, ...]:
    """Return FFmpeg's options for numbered pictures."""
    return ("-fps_mode", "passthrough", "-f", "image2", "-start_number", "0", *_ENCODERS[image_format])


def sampling(template: SamplingTemplate, source: Source) -> tuple[float, int]:
    """Return seconds between pictures and their number; the first frame is always one (5.1)."""
    duration = max(source.picture_duration, 0.001)
    every = float(template.sample_interval)
    if template.sample_type == "Percent":
        every = duration * min(template.sample_interval, 100) / 100
    count = max(1, math.ceil((duration - 0.001) / every))
    if count > MAX_PICTURES:
        raise Failure(
            "InvalidInput.ConfigurationUnsupported",
            f"{count} pictures would be taken; at most {MAX_PICTURES}: choose a larger SampleInterval",
        )
    return every, count


def series_job(series: Series, source: Source) -> Job:
    """Plan a series as its own pass; decode key frames only when each moment has one."""
    grid = source.require_video().key_frame_grid
    sparse = 0 < grid <= series.every and abs(series.every / grid - round(series.every / grid)) < _EXACT
    options = ("-skip_frame", "nokey") if sparse else ()
    command, assets = build_command(source, [series.output], input_options=options)
    work = WorkClass.LIGHT if sparse else WorkClass.ENCODE
    return Job(f"series-{series.share.number}", work, (series.share,), (command,), assets)
