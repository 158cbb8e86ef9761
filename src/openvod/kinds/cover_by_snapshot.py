"""A snapshot that becomes the file's cover."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from openvod.base.wire import Wire
from openvod.kinds.kind import Json, MediaKind
from openvod.kinds.legacy import marked
from openvod.kinds.names import PartType, TemplateKind
from openvod.kinds.plan.graph import Output, build_command
from openvod.kinds.plan.model import Encoder, Item, Job, Lookup, Share, Source
from openvod.kinds.plan.pictures import image_arguments, moment_of, seeking_job, still_marks, still_picture
from openvod.kinds.plan.video import find
from openvod.kinds.players import nothing_for_players
from openvod.kinds.results import Results, ShareFiles, addresses
from openvod.kinds.snapshot_by_time_offset import TEMPLATE, SnapshotTemplate
from openvod.kinds.watermark import WatermarkInput

#: Seconds searched for a cover at the beginning.
_CONTENT_SECONDS = 10.0


class CoverBySnapshotInput(Wire):
    """A snapshot that becomes the cover; ``position_value`` in seconds or percent."""

    definition: int
    position_type: Literal["Time", "Percent"]
    position_value: float = Field(ge=0)
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)


def _plan(item: Item, source: Source, lookup: Lookup, _: Encoder) -> Job:
    """Plan the snapshot that becomes the cover; at second 0, use the first picture with content."""
    wanted: CoverBySnapshotInput = item.input
    template: SnapshotTemplate = find(lookup, TemplateKind.SNAPSHOT_BY_TIME_OFFSET, wanted.definition)
    source.require_video()
    unit = "%" if wanted.position_type == "Percent" else "s"
    times = [moment_of(f"{wanted.position_value:g}{unit}", source)]
    share = Share(item.number, item.kind, wanted.definition, {"times": times})
    stem = f"coverBySnapshot/coverBySnapshot_{wanted.definition}"
    marks = still_marks(wanted.watermark_set, source, lookup)
    job = seeking_job(share, source, template, stem, times, marks)
    if times[0] or source.probe.category == "Image":
        return job
    # Search for the first picture with content; if there is none in this range, use the first picture.
    picture = replace(still_picture(template, source), marks=marks, content=True)
    name = f"{item.number}/{stem}_0.{template.format}"
    output = Output((picture,), False, (*image_arguments(template.format), "-frames:v", "1", name))
    command = build_command(source, [output], input_options=("-t", f"{_CONTENT_SECONDS:g}"))[0]
    return replace(job, commands=(*job.commands, replace(command, seconds=1.0)))


async def _report(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    return {"CoverUrl": addresses(files, results)[0]}


def _legacy_input(given: Json) -> dict[str, Any]:
    return marked(given) | {"positionType": given["PositionType"], "position": given["PositionValue"]}


def _legacy_output(made: Json) -> dict[str, Any]:
    return {"imageUrl": made["CoverUrl"]}


KIND = MediaKind(
    name="CoverBySnapshot",
    input=CoverBySnapshotInput,
    input_set="cover_by_snapshot_task_set",
    result="CoverBySnapshotTask",
    template=TEMPLATE,
    plan=_plan,
    report=_report,
    legacy_input=_legacy_input,
    legacy_output=_legacy_output,
    for_players=nothing_for_players,
    media_info=None,
    folder="coverBySnapshot",
    files=r"coverBySnapshot/coverBySnapshot_%s_.+",
    trial=None,
    sets_cover=True,
    deleted_with=PartType.TRANSCODES,
)
