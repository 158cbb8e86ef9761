"""Properties of everything in the signing room that parses strangers' bytes."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import string
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvod.base.errors import Denied, OpenVodError
from openvod.base.text import query_pairs
from openvod.signing import cos, storage_token, tc3, upload
from openvod.signing.storage_token import StorageGrant

KEY = "ExampleSecretKey0123456789abcdef"
ROOT = bytes(range(32))
SUFFIX = "abcdefghijklmnopqrstuvwxyzABCD01"
NOW = 1_700_000_001

bounded = settings(max_examples=150, deadline=None)
any_text = st.text(max_size=300)
json_text = st.text(st.characters(categories=None), max_size=300)  # JSON may smuggle lone surrogates in
visible = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=60)
names = st.text(string.ascii_letters + string.digits + "-_/!+~. ", min_size=1, max_size=12)
pairs = st.lists(st.tuples(names, visible), max_size=6)
wire_headers = st.dictionaries(
    st.sampled_from(["content-md5", "content-length", "range", "x-cos-meta-a", "x-cos-security-token"]),
    visible,
    max_size=5,
)
upload_parameters = st.fixed_dictionaries(
    {
        "secretId": st.text(string.ascii_letters + string.digits, min_size=1, max_size=40),
        "currentTimeStamp": st.integers(NOW - 1000, NOW),
        "expireTime": st.integers(NOW + 1, NOW + 10**9),
        "random": st.integers(0, 2**32),
    },
    optional={
        "classId": st.integers(0, 10**9),
        "procedure": visible,
        "taskPriority": st.integers(-10, 10),
        "sourceContext": st.text(max_size=60),
        "sessionContext": visible,
        "oneTimeValid": st.sampled_from([0, 1]),
        "vodSubAppId": st.integers(0, 2**31),
    },
)
grants = st.builds(
    StorageGrant,
    sub_app_id=st.integers(0, 2**31),
    session=visible,
    bucket=visible,
    resources=st.lists(visible, max_size=4).map(tuple),
    actions=st.lists(visible, max_size=4).map(tuple),
    max_bytes=st.dictionaries(visible, st.integers(0, 2**60), max_size=3),
    issued_at=st.integers(0, NOW),
    expires_at=st.integers(NOW + 1, 2**33),
    file_id=visible,
)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kid", "sid", "x"]), inner),
    max_leaves=6,
)


def flipped(raw: bytes, place: int) -> bytes:
    """Change one bit; ``place`` is taken modulo the length."""
    bit = place % (len(raw) * 8)
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def accepted_upload(text: str, now: float = NOW) -> upload.UploadPermission | None:
    """Decode and verify; ``None`` when refused in the house's way, so that any other error fails the test."""
    with contextlib.suppress(OpenVodError):
        return upload.verify(upload.decode(text), KEY, now)
    return None


@bounded
@given(text=json_text | st.binary(max_size=300).map(lambda raw: base64.b64encode(raw).decode()))
def test_upload_decode_refuses_in_the_houses_way(text: str) -> None:
    """Whatever text arrives as a signature is refused with an OpenVodError or decoded, never anything else."""
    assert accepted_upload(text) is None


@bounded
@given(original=st.binary(max_size=300).map(lambda raw: b"secretId=A&" + raw), now=st.floats(0, 2e9))
def test_upload_verify_survives_signed_garbage(original: bytes, now: float) -> None:
    """A key's owner that signs garbage gets an OpenVodError or a permission, never anything else."""
    digest = hmac.new(KEY.encode(), original, hashlib.sha1).digest()
    found = accepted_upload(base64.b64encode(digest + original).decode(), now)
    assert found is None or found.secret_id.startswith("A")


@bounded
@given(parameters=upload_parameters)
def test_upload_round_trip(parameters: dict[str, str | int]) -> None:
    """Every value that is minted comes back from verification unchanged."""
    found = accepted_upload(upload.mint(parameters, KEY))
    assert found is not None
    assert (found.secret_id, found.random) == (parameters["secretId"], parameters["random"])
    assert found.procedure == parameters.get("procedure", "")
    assert found.source_context == parameters.get("sourceContext", "")
    assert found.session_context == parameters.get("sessionContext", "")
    assert found.one_time is bool(parameters.get("oneTimeValid", 0))


@bounded
@given(parameters=upload_parameters, place=st.integers(0, 2**20))
def test_upload_flipped_bit(parameters: dict[str, str | int], place: int) -> None:
    """One flipped bit of digest or signed bytes is refused."""
    raw = flipped(base64.b64decode(upload.mint(parameters, KEY)), place)
    assert accepted_upload(base64.b64encode(raw).decode()) is None


@bounded
@given(header=any_text | any_text.map(lambda text: f"q-sign-algorithm=sha1&{text}"), raw=st.binary(max_size=200))
def test_cos_credential_refuses_in_the_houses_way(header: str, raw: bytes) -> None:
    """Whatever arrives as Authorization or query gives a credential, none, or an OpenVodError."""
    with contextlib.suppress(OpenVodError):
        query = query_pairs(raw)
        found = cos.find_credential({"authorization": header}, query)
        assert found is None or found.access_key is not None


@bounded
@given(
    fields=st.fixed_dictionaries(
        {
            "q-sign-algorithm": st.just("sha1"),
            "q-ak": any_text,
            "q-sign-time": st.just("1;2") | any_text,
            "q-key-time": st.just("1;2") | any_text,
            "q-header-list": any_text,
            "q-url-param-list": any_text,
            "q-signature": any_text,
        }
    ),
    raw=st.binary(max_size=200),
    headers=wire_headers,
)
def test_cos_verify_never_accepts_garbage(fields: dict[str, str], raw: bytes, headers: dict[str, str]) -> None:
    """A made-up signature over any request is refused without any other error."""
    with contextlib.suppress(OpenVodError):
        query = query_pairs(raw)
        found = cos.find_credential({}, [*fields.items()])
        assert found is not None
        assert not cos.verify(found, KEY, cos.SignedRequest("GET", ("/",), query, headers, ("h",)))


