"""Shapes that the routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Json(BaseModel):
    """A value whose members are spelled lowerCamel; unknown members are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )  # fmt: skip


class Problem(Json):
    """Why something was refused."""

    code: str = Field(description="Stable, dotted by subject.")
    message: str = Field(description="What is wrong and what to do.")
    field: str = Field("", description="The parameter that is wrong, empty where none is.")
    api_code: str = Field("", description="Of actions: the server API's code.")


class Done(Json):
    """The request succeeded; there is no further result."""

    ok: bool = True


SubAppId = Annotated[int, Query(alias="subAppId", ge=0, lt=2**62, description="Application; 0 is the main one.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str, Query(max_length=300, description="`nextCursor` of the page before; empty: the first page.")]
