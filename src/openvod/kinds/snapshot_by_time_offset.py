"""Snapshots at given moments of a video."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from openvod.base.wire import Wire
from openvod.kinds.failure import Failure
from openvod.kinds.fields import FillType, ImageFormat, Side, Toggle
from openvod.kinds.kind import InfoSet, Json, MediaKind
from openvod.kinds.legacy import marked
from openvod.kinds.names import InfoMember, TemplateKind
from openvod.kinds.plan.model import Encoder, Item, Job, Lookup, Share, Source
from openvod.kinds.plan.pictures import mark_ids, moment_of, moment_within, seeking_job, still_marks
from openvod.kinds.plan.video import find
from openvod.kinds.players import nothing_for_players
from openvod.kinds.results import Results, ShareFiles, addresses, nothing_read
from openvod.kinds.templates import TemplateFamily, preset
from openvod.kinds.watermark import WatermarkInput


class SnapshotByTimeOffsetInput(Wire):
    """Snapshots at given moments: ``"3.5s"`` or ``"10%"``; the old set counts milliseconds."""

    definition: int
    ext_time_offset_set: tuple[str, ...] = ()
    time_offset_set: tuple[int, ...] = ()
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)


class SnapshotTemplate(Wire):
    """A picture taken from a video (time-point snapshots and covers)."""

    width: Side = 0
    height: Side = 0
    resolution_adaptive: Toggle = "open"
    format: ImageFormat = "jpg"
    fill_type: FillType = "black"


TEMPLATE = TemplateFamily(
    TemplateKind.SNAPSHOT_BY_TIME_OFFSET, SnapshotTemplate, noun="SnapshotByTimeOffsetTemplate", quota=16,
    presets=(preset(TemplateKind.SNAPSHOT_BY_TIME_OFFSET, 10, SnapshotTemplate(fill_type="stretch")),),
)  # fmt: skip


def _plan(item: Item, source: Source, lookup: Lookup, _: Encoder) -> Job:
    """Plan snapshots at given moments."""
    wanted: SnapshotByTimeOffsetInput = item.input
    template: SnapshotTemplate = find(lookup, TemplateKind.SNAPSHOT_BY_TIME_OFFSET, wanted.definition)
    source.require_video()
    times = [moment_of(text, source) for text in wanted.ext_time_offset_set]
    times += [moment_within(offset / 1000, source) for offset in wanted.time_offset_set]
    if not times:
        raise Failure("InvalidInput.InvalidTimeOffset", 'ExtTimeOffsetSet is empty; give "3.5s" or "10%"')
    share = Share(item.number, item.kind, wanted.definition, {"times": times, "marks": mark_ids(wanted.watermark_set)})
    stem = f"snapshotByTimeOffset/snapshotByTimeOffset_{wanted.definition}"
    return seeking_job(share, source, template, stem, times, still_marks(wanted.watermark_set, source, lookup))


async def _report(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    urls = addresses(files, results)
    if len(urls) != len(share.facts["times"]):
        raise nothing_read()
    moments = zip(share.facts["times"], urls, strict=True)
    return {
        "Definition": share.definition,
        "PicInfoSet": [
            {"TimeOffset": round(moment * 1000), "Url": url, "WaterMarkDefinition": share.facts["marks"]}
            for moment, url in moments
        ],
    }


def _legacy_input(given: Json) -> dict[str, Any]:
    return marked(given) | {"timeOffset": list(given.get("TimeOffsetSet", ()))}


def _legacy_output(made: Json) -> dict[str, Any]:
    return {"imgInfo": [{"timeOffset": shot["TimeOffset"], "url": shot["Url"]} for shot in made["PicInfoSet"]]}


KIND = MediaKind(
    name="SnapshotByTimeOffset",
    input=SnapshotByTimeOffsetInput,
    input_set="snapshot_by_time_offset_task_set",
    result="SnapshotByTimeOffsetTask",
    template=TEMPLATE,
    plan=_plan,
    report=_report,
    legacy_input=_legacy_input,
    legacy_output=_legacy_output,
    for_players=nothing_for_players,
    media_info=InfoSet(member=InfoMember.SNAPSHOTS_BY_TIME_OFFSET, name="SnapshotByTimeOffsetSet", with_original=False),
    folder="snapshotByTimeOffset",
    files=r"snapshotByTimeOffset/snapshotByTimeOffset_%s_.+",
    trial={"ExtTimeOffsetSet": ["10%", "50%"]},
    sets_cover=False,
    deleted_with=None,
)
