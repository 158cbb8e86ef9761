"""``/api/openapi.json``: the description of every route, actions from their declarations (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from openvod.access.account_model import Role
from openvod.surfaces.api.declaration import Action
from openvod.surfaces.console_api.actions import PREFIX
from openvod.surfaces.console_api.guard import CSRF_HEADER, ROLE_OF_GUARD
from openvod.surfaces.console_api.model import Problem
from openvod.surfaces.console_api.stream import LiveEnd, LiveEvent, LiveReviews

Schema = dict[str, Any]
_MODE: JsonSchemaMode = "validation"
_REFERENCE = "#/components/schemas/{model}"
_ABOUT = f"""\
The console's API, which users' own tools may call as well. Sign in (`POST /api/v1/session`) or send an access token
(`Authorization: Bearer ovt_…`). With a session, every change needs the header `{CSRF_HEADER}`. `x-role` names the least
role that a call asks for; without it, anybody may call. Refusals are `Problem` objects.
"""


def describe(app: FastAPI, actions: Sequence[Action[Any, Any]], version: str) -> Schema:
    """Return the description."""
    document: Schema = get_openapi(title="OpenVOD", version=version, description=_ABOUT, routes=app.routes)
    schemas: Schema = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for model in (Problem, LiveEvent, LiveReviews, LiveEnd):
        schemas[model.__name__] = model.model_json_schema(mode="serialization")
    for route in api_routes(app):
        operation = document["paths"][route.path][next(iter(route.methods or ())).lower()]
        _finish(operation, role_of(route))
    answers = _answers(schemas, actions)
    for action in actions:
        operation = document["paths"][PREFIX + action.name]["post"]
        _describe_action(operation, schemas, action, answers[action.name])
    return document


def api_routes(app: FastAPI) -> Iterator[APIRoute]:
    """Yield the routes that the description lists."""
    return (route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema)


def role_of(route: APIRoute) -> Role | None:
    """Return the role that a route asks for; ``None`` where anybody may call."""
    if route.openapi_extra and "x-role" in route.openapi_extra:
        return Role(route.openapi_extra["x-role"])
    found = [ROLE_OF_GUARD[call] for call in _calls(route.dependant) if call in ROLE_OF_GUARD]
    return max(found, key=list(Role).index, default=None)


def _calls(dependant: Dependant) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)


def _finish(operation: Schema, role: Role | None) -> None:
    """Say how a call is refused and who may make it."""
    responses = operation["responses"]
    responses.pop("422", None)
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses["default"] = {"description": "Refused.", "content": refused}
    if role:
        operation["x-role"] = role.value
        operation["security"] = [{"session": []}, {"token": []}]


class _Untitled(GenerateJsonSchema):
    """Members without titles, which would only repeat their names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """See the base."""
        return False


def _answers(schemas: Schema, actions: Sequence[Action[Any, Any]]) -> Mapping[str, Schema]:
    """Return the schema of each action's answer, and put what they refer to among the schemas."""
    adapters = [(action.name, _MODE, TypeAdapter(action.answer)) for action in actions]
    found, inner = TypeAdapter.json_schemas(adapters, ref_template=_REFERENCE, schema_generator=_Untitled)
    named: Schema = inner.get("$defs", {})
    answers = {name: _resolved(schema, named) for (name, _), schema in found.items()}
    whole = {id(schema) for schema in answers.values()}
    for name, schema in named.items():
        if id(schema) in whole:
            continue
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas have the name {name}; rename the type of the answer")
    return answers


def _resolved(schema: Schema, named: Schema) -> Schema:
    """Return what a schema refers to, where it only refers."""
    found: Schema = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _describe_action(operation: Schema, schemas: Schema, action: Action[Any, Any], answer: Schema) -> None:
    wanted = _named(schemas, f"{action.name}Request", action.request)
    if action.also:
        wanted = {"allOf": [wanted, _named(schemas, f"{action.name}Members", action.also)]}
    members = answer["properties"] | {"RequestId": {"type": "string", "description": "names the call in logs"}}
    schemas[f"{action.name}Response"] = {"type": "object", "properties": members, "required": list(members)}
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": wanted}}}
    reference = {"$ref": _REFERENCE.format(model=f"{action.name}Response")}
    operation["responses"]["200"] = {
        "description": "Carried out.", "content": {"application/json": {"schema": reference}}
    }  # fmt: skip
    operation["x-errors"] = sorted(set(action.errors))


def _named(schemas: Schema, name: str, model: type[BaseModel]) -> Schema:
    """Put a model among the schemas, and what it refers to under names of its own: modules share names."""
    prefix = name.removesuffix("Request")
    schema = model.model_json_schema(ref_template=f"#/components/schemas/{prefix}_{{model}}")
    for inner, definition in schema.pop("$defs", {}).items():
        schemas[f"{prefix}_{inner}"] = definition
    schema["title"] = name
    if name.endswith("Members"):
        schema["additionalProperties"] = True
    schemas[name] = schema
    return {"$ref": _REFERENCE.format(model=name)}
