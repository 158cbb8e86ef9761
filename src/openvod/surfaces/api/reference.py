"""The reference of the server API in Markdown, from the declarations alone (``procedures-and-api.md`` 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from openvod.base.wire import LONGEST_TEXT
from openvod.surfaces.api.declaration import Action
from openvod.surfaces.errors import API_CODES

Schema = Mapping[str, Any]
_DEEPEST = 6
_LIMITS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} entries"),
    ("maxItems", "at most {} entries"),
    ("pattern", "matches `{}`"),
)


def reference(actions: Sequence[Action[Any, Any]]) -> str:
    """Return the page: the common codes, then a section for each action in the order of their names."""
    ordered = sorted(actions, key=lambda action: action.name)
    lines = ["# Server API 3.0", "", "`*` marks what must be given. Any action may answer these codes:", ""]
    lines.append(", ".join(f"`{code}`" for code in sorted(_common_codes())))
    for action in ordered:
        lines += ["", *_section(action)]
    return "\n".join(lines) + "\n"


def _common_codes() -> set[str]:
    """Codes that belong to the envelope rather than to a parameter, and those for errors without one of their own."""
    general = {"InternalError", "InvalidParameterValue", "ResourceNotFound", "FailedOperation", "LimitExceeded"}
    return general | {code for code in API_CODES.values() if "." not in code or code.startswith("AuthFailure.")}


def _section(action: Action[Any, Any]) -> Iterator[str]:
    yield f"## {action.name}"
    yield ""
    yield f"{action.summary} Key group `{action.group.value}`, {action.rate} calls a second."
    yield ""
    yield "| Parameter | Type | Limits | Meaning |"
    yield "| --- | --- | --- | --- |"
    yield from _parameters(action)
    if left_out := sorted({name for model in (action.request, action.also) if model for name in not_offered_in(model)}):
        yield from (
            "",
            f"Not offered, refused unless it asks for nothing: {', '.join(f'`{name}`' for name in left_out)}.",
        )
    if members := action.members:
        yield from ("", "| Answer | Meaning |", "| --- | --- |")
        yield from (f"| {name} | {_cell(meaning)} |" for name, meaning in members.items())
    if codes := sorted(set(action.errors)):
        yield from ("", f"Errors: {', '.join(f'`{code}`' for code in codes)}.")


def not_offered_in(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the paths of the original's members that a declaration names as not offered, at any depth."""
    yield from (f"{prefix}{name}" for name in getattr(model, "not_offered", ()))
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            yield from not_offered_in(inner, f"{prefix}{field.alias}.")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def _parameters(action: Action[Any, Any]) -> Iterator[str]:
    listed: set[str] = set()
    models: tuple[type[BaseModel] | None, ...] = (action.request, action.also)
    for model in models:
        if model is None:
            continue
        schema = model.model_json_schema()
        for row in _rows(schema, schema.get("$defs", {}), "", 0):
            if row[0] not in listed:
                listed.add(row[0])
                yield f"| {' | '.join(_cell(each) for each in row)} |"


def _rows(schema: Schema, known: Mapping[str, Schema], prefix: str, depth: int) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, type, limits and meaning of each member; members of objects after the object."""
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        path = f"{prefix}{name}{'*' if name in required else ''}"
        found = _resolved(member, known)
        yield path, _type(found, known), _limits(found), str(found.get("description", ""))
        inner, mark = found, ""
        while inner.get("type") == "array":
            inner, mark = _resolved(inner.get("items", {}), known), mark + "[]"
        if depth < _DEEPEST:
            yield from _rows(inner, known, f"{prefix}{name}{mark}.", depth + 1)


def _resolved(schema: Schema, known: Mapping[str, Schema]) -> Schema:
    """Follow references, and take what an optional member is when it is there; the outer words win."""
    found: Schema = schema
    for several in ("anyOf", "oneOf", "allOf"):
        if several in found:
            present = [each for each in found[several] if each.get("type") != "null"]
            found = {**present[0], **{key: value for key, value in found.items() if key != several}}
    if "$ref" in found:
        named = known[str(found["$ref"]).rpartition("/")[2]]
        # The title of a nested object does not describe the member that holds it.
        inner = {key: value for key, value in named.items() if key != "description"}
        found = {**inner, **{key: value for key, value in found.items() if key != "$ref"}}
    return found


def _type(schema: Schema, known: Mapping[str, Schema]) -> str:
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if values:
        return " ".join(f"`{value}`" if value != "" else '`""`' for value in values)
    if schema.get("type") == "array":
        return f"list of {_type(_resolved(schema.get('items', {}), known), known)}"
    return str(schema.get("type", "any"))


def _limits(schema: Schema) -> str:
    found = [words.format(schema[name]) for name, words in _LIMITS if name in schema and schema[name] != LONGEST_TEXT]
    default = schema.get("default")
    if default not in (None, "") and not isinstance(default, list | dict):
        found.append(f"default {default}")
    return ", ".join(found)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
