"""Snapshots at a regular distance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from openvod.base.wire import Wire
from openvod.kinds.kind import InfoSet, Json, MediaKind
from openvod.kinds.legacy import marked
from openvod.kinds.names import InfoMember, TemplateKind
from openvod.kinds.plan.graph import Output
from openvod.kinds.plan.model import Encoder, Item, Job, Lookup, Share, Source
from openvod.kinds.plan.pictures import (
    Series,
    last_frame,
    mark_ids,
    moment_within,
    sampling,
    seeking_job,
    series_arguments,
    still_marks,
    still_picture,
)
from openvod.kinds.plan.video import find
from openvod.kinds.players import nothing_for_players
from openvod.kinds.results import Results, ShareFiles, addresses
from openvod.kinds.snapshot_by_time_offset import SnapshotTemplate
from openvod.kinds.templates import TemplateFamily, preset
from openvod.kinds.watermark import WatermarkInput

#: Up to this many pictures are made by seeking: the cost of a seek does not grow with the video.
SEEK_PICTURES = 12


class SampleSnapshotInput(Wire):
    """Snapshots at a regular distance."""

    definition: int
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)


class SampleSnapshotTemplate(SnapshotTemplate):
    """Pictures at a regular distance, in percent of the duration or in seconds; the first frame comes first."""

    sample_type: Literal["Percent", "Time"]
    sample_interval: int = Field(ge=1, le=100_000)


TEMPLATE = TemplateFamily(
    TemplateKind.SAMPLE_SNAPSHOT, SampleSnapshotTemplate, noun="SampleSnapshotTemplate", quota=16,
    presets=(
        preset(TemplateKind.SAMPLE_SNAPSHOT, 10, SampleSnapshotTemplate(sample_type="Percent", sample_interval=10)),
    ),
)  # fmt: skip


def _plan(item: Item, source: Source, lookup: Lookup, _: Encoder) -> Job | Series:
    """Plan snapshots at a regular distance: by seeking when they are few, else within a pass."""
    wanted: SampleSnapshotInput = item.input
    template: SampleSnapshotTemplate = find(lookup, TemplateKind.SAMPLE_SNAPSHOT, wanted.definition)
    source.require_video()
    every, count = sampling(template, source)
    marks = still_marks(wanted.watermark_set, source, lookup)
    facts = {"sampleType": template.sample_type, "interval": template.sample_interval,
             "marks": mark_ids(wanted.watermark_set)}  # fmt: skip
    share = Share(item.number, item.kind, wanted.definition, facts)
    stem = f"sampleSnapshot/sampleSnapshot_{wanted.definition}"
    if count <= SEEK_PICTURES:
        times = [moment_within(min(place * every, last_frame(source)), source) for place in range(count)]
        return seeking_job(share, source, template, stem, times, marks)
    picture = replace(still_picture(template, source), marks=marks, every=every, count=count)
    name = f"{item.number}/{stem}_%d.{template.format}"
    output = Output((picture,), False, (*series_arguments(template.format), name))
    return Series(share, output, every, count)


async def _report(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    return {
        "Definition": share.definition,
        "SampleType": share.facts["sampleType"],
        "Interval": share.facts["interval"],
        "ImageUrlSet": addresses(files, results),
        "WaterMarkDefinition": share.facts["marks"],
    }


def _legacy_output(made: Json) -> dict[str, Any]:
    return {"imageUrls": list(made["ImageUrlSet"])}


KIND = MediaKind(
    name="SampleSnapshot",
    input=SampleSnapshotInput,
    input_set="sample_snapshot_task_set",
    result="SampleSnapshotTask",
    template=TEMPLATE,
    plan=_plan,
    report=_report,
    legacy_input=marked,
    legacy_output=_legacy_output,
    for_players=nothing_for_players,
    media_info=InfoSet(member=InfoMember.SAMPLE_SNAPSHOTS, name="SampleSnapshotSet", with_original=False),
    folder="sampleSnapshot",
    files=r"sampleSnapshot/sampleSnapshot_%s_.+",
    trial={},
    sets_cover=False,
    deleted_with=None,
)
