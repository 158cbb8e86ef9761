"""Watermark templates (``procedures-and-api.md`` 5, 5.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from openvod.base.errors import Invalid
from openvod.base.wire import Wire
from openvod.events.codec import iso_time
from openvod.kinds.fields import Corner, Length
from openvod.kinds.names import TemplateKind
from openvod.kinds.templates import Template
from openvod.kinds.watermark import SvgTemplate, TextTemplate
from openvod.processing.watermarks import Watermarks
from openvod.surfaces.api.actions.templates import field_errors
from openvod.surfaces.api.declaration import (
    Action,
    Audit,
    Caller,
    Group,
    Limit,
    Nothing,
    Offset,
    Request,
    Role,
    TotalCount,
)

_CONTENT_CHARACTERS = 10_000_000
_MOST_PIXELS, _LEAST_PIXELS = 4096, 8
_CODES = {
    "template.image_format": "InvalidParameterValue.PicFormatError",
    "template.image_decode": "InvalidParameterValue.ImageDecodeError",
    "template.image": "InvalidParameterValue.ImageContent",
    "template.quota": "LimitExceeded.TooMuchTemplate",
    "template.unknown": "ResourceNotFound.TemplateNotExist",
}
_IMAGE_ERRORS = tuple(_CODES[code] for code in ("template.image_format", "template.image_decode", "template.image"))


def _sized(value: str) -> str:
    """Pixels lie within 8 and 4096; 0px keeps the picture's shape (5.1)."""
    if value.endswith("px") and value != "0px" and not _LEAST_PIXELS <= float(value[:-2]) <= _MOST_PIXELS:
        raise ValueError(f"must be 0px or lie between {_LEAST_PIXELS}px and {_MOST_PIXELS}px")
    return value


Size = Annotated[Length, AfterValidator(_sized)]
Content = Annotated[str, Field(max_length=_CONTENT_CHARACTERS, description="The picture in base64: JPEG, PNG or GIF.")]


class ImageInput(Wire):
    """A picture and its size; the content may be left out when the picture stays."""

    image_content: Content = ""
    width: Size = Field("10%", description="In percent of the video, or 8px to 4096px.")
    height: Size = Field("0px", description="As Width; 0px keeps the shape.")
    repeat_type: Literal["once", "repeat_last_frame", "repeat"] = Field("repeat", description="For moving pictures.")
    transparency: int = Field(0, ge=0, le=100, description="0 is opaque.")


