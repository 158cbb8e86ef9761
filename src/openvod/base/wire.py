"""Values whose members are spelled as on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

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


def read_wire(model: type[W], plain: Mapping[str, Any], code: str) -> W:
    """Validate wire members; ``Invalid(code)`` names the first wrong one and what it must be."""
    try:
        return model.model_validate(plain)
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
