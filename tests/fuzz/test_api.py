"""Properties of what API 3.0 does with strangers' bytes: signatures, parameters in their three forms, rate, replays."""

from __future__ import annotations

import contextlib
import hashlib
import json
import types
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlencode

import pytest
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from openvod.base.errors import OpenVodError
from openvod.base.text import query_pairs
from openvod.signing import tc3, v1
from openvod.surfaces.api.catalogue import declared_actions
from openvod.surfaces.api.declaration import Action
from openvod.surfaces.api.limiter import RateLimiter
from openvod.surfaces.api.parameters import from_json, from_pairs, validated

KEY, NOW = "ExampleSecretKey0123456789abcdef", 1_700_000_000
ACTIONS = {action.name: action for action in declared_actions()}
bounded = settings(max_examples=150, deadline=None)
few = settings(max_examples=20, deadline=None)
latin = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
any_pairs = st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8)


def flipped(text: str, place: int) -> str:
    """Change one bit of one of a text's characters."""
    index = place % len(text)
    return text[:index] + chr(ord(text[index]) ^ (1 << place % 7)) + text[index + 1 :]


# --- signatures


@bounded
@given(
    parts=st.fixed_dictionaries(
        {
            "body": latin, "raw_query": latin, "host": st.from_regex(r"[a-z]{1,9}\.test", fullmatch=True),
            "content-type": latin, "x-tc-timestamp": st.integers(0, 10**10).map(str), "service": latin,
            "date": st.dates().map(str),
        }
    ),
    changed=st.sampled_from(["body", "raw_query", "host", "content-type", "x-tc-timestamp", "service", "date", "sig"]),
    place=st.integers(0, 2**20),
)  # fmt: skip
def test_tc3_any_bit_of_any_signed_part(parts: dict[str, str], changed: str, place: int) -> None:
    """What was signed verifies; with one bit changed anywhere in what is signed it does not."""

    def arguments(given: Mapping[str, str]) -> dict[str, Any]:
        headers = {name: given[name] for name in ("content-type", "x-tc-timestamp", "host")}
        return {
            "method": "POST", "raw_query": given["raw_query"], "headers": headers, "body": given["body"].encode(),
        }  # fmt: skip

    names = ("content-type", "host")
    signature = tc3.sign(
        "A", KEY, date=parts["date"], service=parts["service"], signed_headers=names, **arguments(parts)
    )

    def passes(given: Mapping[str, str], shown: str) -> bool:
        credential = tc3.Tc3Credential("A", given["date"], given["service"], names, shown)
        arrived = arguments(given)
        arrived["body_sha256"] = hashlib.sha256(arrived.pop("body")).hexdigest()
        return tc3.verify(credential, KEY, host=given["host"], **arrived)

    assert passes(parts, signature)
    if changed == "sig":
        assert not passes(parts, flipped(signature, place))
    else:
        spoiled = parts | {changed: flipped(parts[changed], place)}
        # White space around a header's value is not signed (2.2).
        assume(spoiled[changed].strip() != parts[changed].strip())
        assert not passes(spoiled, signature)


@bounded
@given(
    fields=st.dictionaries(latin.filter(lambda name: name not in ("Signature", "SignatureMethod")), latin, min_size=1),
    algorithm=st.sampled_from(["HmacSHA1", "HmacSHA256"]),
    method=st.sampled_from(["GET", "POST"]),
    place=st.integers(0, 2**20),
    of_name=st.booleans(),
)
def test_v1_any_bit_of_any_signed_part(
    fields: dict[str, str], algorithm: str, method: str, place: int, of_name: bool
) -> None:
    """What was signed verifies in any order; with one bit of a name, a value or the signature changed it does not."""
    pairs = [*fields.items(), ("SignatureMethod", algorithm)]
    signature = v1.sign(KEY, method=method, host="h.test:1", pairs=pairs, algorithm=algorithm)

    def passes(given: Sequence[tuple[str, str]], shown: str) -> bool:
        return v1.verify(KEY, method=method, host="h.test:1", pairs=[*given, ("Signature", shown)])

    assert passes(pairs, signature)
    assert passes(pairs[::-1], signature)
    assert not passes(pairs, flipped(signature, place))
    name, value = pairs[0]
    changed = (flipped(name, place), value) if of_name else (name, flipped(value, place))
    assume(not of_name or (changed[0] not in fields and "_" not in name + changed[0]))
    # Values are signed unencoded, so that "&" and "=" inside them can move between names and values (2.5).
    assume(not set("&=") & set(name + value + "".join(changed)))
    assert not passes([changed, *pairs[1:]], signature)


