"""Every field of every action of API 3.0: known to us as it is to the official SDK, and judged by type and range."""

from __future__ import annotations

import inspect
import json
import re
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from tencentcloud.vod.v20180717 import models as official

from openvod.base.errors import OpenVodError
from openvod.base.wire import LONGEST_TEXT, offered, read_wire
from openvod.kinds.transcode import PartialTranscode
from openvod.surfaces.api.catalogue import declared_actions
from openvod.surfaces.api.declaration import Action
from openvod.surfaces.api.parameters import from_json, validated

ACTIONS = {action.name: action for action in declared_actions()}
_DEEPEST = 8
_CLASS = re.compile(r"models\.(\w+)`|^list of ([A-Z]\w+)")
_SCALARS = frozenset({"str", "int", "float", "bool"})


def members_of(cls: type) -> dict[str, type | None]:
    """Return the members of an official model, with the model of those that are objects or lists of such."""
    found: dict[str, type | None] = {}
    # A class of the official SDK.
    for name, kind in re.findall(r":type (\w+): (.*)", inspect.getsource(cls.__init__)):  # type: ignore[misc]
        match = _CLASS.search(kind)
        inner = (match[1] or match[2]) if match else ""
        found[name] = getattr(official, inner, None) if inner and inner not in _SCALARS else None
    return found


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from models_in(each)


#: Members whose values are objects that are kept as they came, and the model that judges them.
_KEPT: Mapping[str, type[BaseModel]] = {"OverrideParameter": PartialTranscode}
#: Values of fields with a form of their own.
_SAMPLES = {"TaskId": "1500000001-procedurev2-0123t0", "FontSize": "16px", "FontColor": "0xFFFFFF"}


def inner_models(name: str, annotation: Any) -> list[type[BaseModel]]:
    """Return the models of a field's objects."""
    return [_KEPT[name]] if name in _KEPT else list(models_in(annotation))


def unknown(theirs: type, ours: list[type[BaseModel]], path: str) -> Iterator[str]:
    """Yield the paths of official members that our models neither declare nor name as not offered."""
    declared = {field.alias or name: field for model in ours for name, field in model.model_fields.items()}
    left_out = {name for model in ours for name in getattr(model, "not_offered", ())}
    for name, inner in members_of(theirs).items():
        if name not in declared:
            if name not in left_out:
                yield f"{path}.{name}"
            continue
        models = inner_models(name, declared[name].annotation)
        if inner and models and path.count(".") < _DEEPEST:
            yield from unknown(inner, models, f"{path}.{name}")


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_the_official_sdks_fields_are_known(name: str) -> None:
    """Each field of the official SDK's request, nested ones too, is served or named as not offered."""
    action = ACTIONS[name]
    ours = [model for model in (action.request, action.also) if model]
    assert list(unknown(getattr(official, f"{name}Request"), ours, name)) == []


