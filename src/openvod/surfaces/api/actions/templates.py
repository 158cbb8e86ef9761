"""Templates of every kind, by one pattern (``procedures-and-api.md`` 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import GenericAlias
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypedDict

from openvod.events.codec import iso_time
from openvod.kinds.names import TemplateKind
from openvod.kinds.registry import FAMILIES
from openvod.kinds.streams import TranscodeTemplate
from openvod.kinds.templates import Template, TemplateFamily
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
from openvod.tasks.service import TaskService

_Definition = Annotated[int, Field(ge=1, description="The template's id.")]
_Definitions = Annotated[tuple[int, ...], Field(max_length=100, description="Only those with these ids.")]


_CODES = {
    "template.unknown": "ResourceNotFound.TemplateNotExist",
    "template.preset": "InvalidParameterValue.ModifyDefaultTemplate",
}
#: Fields that have a code of their own (5).
_FIELDS = frozenset(
    ("Codec", "Bitrate", "Fps", "Width", "Height", "Format", "FillType", "Container", "SampleType", "SampleInterval",
     "RowCount", "ColumnCount", "XPos", "YPos", "CoordinateOrigin", "Quality", "ResolutionAdaptive",
     "RemoveAudio", "RemoveVideo", "AudioBitrate", "AudioChannel", "AudioCodec", "AudioSampleRate", "VideoBitrate",
     "VideoCodec", "Vcrf", "DrmType", "DisableHigherVideoBitrate", "Labels")
)  # fmt: skip
_LISTING_ERRORS = ("InvalidParameterValue.Definitions", "InvalidParameterValue.Limit", "InvalidParameterValue.Type")


class Body(Request):
    """Parameters of Create: those of the template's kind beside these; the template's own declaration checks them."""

    model_config = ConfigDict(extra="allow")

    name: str = Field("", max_length=64, description="Display name.")
    comment: str = Field("", max_length=256, description="Remark.")

    @field_validator("sub_app_id", mode="before")
    @classmethod
    def _numeric(cls, value: object) -> object:
        """CreateReviewTemplate declares SubAppId as a text (5.1)."""
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class Change(Body):
    """Parameters of Modify: those that change."""

    definition: _Definition


class Deletion(Request):
    """Parameters of Delete."""

    definition: _Definition


class Listing(Request):
    """Parameters of Describe."""

    definitions: _Definitions = ()
    type: Literal["", "Preset", "Custom"] = Field("", description="Only presets, or only an application's own.")
    offset: Offset = 0
    limit: Limit = 10


class TranscodeListing(Listing):
    """Parameters of DescribeTranscodeTemplates."""

    container_type: Literal["", "Video", "PureAudio"] = Field("", description="Only those with, or without, pictures.")
    tehd_type: Literal["", "Common", "TEHD"] = Field("", alias="TEHDType", description="Only those of one encoding.")
    enhance_type: Literal["", "None", "VideoEnhance", "AudioEnhance", "AudioVideoEnhance", "AnyEnhance"] = Field(
        "", description="Only those that enhance; no template does."
    )
    enhance_scenario_type: str = Field("", max_length=40, description="Only those that enhance so; no template does.")


class CreatedTemplate(TypedDict):
    """The answer of Create."""

    Definition: Annotated[int, Field(description="the template's id")]


def row_type(kind: TemplateKind) -> Any:
    """Return the type of a kind's rows: the members of its body between those that all have; an id may be a text."""
    body = {field.alias or name: field.annotation for name, field in FAMILIES[kind].body.model_fields.items()}
    extra, definition = ({"ContainerType": str}, str) if kind is TemplateKind.TRANSCODE else ({}, int)
    head = {"Definition": definition, "Type": str, "Name": str, "Comment": str}
    return _typed(f"{kind.value}TemplateRow", {**head, **body, **extra, "CreateTime": str, "UpdateTime": str})


def _listing_type(family: TemplateFamily) -> Any:
    listed: Any = GenericAlias(list, (row_type(family.kind),))
    rows = {family.members: Annotated[listed, Field(description="the templates")]}
    return _typed(f"{family.kind.value}Templates", {"TotalCount": TotalCount} | rows)


#: Type checkers want the names that a ``TypedDict`` is made of as literals; these follow from the bodies.
_typed: Any = TypedDict