@bounded
@given(raw=st.binary(max_size=300) | any_pairs.map(lambda pairs: urlencode(pairs, errors="surrogatepass").encode()))
def test_any_form_is_refused_in_the_houses_way(raw: bytes) -> None:
    """Whatever arrives as a form is judged, rebuilt and checked, or refused with an OpenVodError."""
    try:
        pairs = query_pairs(raw)
    except OpenVodError:
        return
    if not v1.is_known_method(dict(pairs).get("SignatureMethod", "")):
        return
    assert not v1.verify(KEY, method="POST", host="h", pairs=pairs)
    with contextlib.suppress(OpenVodError):
        validated(ACTIONS["ApplyUpload"], from_pairs(pairs), as_text=True)


# --- parameters


def strategy(annotation: Any, metadata: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    """Return JSON values for a declared type, within its limits."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = arguments[1:]
        more = [each for item in inner for each in (item.metadata if isinstance(item, FieldInfo) else [item])]
        return strategy(arguments[0], [*metadata, *more])
    if any(isinstance(each, BeforeValidator) for each in metadata):
        return st.sampled_from(["2024-05-01T08:00:00Z", "2024-05-01T16:00:00+08:00"]) | visible(20)
    if origin in (Union, types.UnionType):
        return st.one_of(*(strategy(each, metadata) for each in arguments if each is not type(None)))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (tuple, list, Sequence):
        least, most = _limit(metadata, MinLen, "min_length", 0), _limit(metadata, MaxLen, "max_length", 3)
        return st.lists(strategy(arguments[0]), min_size=max(least, 1), max_size=max(1, least, min(most, 3)))
    if origin in (dict, Mapping):
        return st.just({"a": "b"})
    return _simple(annotation, metadata)


def _simple(annotation: Any, metadata: Sequence[Any]) -> st.SearchStrategy[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        # An empty object cannot be written flat.
        return members(annotation).filter(bool)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from([each.value for each in annotation])
    if annotation is bool:
        return st.booleans()
    if annotation in (int, float):
        least = max(_limit(metadata, Ge, "ge", -1000), _limit(metadata, Gt, "gt", -1001) + 1)
        most = min(_limit(metadata, Le, "le", 10**9), _limit(metadata, Lt, "lt", 10**9 + 1) - 1)
        return st.integers(int(least), int(most)) if annotation is int else st.floats(least, most, allow_nan=False)
    least, most = _limit(metadata, MinLen, "min_length", 0), _limit(metadata, MaxLen, "max_length", 40)
    return visible(max(least, min(most, 40)), least)


def visible(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """Return texts that are some: no lone surrogates, no NUL."""
    return st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=least, max_size=most)


def _limit(metadata: Sequence[Any], kind: type, name: str, default: Any) -> Any:
    return next((getattr(each, name) for each in metadata if isinstance(each, kind)), default)


def members(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Return JSON objects for a model: what is required, and any of the rest."""
    required: dict[Any, st.SearchStrategy[Any]] = {}
    optional: dict[Any, st.SearchStrategy[Any]] = {}
    for name, field in model.model_fields.items():
        place = required if field.is_required() else optional
        place[field.alias or name] = strategy(field.annotation, field.metadata)
    return st.fixed_dictionaries(required, optional=optional)


def flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten as the SDKs do (2.1)."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from flat(each, f"{prefix}.{name}" if prefix else name)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from flat(each, f"{prefix}.{number}")
    else:
        yield prefix, json.dumps(value) if isinstance(value, bool | int | float) else str(value)


def outcome(action: Action[Any, Any], plain: Mapping[str, Any], *, as_text: bool) -> object:
    """Return the validated request, or the code of its refusal."""
    try:
        return validated(action, plain, as_text=as_text)
    except OpenVodError as error:
        return error.code


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_flat_and_json_forms_are_equal(name: str) -> None:
    """The same parameters make the same request, whether they come as JSON or flattened into a query."""
    action = ACTIONS[name]

    @few
    @given(plain=members(action.request))
    def check(plain: dict[str, Any]) -> None:
        raw = urlencode(list(flat(plain))).encode()
        by_json = outcome(action, from_json(json.dumps(plain).encode()), as_text=False)
        assert outcome(action, from_pairs(query_pairs(raw)), as_text=True) == by_json

    check()


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_any_json_is_refused_in_the_houses_way(name: str) -> None:
    """Whatever JSON arrives under an action's own names is accepted or refused with an OpenVodError."""
    action = ACTIONS[name]
    names = [field.alias or key for key, field in action.request.model_fields.items()]

    @few
    @given(plain=st.dictionaries(st.sampled_from(names) | st.text(max_size=8), any_json, max_size=4))
    def check(plain: dict[str, Any]) -> None:
        with contextlib.suppress(OpenVodError):
            validated(action, from_json(json.dumps(plain).encode()), as_text=False)
        with contextlib.suppress(OpenVodError):
            validated(action, from_pairs(list(flat(plain))), as_text=True)

    check()


@bounded
@given(raw=st.binary(max_size=200) | words.map(str.encode))
def test_any_body_is_refused_in_the_houses_way(raw: bytes) -> None:
    """Whatever bytes arrive as a body are an object or refused with an OpenVodError."""
    with contextlib.suppress(OpenVodError):
        assert isinstance(from_json(raw), dict)


@pytest.mark.parametrize("depth", [64, 100, 480, 900, 2_000, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_json(depth: int, opening: str) -> None:
    """Nesting of any depth is refused as a fault of the request, not of the platform."""
    closing = "]" if opening == "[" else "}"
    body = f'{{"ExtInfo":{opening * depth}1{closing * depth}}}'.encode()
    with pytest.raises(OpenVodError) as error:
        validated(ACTIONS["ApplyUpload"], from_json(body), as_text=False)
    assert error.value.code.startswith("api.")


tree = st.recursive(
    visible(8),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=12)
        | st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True), inner, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


@bounded
@given(
    plain=st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True), tree, max_size=5),
    chance=st.randoms(use_true_random=False),
)
def test_flattening_round_trip(plain: dict[str, Any], chance: Any) -> None:
    """What is flattened, encoded and shuffled is rebuilt as it was."""
    pairs = list(flat(plain))
    chance.shuffle(pairs)
    rebuilt = from_pairs(query_pairs(urlencode(pairs).encode()))
    assert rebuilt == plain


@bounded
@given(pairs=st.lists(st.tuples(st.text("Ab01._-", max_size=12), words), max_size=10))
def test_any_pairs_are_refused_in_the_houses_way(pairs: list[tuple[str, str]]) -> None:
    """Whatever names arrive, contradictory ones included, are a tree or refused with an OpenVodError."""
    with contextlib.suppress(OpenVodError):
        assert isinstance(from_pairs(pairs), dict)


# --- rate


@bounded
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"]), st.floats(0, 0.6)), max_size=200
    ),
    rate=st.integers(1, 8),
)
def test_rate_limiter(steps: list[tuple[str, str, float]], rate: int) -> None:
    """In no second does a pair of key and action have more than its rate, and nothing below that is refused."""
    now = 1000.0
    limiter = RateLimiter(lambda: now)
    admitted: dict[tuple[str, str], deque[float]] = {}
    for caller, action, wait in steps:
        now += wait
        times = admitted.setdefault((caller, action), deque())
        recent = sum(1 for time in times if time > now - 1)
        assert limiter.admits(caller, action, rate) is (recent < rate)
        if recent < rate:
            times.append(now)
