"""Plans of snapshots, covers, sprites and animations."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from openvod.kinds.plan.geometry import Frame, fit
from openvod.kinds.plan.graph import Output, Picture, build_command
from openvod.kinds.plan.marks import Mark, read_marks
from openvod.kinds.plan.model import Asset, Command, Item, Job, Lookup, Share, Source, WorkClass
from openvod.kinds.plan.video import find
from openvod.tasks.model import (
    AnimatedGraphicInput,
    CoverBySnapshotInput,
    Failure,
    ImageSpriteInput,
    SampleSnapshotInput,
    SnapshotByTimeOffsetInput,
    WatermarkInput,
    clip_range,
)
from openvod.tasks.templates import (
    AnimatedGraphicsTemplate,
    ImageSpriteTemplate,
    SampleSnapshotTemplate,
    SnapshotTemplate,
    TemplateKind,
)

#: Up to so many pictures are fetched by seeking, each at a cost that does not grow with the video.
SEEK_PICTURES = 12
MAX_PICTURES = 10_000
_OFFSET = re.compile(r"(\d{1,7}(?:\.\d{1,6})?)(s|%)")
#: A reader looks for the key frame by when it is decoded, which is earlier than it is shown: by less than this. Without
#: an index it may come to rest later still.
_SEEK_SECONDS, _BLIND_SEEK_SECONDS = 1.0, 20.0
#: How far a cover of the beginning is looked for.
_CONTENT_SECONDS = 10.0
_LIGHT_ANIMATION_SECONDS = 30.0
_MAX_ANIMATION_SECONDS = 600.0
_EXACT = 1e-6
_ENCODERS = {
    "jpg": ("-c:v", "mjpeg", "-q:v", "3"),
    "png": ("-c:v", "png"),
    "webp": ("-c:v", "libwebp", "-quality", "80"),
}
_PIXELS = {"jpg": "yuvj420p", "png": "rgb24", "webp": "yuv420p"}


@dataclass(frozen=True)
class Series:
    """Pictures at a regular distance that can be taken in somebody else's pass over the video."""

    share: Share
    output: Output
    every: float
    count: int


def plan_snapshots(item: Item, source: Source, lookup: Lookup) -> Job:
    """Plan snapshots at given moments."""
    wanted: SnapshotByTimeOffsetInput = item.input
    template: SnapshotTemplate = find(lookup, TemplateKind.SNAPSHOT_BY_TIME_OFFSET, wanted.definition)
    source.require_video()
    times = [_moment(text, source) for text in wanted.ext_time_offset_set]
    times += [_within(offset / 1000, source) for offset in wanted.time_offset_set]
    if not times:
        raise Failure("InvalidInput.InvalidTimeOffset", 'ExtTimeOffsetSet names no moment; give "3.5s" or "10%"')
    share = Share(item.number, item.kind, wanted.definition, {"times": times, "format": template.format,
                                                              "marks": _mark_ids(wanted.watermark_set)})  # fmt: skip
    stem = f"snapshotByTimeOffset/snapshotByTimeOffset_{wanted.definition}"
    return _seeking(share, source, template, stem, times, _marks(wanted.watermark_set, source, lookup))


def plan_cover(item: Item, source: Source, lookup: Lookup) -> Job:
    """Plan the snapshot that becomes the cover; one of second 0 is the first picture that shows something."""
    wanted: CoverBySnapshotInput = item.input
    template: SnapshotTemplate = find(lookup, TemplateKind.SNAPSHOT_BY_TIME_OFFSET, wanted.definition)
    source.require_video()
    unit = "%" if wanted.position_type == "Percent" else "s"
    times = [_moment(f"{wanted.position_value:g}{unit}", source)]
    share = Share(item.number, item.kind, wanted.definition, {"times": times, "format": template.format})
    stem = f"coverBySnapshot/coverBySnapshot_{wanted.definition}"
    marks = _marks(wanted.watermark_set, source, lookup)
    job = _seeking(share, source, template, stem, times, marks)
    if times[0] or source.probe.category == "Image":
        return job
    # The beginning is where it shows something; where nothing does for so long, the first picture stays.
    picture = replace(_picture(template, source), marks=marks, content=True)
    name = f"{item.number}/{stem}_0.{template.format}"
    output = Output((picture,), False, (*_image_arguments(template.format), "-frames:v", "1", name))
    command, _ = build_command(source, [output], input_options=("-t", f"{_CONTENT_SECONDS:g}"))
    return replace(job, commands=(*job.commands, replace(command, seconds=1.0)))