def offering() -> Iterator[tuple[type[BaseModel], str]]:
    """Yield every model with a member that it does not offer."""
    seen: set[type[BaseModel]] = set()

    def walk(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
        if model in seen:
            return
        seen.add(model)
        yield from ((model, name) for name in getattr(model, "not_offered", ()))
        for field in model.model_fields.values():
            for inner in models_in(field.annotation):
                yield from walk(inner)

    for action in ACTIONS.values():
        for model in (action.request, action.also):
            if model:
                yield from walk(model)


@pytest.mark.parametrize(
    ("model", "name"), [pytest.param(*each, id=f"{each[0].__name__}.{each[1]}") for each in offering()]
)
def test_what_is_not_offered_is_refused_by_its_name(model: type[BaseModel], name: str) -> None:
    """What asks for nothing is left out; what asks for something is refused, named, never as an unknown parameter."""
    nothing: tuple[Any, ...] = (
        None, "", [], {}, 0, "OFF", {"Switch": "OFF", "Type": "x"}, {"Type": "OFF"},
        {"ImgReviewInfo": {"Switch": "OFF"}},
    )  # fmt: skip
    for value in nothing:
        assert offered(model, {name: value}) == {}
    for value in ("x", ["x"], 1, {"Switch": "ON"}, {"ImgReviewInfo": {"Switch": "ON"}}):
        with pytest.raises(OpenVodError, match=f"{name} is not offered") as caught:
            offered(model, {name: value})
        assert (caught.value.code, caught.value.details["field"]) == ("api.unsupported", name)


# --- wrong values


def _limits(metadata: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in metadata:
        for kind, name in ((Ge, "ge"), (Gt, "gt"), (Le, "le"), (Lt, "lt"), (MaxLen, "max_length")):
            if isinstance(each, kind):
                found[name] = getattr(each, name)
    return found


def _flattened(annotation: Any, metadata: list[Any]) -> tuple[Any, list[Any]]:
    """Take Annotated and Optional off a type."""
    if get_origin(annotation) is Annotated:
        first, *more = get_args(annotation)
        inner = [each for item in more for each in (item.metadata if isinstance(item, FieldInfo) else [item])]
        return _flattened(first, [*metadata, *inner])
    if get_origin(annotation) in (Union, types.UnionType):
        present = [each for each in get_args(annotation) if each is not type(None)]
        if len(present) == 1:
            return _flattened(present[0], metadata)
    return annotation, metadata


def sample(annotation: Any, metadata: list[Any]) -> Any:
    """Return a value that a field takes, made for required fields."""
    kind, found = _flattened(annotation, metadata)
    limits = _limits(found)
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if get_origin(kind) in (tuple, list):
        return [sample(get_args(kind)[0], [])]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return minimal(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    if kind in (int, float):
        return max(limits.get("ge", 1), limits.get("gt", 0) + 1)
    return "CreateTime" if kind is str and not limits else "a1"


def minimal(model: type[BaseModel]) -> dict[str, Any]:
    """Return the least that a model takes."""
    fields = model.model_fields.items()
    names = {f.alias or n: f for n, f in fields if f.is_required()}
    return {name: _SAMPLES.get(name) or sample(f.annotation, list(f.metadata)) for name, f in names.items()}


def wrong_values(annotation: Any, metadata: list[Any]) -> Iterator[Any]:
    """Yield values that a field must refuse: of another kind, beyond a limit, beyond 64 bits, no text, no choice."""
    kind, found = _flattened(annotation, metadata)
    limits = _limits(found)
    if kind is Any:
        return
    if get_origin(kind) in (dict, Mapping):
        yield from ("text", 7, ["a list"])
        return
    if get_origin(kind) in (tuple, list):
        yield from ("text", {"an": "object"}, 7)
        for each in wrong_values(get_args(kind)[0], []):
            yield [each]
        return
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from ("text", 7, ["a list"])
        return
    yield from ({"an": "object"}, ["a list"])
    if get_origin(kind) is Literal:
        yield from ("no such choice", 424_242)
    elif kind in (int, float):
        yield from ("text", 10**40, -(10**40))
        yield from (
            limits[name] + step for name, step in (("ge", -1), ("gt", 0), ("le", 1), ("lt", 0)) if name in limits
        )
    elif kind is str:
        yield from (7, True, "a\0b", "\ud800")
        # Pictures and manifests may have megabytes; that there is a limit is seen on the others.
        if (most := limits.get("max_length", LONGEST_TEXT)) <= LONGEST_TEXT:
            yield "x" * (most + 1)


def cases(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path of every field, inside lists too, with what it must refuse."""
    for name, field in model.model_fields.items():
        alias = field.alias or name
        for value in wrong_values(field.annotation, list(field.metadata)):
            yield (*path, alias), value
        if len(path) < 4:
            for inner in inner_models(alias, field.annotation):
                for deeper, value in cases(inner):
                    is_list = get_origin(_flattened(field.annotation, [])[0]) in (tuple, list)
                    yield (*path, alias, *(["0"] if is_list else []), *deeper), value


def placed(model: type[BaseModel], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return the least that a model takes, with a value at a path."""
    plain = minimal(model)
    field = next(f for n, f in model.model_fields.items() if (f.alias or n) == path[0])
    rest = path[1:]
    if not rest:
        plain[path[0]] = value
    elif rest[0] == "0":
        inner = next(each for each in inner_models(path[0], field.annotation) if _has(each, rest[1]))
        plain[path[0]] = [placed(inner, rest[1:], value)]
    else:
        inner = next(each for each in inner_models(path[0], field.annotation) if _has(each, rest[0]))
        plain[path[0]] = placed(inner, rest, value)
    return plain


def _has(model: type[BaseModel], name: str) -> bool:
    return any((field.alias or key) == name for key, field in model.model_fields.items())


def refusal(action: Action[Any, Any], model: type[BaseModel], plain: Mapping[str, Any]) -> str:
    """Send JSON through the doors that a call passes; return the refusal's words."""
    try:
        found = from_json(json.dumps(plain).encode())
        if model is action.request:
            validated(action, found, as_text=False)
        else:
            read_wire(model, found, "template.field")  # type: ignore[type-var]  # any model
    except OpenVodError as error:
        return error.message
    return ""


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_wrong_values_are_refused_by_the_fields_name(name: str) -> None:
    """Every field, nested ones too, refuses other kinds, other ranges, endless numbers and what is no text: by name."""
    action, judged = ACTIONS[name], 0
    for model in (action.request, action.also):
        if model is None:
            continue
        for path, value in cases(model):
            message = refusal(action, model, placed(model, path, value))
            assert path[-1].lower() in message.lower(), (path, str(value)[:60], message)
            judged += 1
    assert judged >= 4