def _cos_request(path: str, query: Sequence[tuple[str, str]], headers: dict[str, str]) -> cos.SignedRequest:
    return cos.SignedRequest("PUT", (path,), query, {**headers, "host": "h:1"}, ("h", "h:1"))


@bounded
@given(path=visible.map(lambda text: f"/{text}"), query=pairs, headers=wire_headers)
def test_cos_round_trip(path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> None:
    """Every signed request verifies, and not with another key, method or path."""
    request = _cos_request(path, query, headers)
    value = cos.sign(
        "AK", KEY, method="PUT", path=path, query=query, headers=request.headers, start=NOW - 1, end=NOW + 9
    )
    found = cos.find_credential({"authorization": value}, [])
    assert found is not None
    assert cos.verify(found, KEY, request)
    assert not cos.verify(found, KEY + "x", request)
    assert not cos.verify(found, KEY, replace(request, method="DELETE"))
    assert not cos.verify(found, KEY, replace(request, paths=(path + "x",)))


@bounded
@given(query=pairs.filter(bool), extra=visible.filter(bool))
def test_cos_signed_parameter_cannot_change(query: list[tuple[str, str]], extra: str) -> None:
    """Text appended to any signed parameter is refused."""
    value = cos.sign("AK", KEY, method="PUT", path="/", query=query, headers={}, start=NOW, end=NOW + 9)
    found = cos.find_credential({"authorization": value}, [])
    assert found is not None
    name, text = query[0]
    assert not cos.verify(found, KEY, _cos_request("/", [(name, text + extra), *query[1:]], {}))


@bounded
@given(token=json_text | st.lists(visible, max_size=4).map(".".join))
def test_token_refuses_in_the_houses_way(token: str) -> None:
    """Whatever arrives as a token is refused with an OpenVodError."""
    for opened in (
        lambda: storage_token.open_token(token, "AKID", {"1": ROOT}, NOW),
        lambda: storage_token.peek_bucket(token or "x"),
    ):
        with pytest.raises(Denied) as error:
            opened()
        assert error.value.code == "storage_token.invalid"


@bounded
@given(content=any_json)
def test_token_with_any_json_is_invalid(content: object) -> None:
    """Any JSON as a token's content is invalid, whatever its types."""
    text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    with pytest.raises(Denied) as error:
        storage_token.open_token(f"v1.{text}.AAAA", "AKID", {"1": ROOT}, NOW)
    assert error.value.code == "storage_token.invalid"


@bounded
@given(grant=grants, place=st.integers(0, 2**20))
def test_token_round_trip_and_flipped_bit(grant: StorageGrant, place: int) -> None:
    """Every grant comes back unchanged; one flipped bit of its MAC does not open."""
    made = storage_token.mint(grant, ROOT, SUFFIX)
    assert storage_token.open_token(made.token, made.secret_id, {"1": ROOT}, NOW) == (grant, made.secret_key)
    head, _, mac = made.token.rpartition(".")
    forged = base64.urlsafe_b64encode(flipped(base64.urlsafe_b64decode(mac + "="), place)).decode().rstrip("=")
    with pytest.raises(Denied) as error:
        storage_token.open_token(f"{head}.{forged}", made.secret_id, {"1": ROOT}, NOW)
    assert error.value.code == "storage_token.invalid"


@bounded
@given(value=any_text, stamp=any_text)
def test_tc3_refuses_in_the_houses_way(value: str, stamp: str) -> None:
    """Whatever arrives as Authorization or timestamp is parsed or refused with an OpenVodError."""
    scope = "Credential=A/2023-11-14/vod/tc3_request"
    for text in (
        value,
        f"TC3-HMAC-SHA256 {value}",
        f"TC3-HMAC-SHA256 {scope}, SignedHeaders={value}, Signature={value}",
    ):
        with contextlib.suppress(OpenVodError):
            assert tc3.parse_authorization(text).secret_id
    with contextlib.suppress(OpenVodError):
        tc3.check_clock({"x-tc-timestamp": stamp}, NOW)


@bounded
@given(
    body=st.binary(max_size=200).filter(bool),
    raw_query=st.text(string.printable, max_size=60),
    host=st.sampled_from(["vod.example.test", "127.0.0.1", "[::1]"]),
    place=st.integers(0, 2**20),
)
def test_tc3_round_trip_and_flipped_bit(body: bytes, raw_query: str, host: str, place: int) -> None:
    """What is signed verifies, with a port in Host or without; one flipped bit of the body does not."""
    headers = {"content-type": "application/json", "x-tc-timestamp": str(NOW), "host": host}
    signed_headers = ("content-type", "host")
    signature = tc3.sign(
        "A", KEY, date="2023-11-14", service="vod", signed_headers=signed_headers, method="POST",
        raw_query=raw_query, headers=headers, body=body,
    )  # fmt: skip
    found = tc3.Tc3Credential("A", "2023-11-14", "vod", signed_headers, signature)

    def passes(payload: bytes) -> bool:
        return tc3.verify(
            found, KEY, method="POST", raw_query=raw_query, headers=headers, host=f"{host}:8080",
            body_sha256=hashlib.sha256(payload).hexdigest(),
        )  # fmt: skip

    assert passes(body)
    assert not passes(flipped(body, place))
