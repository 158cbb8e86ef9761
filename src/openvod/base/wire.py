"""Values whose members are spelled as on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.alias_generators import to_pascal

from openvod.base.errors import Invalid

#: Context of a validation whose values may be texts, as queries and forms have them.
AS_TEXT = object()


class Wire(BaseModel):
    """A value whose members are spelled as on the wire (UpperCamel); unknown members are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True, str_max_length=2_100_000
    )

    @field_validator("*", mode="before")
    @classmethod
    def _choice_of_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Read a text as one of a field's numbers where texts stand for values; Pydantic compares choices as they are."""
        if info.context is not AS_TEXT or not isinstance(value, str) or info.field_name is None:
            return value
        choices = _numbers(cls.model_fields[info.field_name].annotation)
        return next((number for number in choices if str(number) == value), value)

    def to_wire(self) -> dict[str, Any]:
        """Return plain JSON values under the wire's names."""
        return self.model_dump(by_alias=True, mode="json")


W = TypeVar("W", bound=Wire)


@cache
def _numbers(annotation: Any) -> tuple[int, ...]:
    """Return the numbers among the choices of ``Literal[…]``, also inside an optional or annotated type."""
    if get_origin(annotation) is Literal:
        return tuple(each for each in get_args(annotation) if isinstance(each, int))
    return tuple(number for each in get_args(annotation) for number in _numbers(each))


def read_wire(model: type[W], plain: Mapping[str, Any], code: str) -> W:
    """Validate wire members; ``Invalid(code)`` names the first wrong one and what it must be."""
    try:
        return model.model_validate(plain, context=AS_TEXT)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise Invalid(code, f"{field or model.__name__}: {reason}", field=field) from error


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``changes``, nested objects member by member; null and empty texts change nothing."""
    result = dict(base)
    for name, value in changes.items():
        if value is None or value == "":
            continue
        inner = result.get(name)
        result[name] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result
