"""Holds what a server answers against what the action declares; every helper that calls an action does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from openvod.surfaces.api.catalogue import declared_actions

Schema = Mapping[str, Any]


def check_answer(name: str, response: Mapping[str, Any]) -> None:
    """Fail unless a successful answer has the members and the types that the action declares, and no others."""
    adapter, schema = _answers()[name]
    members = {member: value for member, value in response.items() if member != "RequestId"}
    adapter.validate_json(json.dumps(members), strict=True)
    undeclared = list(_undeclared(schema, members, schema.get("$defs", {}), name))
    assert not undeclared, undeclared


@cache
def _answers() -> Mapping[str, tuple[TypeAdapter[Any], Schema]]:
    adapters = {action.name: TypeAdapter[Any](action.answer) for action in declared_actions()}
    return {name: (adapter, adapter.json_schema()) for name, adapter in adapters.items()}


def _undeclared(schema: Schema, value: object, known: Mapping[str, Schema], path: str) -> Iterator[str]:
    """Yield the paths of members that a closed type does not have."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    for either in schema.get("anyOf", ()):
        if value is not None:
            yield from _undeclared(either, value, known, path)
    if isinstance(value, list):
        for each in value:
            yield from _undeclared(schema.get("items", {}), each, known, f"{path}[]")
    if isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from _undeclared(schema["properties"][name], inner, known, f"{path}.{name}")
            elif not schema.get("additionalProperties"):
                yield f"{path}.{name}"
