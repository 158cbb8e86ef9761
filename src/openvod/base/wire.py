"""Values whose members are spelled as on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_pascal

from openvod.base.errors import Invalid


class Wire(BaseModel):
    """A value whose members are spelled as on the wire (UpperCamel); unknown members are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True, str_max_length=2_100_000
    )

    def to_wire(self) -> dict[str, Any]:
        """Return plain JSON values under the wire's names."""
        return self.model_dump(by_alias=True, mode="json")


W = TypeVar("W", bound=Wire)


def with_numbers(model: type[Wire], plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``plain`` with numbers for texts where a member of ``model`` is one of some numbers.

    Queries and forms have texts only. Pydantic reads a number from a text, but compares ``Literal[…]`` as it is.
    """
    kinds = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return {name: _with_numbers(tuple(_leaves(kinds.get(name))), value) for name, value in plain.items()}


def _with_numbers(kinds: Sequence[Any], value: Any) -> Any:
    if isinstance(value, str):
        choices = (each for kind in kinds if get_origin(kind) is Literal for each in get_args(kind))
        return next((each for each in choices if isinstance(each, int) and str(each) == value), value)
    if isinstance(value, list):
        return [_with_numbers(kinds, each) for each in value]
    if isinstance(value, Mapping):
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Wire)), None)
        return with_numbers(inner, value) if inner else value
    return value


def _leaves(annotation: Any) -> Iterator[Any]:
    """Yield the types and choices that an annotation such as ``tuple[Model, ...] | None`` is made of."""
    if get_origin(annotation) is Literal or not get_args(annotation):
        yield annotation
        return
    for each in get_args(annotation):
        yield from _leaves(each)


def read_wire(model: type[W], plain: Mapping[str, Any], code: str) -> W:
    """Validate wire members; ``Invalid(code)`` names the first wrong one and what it must be."""
    try:
        return model.model_validate(with_numbers(model, plain))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise Invalid(code, f"{field or model.__name__}: {reason}", field=field, problem=first["type"]) from error


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``changes``, nested objects member by member; null and empty texts change nothing."""
    result = dict(base)
    for name, value in changes.items():
        if value is None or value == "":
            continue
        inner = result.get(name)
        result[name] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result
