"""Animations: GIF or WebP of a range of the video."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from openvod.base.wire import Wire
from openvod.kinds.failure import Failure, clip_range
from openvod.kinds.fields import Side, Toggle
from openvod.kinds.kind import InfoSet, Json, MediaKind
from openvod.kinds.legacy import definition
from openvod.kinds.names import InfoMember, TemplateKind
from openvod.kinds.plan.geometry import fit
from openvod.kinds.plan.graph import Output, Picture, build_command
from openvod.kinds.plan.model import Encoder, Item, Job, Lookup, Share, Source, WorkClass
from openvod.kinds.plan.pictures import seek_point
from openvod.kinds.plan.video import find
from openvod.kinds.players import nothing_for_players
from openvod.kinds.results import Results, ShareFiles, only_file
from openvod.kinds.templates import TemplateFamily, preset

_LIGHT_ANIMATION_SECONDS = 30.0
_MAX_ANIMATION_SECONDS = 600.0


class AnimatedGraphicInput(Wire):
    """One animation of a range of the video."""

    definition: int
    start_time_offset: float
    end_time_offset: float


class AnimatedGraphicsTemplate(Wire):
    """A short animation."""

    fps: int = Field(ge=1, le=30)
    width: Side = 0
    height: Side = 0
    resolution_adaptive: Toggle = "open"
    format: Literal["gif", "webp"] = "gif"
    quality: int = Field(75, ge=1, le=100)


TEMPLATE = TemplateFamily(
    TemplateKind.ANIMATED_GRAPHICS, AnimatedGraphicsTemplate, noun="AnimatedGraphicsTemplate", quota=16,
    presets=(
        preset(TemplateKind.ANIMATED_GRAPHICS, 20_000, AnimatedGraphicsTemplate(fps=2, format="gif")),
        preset(TemplateKind.ANIMATED_GRAPHICS, 20_001, AnimatedGraphicsTemplate(fps=2, format="webp")),
    ),
)  # fmt: skip


def _plan(item: Item, source: Source, lookup: Lookup, _: Encoder) -> Job:
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
    point = seek_point(start, source)
    output = Output((replace(picture, moment=start - point),), False, options)
    command, assets = build_command(source, [output], seek=point)
    command = replace(command, seconds=max(end - start, 0.001))
    facts = {"start": start, "end": end, "format": template.format, "width": frame.width, "height": frame.height}
    work = WorkClass.LIGHT if end - start <= _LIGHT_ANIMATION_SECONDS else WorkClass.ENCODE
    share = Share(item.number, item.kind, wanted.definition, facts)
    return Job(f"animation-{item.number}", work, (share,), (command,), assets)


def _palette(number: int) -> str:
    """Return a palette of 256 colours made from the pictures."""
    a, b, c = (f"palette{number}{letter}" for letter in "abc")
    return f"split[{a}][{b}];[{a}]palettegen=stats_mode=diff[{c}];[{b}][{c}]paletteuse=dither=bayer"


async def _report(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    name = only_file(files)
    facts, size = share.facts, files.sizes()[name]
    return {
        "Url": results.url(name),
        "Definition": share.definition,
        "Container": facts["format"],
        "Height": facts["height"],
        "Width": facts["width"],
        "Bitrate": round(size * 8 / max(facts["end"] - facts["start"], 0.001)),
        "Size": size,
        "Md5": files.md5(name),
        "StartTimeOffset": facts["start"],
        "EndTimeOffset": facts["end"],
    }


def _legacy_input(given: Json) -> dict[str, Any]:
    return definition(given) | {"startTime": given["StartTimeOffset"], "endTime": given["EndTimeOffset"]}


def _legacy_output(made: Json) -> dict[str, Any]:
    names = {"url": "Url", "container": "Container", "height": "Height", "width": "Width"}
    return {name: made[source] for name, source in names.items()}


KIND = MediaKind(
    name="AnimatedGraphics",
    input=AnimatedGraphicInput,
    input_set="animated_graphic_task_set",
    result="AnimatedGraphicTask",
    template=TEMPLATE,
    plan=_plan,
    report=_report,
    legacy_input=_legacy_input,
    legacy_output=_legacy_output,
    for_players=nothing_for_players,
    media_info=InfoSet(member=InfoMember.ANIMATED_GRAPHICS, name="AnimatedGraphicsSet", with_original=False),
    folder="",
    files=r"v\.f%s\.(?:gif|webp)",
    trial={"StartTimeOffset": 0, "EndTimeOffset": 3},
    sets_cover=False,
    deleted_with=None,
)