def _moment(text: str, source: Source) -> float:
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        raise Failure("InvalidInput.InvalidTimeOffset", f'time offset {text[:20]!r} must look like "3.5s" or "10%"')
    value = float(match[1])
    if match[2] == "%" and value > 100:
        raise Failure("InvalidInput.InvalidTimeOffset", f"time offset {text} lies beyond the end; at most 100%")
    return _within(value * source.picture_duration / 100 if match[2] == "%" else value, source)


def _within(seconds: float, source: Source) -> float:
    """Return the moment of a frame: the very end has none, so it means the last one."""
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


def _seeking(
    share: Share, source: Source, template: SnapshotTemplate, stem: str, times: Sequence[float], marks: tuple[Mark, ...]
) -> Job:
    picture = replace(_picture(template, source), marks=marks)
    commands: list[Command] = []
    assets: dict[str, Asset] = {}
    for place, moment in enumerate(times):
        name = f"{share.number}/{stem}_{place}.{template.format}"
        start = _seek_point(moment, source)
        shown = replace(picture, moment=moment - start)
        output = Output((shown,), False, (*_image_arguments(template.format), "-frames:v", "1", name))
        command, needed = build_command(source, [output], seek=start)
        commands.append(replace(command, seconds=1.0))
        assets |= {asset.name: asset for asset in needed}
    return Job(f"pictures-{share.number}", WorkClass.LIGHT, (share,), tuple(commands), tuple(assets.values()))


def _seek_point(moment: float, source: Source) -> float:
    return max(0.0, moment - (_SEEK_SECONDS if source.require_video().key_frame_seconds else _BLIND_SEEK_SECONDS))


def _marks(inputs: Sequence[WatermarkInput], source: Source, lookup: Lookup) -> tuple[Mark, ...]:
    return read_marks(inputs, lookup, source.duration, still=True)


def _mark_ids(inputs: Sequence[WatermarkInput]) -> list[int]:
    return [item.definition for item in inputs]


def _picture(template: SnapshotTemplate | ImageSpriteTemplate, source: Source) -> Picture:
    return Picture(_frame(template, source), pixel_format=_PIXELS[template.format])


def _frame(template: SnapshotTemplate | ImageSpriteTemplate, source: Source) -> Frame:
    return fit(
        (source.width, source.height), template.width, template.height,
        adaptive=template.resolution_adaptive == "open", fill=template.fill_type, even=template.format != "png",
    )  # fmt: skip


def _image_arguments(image_format: str) -> tuple[str, ...]:
    return ("-f", "image2", "-update", "1", *_ENCODERS[image_format])


def _series_arguments(image_format: str) -> tuple[str, ...]:
    return ("-fps_mode", "passthrough", "-f", "image2", "-start_number", "0", *_ENCODERS[image_format])


def plan_samples(item: Item, source: Source, lookup: Lookup) -> Job | Series:
    """Plan snapshots at a regular distance: by seeking when they are few, else within a pass."""
    wanted: SampleSnapshotInput = item.input
    template: SampleSnapshotTemplate = find(lookup, TemplateKind.SAMPLE_SNAPSHOT, wanted.definition)
    source.require_video()
    every, count = _sampling(template, source)
    marks = _marks(wanted.watermark_set, source, lookup)
    facts = {"sampleType": template.sample_type, "interval": template.sample_interval, "format": template.format,
             "marks": _mark_ids(wanted.watermark_set)}  # fmt: skip
    share = Share(item.number, item.kind, wanted.definition, facts)
    stem = f"sampleSnapshot/sampleSnapshot_{wanted.definition}"
    if count <= SEEK_PICTURES:
        times = [_within(min(place * every, last_frame(source)), source) for place in range(count)]
        return _seeking(share, source, template, stem, times, marks)
    picture = replace(_picture(template, source), marks=marks, every=every, count=count)
    name = f"{item.number}/{stem}_%d.{template.format}"
    output = Output((picture,), False, (*_series_arguments(template.format), name))
    return Series(share, output, every, count)