class TemplateActions:
    """Carries the actions out for every family."""

    def __init__(self, tasks: TaskService) -> None:
        self._tasks = tasks

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        return tuple(action for family in FAMILIES.values() if family.noun for action in self._family(family))

    def _family(self, family: TemplateFamily) -> Sequence[Action[Any, Any]]:
        kind, noun = family.kind, family.noun

        async def create(caller: Caller, asked: Body) -> CreatedTemplate:
            made = await self._tasks.create_template(
                caller.sub_app_id, kind, dict(asked.model_extra or {}), name=asked.name, comment=asked.comment
            )
            return {"Definition": made.definition}

        async def modify(caller: Caller, asked: Change) -> Nothing:
            sent = asked.model_fields_set
            await self._tasks.modify_template(
                caller.sub_app_id, kind, asked.definition, dict(asked.model_extra or {}),
                name=asked.name if "name" in sent else None, comment=asked.comment if "comment" in sent else None,
            )  # fmt: skip
            return {}

        async def delete(caller: Caller, asked: Deletion) -> Nothing:
            await self._tasks.delete_template(caller.sub_app_id, kind, asked.definition)
            return {}

        async def describe(caller: Caller, asked: Listing) -> dict[str, Any]:
            found = [t for t in await self._tasks.templates(caller.sub_app_id, kind) if _is_wanted(t, asked)]
            page = found[asked.offset : asked.offset + asked.limit]
            return {"TotalCount": len(found), family.members: [template_row(each) for each in page]}

        codes = _CODES | {"template.quota": family.full}
        delete_codes = codes | {"template.preset": "InvalidParameterValue.DeleteDefaultTemplate"}
        listing, extra = Listing, tuple[str, ...]()
        if kind is TemplateKind.TRANSCODE:
            listing, extra = (
                TranscodeListing,
                (
                    "InvalidParameterValue.ContainerType",
                    "InvalidParameterValue.TEHDType",
                    "InvalidParameterValue.EnhanceType",
                ),
            )
        changing = (Group.PROCESS, Role.OPERATOR, Audit.LOGGED)
        fields, unknown = field_errors(kind), codes["template.unknown"]
        return (
            Action(f"Create{noun}", f"Create a {kind.value} template.", *changing, Body, CreatedTemplate, create,
                   (codes["template.quota"], *fields), codes, also=family.body),
            Action(f"Modify{noun}", f"Change a {kind.value} template.", *changing, Change, Nothing, modify,
                   (unknown, codes["template.preset"], *fields), codes, also=family.body),
            Action(f"Delete{noun}", f"Delete a {kind.value} template.", *changing, Deletion, Nothing, delete,
                   (unknown, delete_codes["template.preset"]), delete_codes),
            Action(f"Describe{noun}s", f"List {kind.value} templates.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED,
                   listing, _listing_type(family), describe, (*_LISTING_ERRORS, *extra)),
        )  # fmt: skip


def field_errors(kind: TemplateKind) -> tuple[str, ...]:
    """Return the codes of wrong fields of a kind: those of :data:`_FIELDS` that its body has at any depth."""
    names = {"Name", "Comment"} | (_names_in(FAMILIES[kind].body) & _FIELDS)
    return tuple(f"InvalidParameterValue.{name}" for name in sorted(names))


def _names_in(model: type[BaseModel], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for field in model.model_fields.values():
        name = str(field.alias)
        names |= {name, f"{prefix}{name}"}
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                names |= _names_in(inner, name.removesuffix("Template"))
    return names


def _is_wanted(template: Template, asked: Listing) -> bool:
    if asked.definitions and template.definition not in asked.definitions:
        return False
    if asked.type and (asked.type == "Preset") != template.preset:
        return False
    return not isinstance(asked, TranscodeListing) or _is_encoded_so(template.body, asked)


def _is_encoded_so(body: TranscodeTemplate, asked: TranscodeListing) -> bool:
    if asked.container_type and (asked.container_type == "PureAudio") != body.audio_only:
        return False
    if asked.enhance_type not in ("", "None") or asked.enhance_scenario_type:
        return False
    return not asked.tehd_type or (asked.tehd_type == "TEHD") == (body.tehd_config.type != "OFF")


def template_row(template: Template) -> Mapping[str, Any]:
    """Return a template as Describe answers it; a transcode's id is a text (2.4)."""
    body = template.body.to_wire()
    extra: dict[str, Any] = {}
    if template.kind is TemplateKind.TRANSCODE:
        extra = {"ContainerType": "PureAudio" if template.body.audio_only else "Video"}
    return {
        "Definition": str(template.definition) if template.kind is TemplateKind.TRANSCODE else template.definition,
        "Type": "Preset" if template.preset else "Custom",
        "Name": template.name,
        "Comment": template.comment,
        **body,
        **extra,
        "CreateTime": iso_time(template.created_at),
        "UpdateTime": iso_time(template.updated_at),
    }
