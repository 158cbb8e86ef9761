"""Sprites: small pictures tiled into large ones, and a WebVTT file with their positions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, model_validator

from openvod.base.wire import Wire
from openvod.kinds.fields import ImageFormat, Side, Toggle
from openvod.kinds.kind import InfoSet, Json, MediaKind
from openvod.kinds.legacy import definition
from openvod.kinds.names import InfoMember, TemplateKind
from openvod.kinds.plan.graph import Output
from openvod.kinds.plan.model import Encoder, Item, Lookup, Share, Source
from openvod.kinds.plan.pictures import Series, sampling, series_arguments, still_picture
from openvod.kinds.plan.video import find
from openvod.kinds.players import ForPlayers
from openvod.kinds.playlists import sprite_vtt
from openvod.kinds.results import Results, ShareFiles, nothing_read
from openvod.kinds.templates import TemplateFamily, preset

_SPRITE_SIDE = 15_000


class ImageSpriteInput(Wire):
    """One sprite."""

    definition: int


class ImageSpriteTemplate(Wire):
    """Small pictures tiled into large ones."""

    sample_type: Literal["Percent", "Time"]
    sample_interval: int = Field(ge=1, le=100_000)
    row_count: int = Field(ge=1, le=100)
    column_count: int = Field(ge=1, le=100)
    width: Side = 0
    height: Side = 0
    resolution_adaptive: Toggle = "open"
    fill_type: Literal["stretch", "black"] = "black"
    format: ImageFormat = "jpg"

    @model_validator(mode="after")
    def _fits_a_picture(self) -> ImageSpriteTemplate:
        if self.width * self.column_count > _SPRITE_SIDE or self.height * self.row_count > _SPRITE_SIDE:
            raise ValueError(f"the large picture would exceed {_SPRITE_SIDE} px per side")
        return self


TEMPLATE = TemplateFamily(
    TemplateKind.IMAGE_SPRITE, ImageSpriteTemplate, noun="ImageSpriteTemplate", quota=16,
    presets=(
        preset(TemplateKind.IMAGE_SPRITE, 10, ImageSpriteTemplate(
            sample_type="Time", sample_interval=10, row_count=10, column_count=10, width=142, height=80,
            resolution_adaptive="close")),
    ),
)  # fmt: skip


def _plan(item: Item, source: Source, lookup: Lookup, _: Encoder) -> Series:
    """Plan a sprite: small pictures tiled into large ones, in any pass over the video."""
    wanted: ImageSpriteInput = item.input
    template: ImageSpriteTemplate = find(lookup, TemplateKind.IMAGE_SPRITE, wanted.definition)
    source.require_video()
    every, count = sampling(template, source)
    picture = replace(
        still_picture(template, source),
        every=every,
        count=count,
        tail=f"tile={template.column_count}x{template.row_count}",
    )
    name = f"{item.number}/imageSprite/imageSprite_{wanted.definition}_%d.{template.format}"
    facts = {
        "width": picture.frame.width, "height": picture.frame.height, "rows": template.row_count,
        "columns": template.column_count, "every": every, "count": count,
    }  # fmt: skip
    share = Share(item.number, item.kind, wanted.definition, facts)
    return Series(share, Output((picture,), False, (*series_arguments(template.format), name)), every, count)


async def _report(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    facts = share.facts
    pictures = list(files.sizes())
    if not pictures:
        raise nothing_read()
    vtt = f"imageSprite/imageSprite_{share.definition}.vtt"
    text = sprite_vtt(
        [name.rpartition("/")[2] for name in pictures], count=facts["count"], rows=facts["rows"],
        columns=facts["columns"], width=facts["width"], height=facts["height"], every=facts["every"],
        duration=results.picture_duration,
    )  # fmt: skip
    files.write(vtt, text)
    return {
        "Definition": share.definition,
        "Height": facts["height"],
        "Width": facts["width"],
        "TotalCount": facts["count"],
        "ImageUrlSet": [results.url(name) for name in pictures],
        "WebVttUrl": results.url(vtt),
    }


def _legacy_output(made: Json) -> dict[str, Any]:
    return {"totalCount": made["TotalCount"], "urlList": list(made["ImageUrlSet"]), "webVttUrl": made["WebVttUrl"]}


def _for_players(made: Json, category: str) -> ForPlayers:
    return ForPlayers(sprite=str(made.get("WebVttUrl") or ""))


KIND = MediaKind(
    name="ImageSprites",
    input=ImageSpriteInput,
    input_set="image_sprite_task_set",
    result="ImageSpriteTask",
    template=TEMPLATE,
    plan=_plan,
    report=_report,
    legacy_input=definition,
    legacy_output=_legacy_output,
    for_players=_for_players,
    media_info=InfoSet(member=InfoMember.IMAGE_SPRITES, name="ImageSpriteSet", with_original=False),
    folder="imageSprite",
    files=r"imageSprite/imageSprite_%s[._].+",
    trial={},
    sets_cover=False,
    deleted_with=None,
)
