"""Values whose members are spelled as on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_pascal
from pydantic_core import PydanticCustomError

from openvod.base.errors import Invalid

#: Characters of a text whose declaration gives no limit of its own, and integers of both databases.
LONGEST_TEXT = 16_384
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def asks_for_nothing(value: object) -> bool:
    """Return whether a member's value changes nothing: empty, zero, switched off, or made of such values alone."""
    if isinstance(value, Mapping):
        switched_off = value.get("Switch") == "OFF" or value.get("Type") == "OFF"
        return switched_off or all(map(asks_for_nothing, value.values()))
    if isinstance(value, list | tuple):
        return all(map(asks_for_nothing, value))
    return value in (None, "", 0, False, "OFF", "0")


class Wire(BaseModel):
    """A value whose members are spelled as on the wire (UpperCamel); unknown members are refused.

    ``not_offered``: members of the original that are not offered here. One that asks for nothing is left out, any other
    is refused by its name.
    """

    not_offered: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True, str_max_length=LONGEST_TEXT
    )

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        """Refuse integers beyond 64 bits: from queries and forms they come as texts of any length."""
        for name, value in self:
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, int) and not _SMALLEST <= each <= _LARGEST:
                    alias = type(self).model_fields[name].alias if name in type(self).model_fields else name
                    raise PydanticCustomError("too_large", "{name} has more than 64 bits", {"name": alias or name})
        return self

    def to_wire(self) -> dict[str, Any]:
        """Return plain JSON values under the wire's names."""
        return self.model_dump(by_alias=True, mode="json")


W = TypeVar("W", bound=Wire)


def offered(model: type[BaseModel], plain: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return ``plain`` without the members that ``model``, or one inside it, does not offer.

    Raises ``Invalid("api.unsupported")``, which names the member, for one that asks for something.
    """
    for name in getattr(model, "not_offered", ()):
        if not asks_for_nothing(plain.get(name)):
            raise Invalid("api.unsupported", f"{path}{name} is not offered; leave it out", field=f"{path}{name}")
    kept = {name: value for name, value in plain.items() if name not in getattr(model, "not_offered", ())}
    kinds = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return {name: _offered(kinds.get(name), value, f"{path}{name}") for name, value in kept.items()}


def _offered(kind: Any, value: Any, path: str) -> Any:
    if isinstance(value, list | tuple):
        return [_offered(kind, each, f"{path}.{number}") for number, each in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    inner = next((each for each in _leaves(kind) if isinstance(each, type) and issubclass(each, BaseModel)), None)
    return offered(inner, value, f"{path}.") if inner else value


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
        return model.model_validate(with_numbers(model, offered(model, plain)))
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
