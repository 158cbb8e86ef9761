"""From the parameters as sent to the request as declared (``procedures-and-api.md`` 2.1, 2.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from openvod.base.errors import Invalid
from openvod.base.text import json_object
from openvod.base.wire import offered, with_numbers
from openvod.surfaces.api.declaration import Action, Q

_MAX_DEPTH = 16
_MAX_JSON_DEPTH = 64
_MAX_ITEMS = 1000
Plain = dict[str, Any]


def from_json(body: bytes) -> Plain:
    """Return the JSON object of a body; an empty one has no members."""
    try:
        return json_object(body or b"{}")
    except ValueError as error:
        raise Invalid("api.type", "the request body is not JSON, or no object; send a JSON object") from error


def from_pairs(pairs: Sequence[tuple[str, str]]) -> Plain:
    """Rebuild nested parameters from flat names such as ``FileIds.0`` and ``Task.Set.0.Definition``."""
    tree: Plain = {}
    for name, value in pairs:
        steps = name.split(".")
        if len(steps) > _MAX_DEPTH or not all(steps):
            raise Invalid("api.type", f"parameter {name[:80]!r} is no path of names and numbers")
        _place(tree, steps, value, name)
    return {name: _listed(value, name) for name, value in tree.items()}


def _place(tree: Plain, steps: list[str], value: str, name: str) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            raise Invalid("api.type", f"parameter {name[:80]!r} is given both as a value and as a list")
        tree = inner
    if isinstance(tree.get(steps[-1]), dict):
        raise Invalid("api.type", f"parameter {name[:80]!r} is given both as a value and as a list")
    tree[steps[-1]] = value


def _listed(value: Any, name: str) -> Any:
    """Turn ``{"0": …, "1": …}`` into a list; some clients leave numbers out."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(each, f"{name}.{key}") for key, each in value.items()}
    if not all(key.isascii() and key.isdigit() and len(key) < 6 for key in inner):
        return inner
    if len(inner) > _MAX_ITEMS:
        raise Invalid("api.type", f"parameter {name[:80]!r} has more than {_MAX_ITEMS} entries")
    return [inner[key] for key in sorted(inner, key=int)]


def validated(action: Action[Q, Any], plain: Mapping[str, Any], *, as_text: bool) -> Q:
    """Check parameters against the declaration; null means absent. ``as_text``: every value came as a text.

    Raises ``Invalid`` with ``api.missing``, ``api.type``, ``api.unknown`` or ``api.value``, the field in its message
    and, as ``field``, by its name.
    """
    try:
        present = offered(action.request, _present(plain))
        given = with_numbers(action.request, present) if as_text else present
        return action.request.model_validate_json(json.dumps(given), strict=not as_text)
    except ValidationError as error:
        raise _refusal(error) from error


def _present(value: Any, depth: int = 0) -> Any:
    """Leave null members out; refuses what is nested deeper than any declaration."""
    if depth > _MAX_JSON_DEPTH:
        raise Invalid("api.type", f"the parameters are nested more than {_MAX_JSON_DEPTH} deep")
    if isinstance(value, dict):
        return {name: _present(each, depth + 1) for name, each in value.items() if each is not None}
    return [_present(each, depth + 1) for each in value] if isinstance(value, list) else value


def _refusal(error: ValidationError) -> Invalid:
    """Name the first problem; what is missing or unknown outranks what is wrong."""
    problems = error.errors(include_url=False, include_input=False)
    first = min(problems, key=lambda problem: _RANK.get(problem["type"], 2))
    path = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("function-", "literal[")))
    field = str(first["loc"][0]) if first["loc"] else ""
    kind, reason = first["type"], first["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return Invalid("api.missing", f"parameter {path} is missing", field=field)
    if kind == "extra_forbidden":
        return Invalid("api.unknown", f"parameter {path[:120]} is not declared for this action", field=field)
    code = "api.type" if kind.endswith(("_type", "_parsing", "_attributes_type")) else "api.value"
    return Invalid(code, f"parameter {path}: {reason[:1].lower()}{reason[1:]}", field=field)


_RANK = {"missing": 0, "extra_forbidden": 1}