class Placed(Request):
    """Parameters that Create and Modify share."""

    name: str = Field("", max_length=64, description="Display name.")
    comment: str = Field("", max_length=256, description="Remark.")
    coordinate_origin: Corner = Field("TopLeft", description="The corner that positions are measured from.")
    x_pos: Length = Field("0px", description="Distance inwards, such as 10% or 100px.")
    y_pos: Length = Field("0px", description="Distance inwards, such as 10% or 100px.")
    image_template: ImageInput | None = Field(None, description="For type image.")
    text_template: TextTemplate | None = Field(None, description="For type text.")
    svg_template: SvgTemplate | None = Field(None, description="For type svg.")

    def members(self) -> dict[str, Any]:
        """Return what was sent of the template's body, without the picture."""
        plain = self.model_dump(
            by_alias=True, mode="json", exclude_unset=True,
            include={"type", "coordinate_origin", "x_pos", "y_pos", "image_template", "text_template", "svg_template"},
        )  # fmt: skip
        (plain.get("ImageTemplate") or {}).pop("ImageContent", None)
        return plain

    def picture(self) -> bytes | None:
        """Return the picture sent; ``Invalid("template.image")`` when it is not Base64."""
        if self.image_template is None or not self.image_template.image_content:
            return None
        try:
            return base64.b64decode("".join(self.image_template.image_content.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Invalid("template.image", "ImageContent is no base64; encode the file's bytes") from error


class CreateWatermarkTemplate(Placed):
    """Parameters of CreateWatermarkTemplate."""

    type: Literal["image", "text", "svg"] = Field(description="Its type, which stays.")


class ModifyWatermarkTemplate(Placed):
    """Parameters of ModifyWatermarkTemplate: those that change."""

    definition: int = Field(ge=1, description="The template's id.")


class DeleteWatermarkTemplate(Request):
    """Parameters of DeleteWatermarkTemplate."""

    definition: int = Field(ge=1, description="The template's id.")


class DescribeWatermarkTemplates(Request):
    """Parameters of DescribeWatermarkTemplates."""

    definitions: tuple[int, ...] = Field((), max_length=100, description="Only those with these ids.")
    type: Literal["", "image", "text", "svg"] = Field("", description="Only those of this type.")
    offset: Offset = 0
    limit: Limit = 10


class CreatedWatermark(TypedDict):
    """The answer of CreateWatermarkTemplate."""

    Definition: Annotated[int, Field(description="the template's id")]
    ImageUrl: Annotated[str, Field(description="address of the picture, empty without one")]


class ModifiedWatermark(TypedDict):
    """The answer of ModifyWatermarkTemplate."""

    ImageUrl: Annotated[str, Field(description="address of the picture if one was sent, else empty")]


class WatermarkImage(TypedDict):
    """A picture, where it is and how it is shown."""

    ImageUrl: str
    Width: str
    Height: str
    RepeatType: str
    Transparency: int


class WatermarkTemplateRow(TypedDict):
    """A watermark template."""

    Definition: int
    Name: str
    Comment: str
    Type: str
    CoordinateOrigin: str
    XPos: str
    YPos: str
    ImageTemplate: WatermarkImage | None
    TextTemplate: TextTemplate | None
    SvgTemplate: SvgTemplate | None
    CreateTime: str
    UpdateTime: str


class WatermarkTemplates(TypedDict):
    """The answer of DescribeWatermarkTemplates."""

    TotalCount: TotalCount
    WatermarkTemplateSet: Annotated[list[WatermarkTemplateRow], Field(description="the templates")]


class WatermarkActions:
    """Carries the actions out; ``url`` makes an address of a picture's key."""

    def __init__(self, watermarks: Watermarks, url: Callable[[str], str]) -> None:
        self._watermarks = watermarks
        self._url = url

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        fields = ("InvalidParameterValue.Type", *field_errors(TemplateKind.WATERMARK))
        return (
            Action(
                "CreateWatermarkTemplate", "Create a watermark template.", Group.PROCESS, Role.OPERATOR, Audit.LOGGED,
                CreateWatermarkTemplate, CreatedWatermark, self._create,
                ("LimitExceeded.TooMuchTemplate", *_IMAGE_ERRORS, *fields), _CODES,
            ),
            Action(
                "ModifyWatermarkTemplate", "Change a watermark template.", Group.PROCESS, Role.OPERATOR, Audit.LOGGED,
                ModifyWatermarkTemplate, ModifiedWatermark, self._modify,
                ("ResourceNotFound.TemplateNotExist", *_IMAGE_ERRORS, *fields), _CODES,
            ),
            Action(
                "DeleteWatermarkTemplate", "Delete a watermark template with its picture.", Group.PROCESS,
                Role.OPERATOR, Audit.LOGGED, DeleteWatermarkTemplate, Nothing, self._delete,
                ("ResourceNotFound", "InvalidParameterValue.Definition"),
                {"template.unknown": "ResourceNotFound"},
            ),
            Action(
                "DescribeWatermarkTemplates", "List watermark templates.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED,
                DescribeWatermarkTemplates, WatermarkTemplates, self._describe,
                ("InvalidParameterValue.Definitions", "InvalidParameterValue.Limit", "InvalidParameterValue.Type"),
            ),
        )  # fmt: skip

    async def _create(self, caller: Caller, asked: CreateWatermarkTemplate) -> CreatedWatermark:
        picture = asked.picture()
        if asked.type == "image" and picture is None:
            raise Invalid("api.missing", "parameter ImageTemplate.ImageContent is missing")
        for member in ("image", "text", "svg"):
            if member != asked.type and getattr(asked, f"{member}_template") is not None:
                raise Invalid("api.value", f"a watermark of type {asked.type} has no {member.capitalize()}Template")
        made = await self._watermarks.create(
            caller.sub_app_id, asked.members(), picture, name=asked.name, comment=asked.comment
        )
        return {"Definition": made.definition, "ImageUrl": self._picture_url(made)}

    async def _modify(self, caller: Caller, asked: ModifyWatermarkTemplate) -> ModifiedWatermark:
        picture, sent = asked.picture(), asked.model_fields_set
        changed = await self._watermarks.modify(
            caller.sub_app_id, asked.definition, asked.members(), picture,
            name=asked.name if "name" in sent else None, comment=asked.comment if "comment" in sent else None,
        )  # fmt: skip
        return {"ImageUrl": self._picture_url(changed) if picture else ""}

    async def _delete(self, caller: Caller, asked: DeleteWatermarkTemplate) -> Nothing:
        await self._watermarks.delete(caller.sub_app_id, asked.definition)
        return {}

    async def _describe(self, caller: Caller, asked: DescribeWatermarkTemplates) -> WatermarkTemplates:
        listed = await self._watermarks.listed(caller.sub_app_id)
        found = [
            each
            for each in listed
            if (not asked.definitions or each.definition in asked.definitions) and asked.type in ("", each.body.type)
        ]
        page = found[asked.offset : asked.offset + asked.limit]
        return {"TotalCount": len(found), "WatermarkTemplateSet": [self._row(each) for each in page]}

    def _picture_url(self, template: Template) -> str:
        image = template.body.image_template
        return self._url(image.image_key) if image else ""

    def _row(self, template: Template) -> WatermarkTemplateRow:
        body = template.body.to_wire()
        if body["ImageTemplate"]:
            shown = {name: value for name, value in body["ImageTemplate"].items() if name != "ImageKey"}
            body["ImageTemplate"] = {"ImageUrl": self._picture_url(template), **shown}
        row = {
            "Definition": template.definition,
            "Name": template.name,
            "Comment": template.comment,
            **body,
            "CreateTime": iso_time(template.created_at),
            "UpdateTime": iso_time(template.updated_at),
        }
        return cast("WatermarkTemplateRow", row)