def plan_sprite(item: Item, source: Source, lookup: Lookup) -> Series:
    """Plan a sprite: small pictures tiled into large ones, in any pass over the video."""
    wanted: ImageSpriteInput = item.input
    template: ImageSpriteTemplate = find(lookup, TemplateKind.IMAGE_SPRITE, wanted.definition)
    source.require_video()
    every, count = _sampling(template, source)
    picture = replace(
        _picture(template, source),
        every=every,
        count=count,
        tail=f"tile={template.column_count}x{template.row_count}",
    )
    name = f"{item.number}/imageSprite/imageSprite_{wanted.definition}_%d.{template.format}"
    facts = {
        "width": picture.frame.width, "height": picture.frame.height, "rows": template.row_count,
        "columns": template.column_count, "every": every, "count": count, "format": template.format,
    }  # fmt: skip
    share = Share(item.number, item.kind, wanted.definition, facts)
    return Series(share, Output((picture,), False, (*_series_arguments(template.format), name)), every, count)


def _sampling(template: SampleSnapshotTemplate | ImageSpriteTemplate, source: Source) -> tuple[float, int]:
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
    """Run a series in a pass of its own: over key frames alone when each of its moments has one."""
    grid = source.require_video().key_frame_grid
    sparse = 0 < grid <= series.every and abs(series.every / grid - round(series.every / grid)) < _EXACT
    options = ("-skip_frame", "nokey") if sparse else ()
    command, assets = build_command(source, [series.output], input_options=options)
    work = WorkClass.LIGHT if sparse else WorkClass.ENCODE
    return Job(f"series-{series.share.number}", work, (series.share,), (command,), assets)


def plan_animation(item: Item, source: Source, lookup: Lookup) -> Job:
    """Plan an animation of a range."""
    wanted: AnimatedGraphicInput = item.input
    template: AnimatedGraphicsTemplate = find(lookup, TemplateKind.ANIMATED_GRAPHICS, wanted.definition)
    source.require_film()
    start, end = clip_range(wanted.start_time_offset, wanted.end_time_offset, source.picture_duration)
    if end - start > _MAX_ANIMATION_SECONDS:
        raise Failure(
            "InvalidInput.InvalidTimeOffset",
            f"an animation may last {_MAX_ANIMATION_SECONDS:g} s; choose a shorter range",
        )
    frame = fit(
        (source.width, source.height), template.width, template.height,
        adaptive=template.resolution_adaptive == "open", fill="stretch", even=False,
    )  # fmt: skip
    name = f"{item.number}/v.f{wanted.definition}.{template.format}"
    if template.format == "gif":
        picture = Picture(
            frame, fps=float(template.fps), until=end - start, pixel_format="rgb24", tail=_palette(item.number)
        )
        options: tuple[str, ...] = ("-f", "gif", "-loop", "0", name)
    else:
        picture = Picture(frame, fps=float(template.fps), until=end - start, pixel_format="yuva420p")
        options = ("-c:v", "libwebp_anim", "-quality", str(template.quality), "-f", "webp", "-loop", "0", name)
    point = _seek_point(start, source)
    output = Output((replace(picture, moment=start - point),), False, options)
    command, assets = build_command(source, [output], seek=point)
    command = replace(command, seconds=max(end - start, 0.001))
    facts = {"start": start, "end": end, "format": template.format, "width": frame.width, "height": frame.height}
    work = WorkClass.LIGHT if end - start <= _LIGHT_ANIMATION_SECONDS else WorkClass.ENCODE
    share = Share(item.number, item.kind, wanted.definition, facts)
    return Job(f"animation-{item.number}", work, (share,), (command,), assets)


def _palette(number: int) -> str:
    """256 colours chosen from the pictures themselves."""
    a, b, c = (f"palette{number}{letter}" for letter in "abc")
    return f"split[{a}][{b}];[{a}]palettegen=stats_mode=diff[{c}];[{b}][{c}]paletteuse=dither=bayer"
