"""Request signatures of COS (cos-storage.md 2)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from openvod.base.errors import Denied, Invalid
from openvod.base.text import query_pairs
from openvod.signing import cos
from unit.signing.vectors import conformance, vector_id

DOCUMENT = conformance("cos-signature")
VECTORS = DOCUMENT["vectors"]
KEY = DOCUMENT["secretKey"]
TIMES = DOCUMENT["keyTime"]
START, END = 1_700_000_000, 1_700_003_600


def fields(vector: dict[str, Any]) -> dict[str, str]:
    """Return the seven fields in their order (2.1)."""
    return {
        "q-sign-algorithm": "sha1",
        "q-ak": DOCUMENT["secretId"],
        "q-sign-time": DOCUMENT["signTime"],
        "q-key-time": TIMES,
        "q-header-list": ";".join(vector["headerList"]),
        "q-url-param-list": ";".join(vector["urlParamList"]),
        "q-signature": vector["signature"],
    }


def authorization(vector: dict[str, Any]) -> str:
    """Return the Authorization value, raw as clients send it."""
    return "&".join(f"{name}={value}" for name, value in fields(vector).items())


def credential(vector: dict[str, Any]) -> cos.CosCredential:
    """Return the vector's parsed signature."""
    found = cos.find_credential({"authorization": authorization(vector)}, [])
    assert found is not None
    return found


def arrived(vector: dict[str, Any]) -> cos.SignedRequest:
    """Return the vector's request as the web layer presents it."""
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    query = query_pairs(vector["wireQuery"].encode())
    return cos.SignedRequest(vector["method"], (vector["path"],), query, headers, (headers["host"],))


def by_formula(http_string: str, *, key_time: str = TIMES, sign_time: str = TIMES) -> str:
    """Compute q-signature from HttpString by the formula of 2.2, apart from the code under test."""
    sign_key = hmac.new(KEY.encode(), key_time.encode(), hashlib.sha1).hexdigest()
    text = f"sha1\n{sign_time}\n{hashlib.sha1(http_string.encode()).hexdigest()}\n"
    return hmac.new(sign_key.encode(), text.encode(), hashlib.sha1).hexdigest()


def listing(prefix: str) -> cos.SignedRequest:
    """Return an arrived request to list below ``prefix``."""
    return cos.SignedRequest("GET", ("/",), [("prefix", prefix)], {"host": "h"}, ("h",))


def listing_credential(encoded_prefix: str) -> cos.CosCredential:
    """Return the signature of such a listing, its prefix percent-encoded by the client."""
    signature = by_formula(f"get\n/\nprefix={encoded_prefix}\nhost=h\n")
    return credential({"headerList": ["host"], "urlParamList": ["prefix"], "signature": signature})


@pytest.mark.parametrize("vector", VECTORS, ids=vector_id)
def test_every_sdk_verifies(vector: dict[str, Any]) -> None:
    """V1 to V7, made alike by five SDKs, verify from the wire form."""
    assert cos.verify(credential(vector), KEY, arrived(vector))


@pytest.mark.parametrize("vector", VECTORS + DOCUMENT["digests"], ids=vector_id)
def test_http_string(vector: dict[str, Any]) -> None:
    """HttpString of every vector and of the vendor's published examples has the published digest."""
    digest = cos.http_string_digest(arrived(vector), vector["headerList"], vector["urlParamList"])
    assert digest == vector["httpStringSha1"]


@pytest.mark.parametrize("vector", VECTORS, ids=vector_id)
def test_sign_computes_the_vectors(vector: dict[str, Any]) -> None:
    """Signing the listed headers and parameters gives the SDKs' own Authorization value."""
    value = cos.sign(
        DOCUMENT["secretId"],
        KEY,
        method=vector["method"],
        path=vector["path"],
        query=query_pairs(vector["wireQuery"].encode()),
        headers={name: value for name, value in vector["headers"].items() if name.lower() in vector["headerList"]},
        start=START,
        end=END,
    )
    assert value == authorization(vector)


@pytest.mark.parametrize("vector", DOCUMENT["policies"], ids=vector_id)
def test_policy(vector: dict[str, Any]) -> None:
    """V8: the signature of a POST policy; another policy has another one."""
    assert cos.sign_policy(KEY, TIMES, vector["policy"]) == vector["signature"]
    assert cos.sign_policy(KEY, TIMES, vector["policy"] + " ") != vector["signature"]


@pytest.mark.parametrize("carrier", ["header", "query", "encoded query", "sign"])
@pytest.mark.parametrize("vector", VECTORS, ids=vector_id)
def test_every_carrier(vector: dict[str, Any], carrier: str) -> None:
    """Header, seven query fields (`;` raw or encoded) and `sign=` carry the same signature (2.1)."""
    request = arrived(vector)
    joined = {
        "header": "",
        "query": "&".join(f"{name}={value}" for name, value in fields(vector).items()),
        "encoded query": "&".join(f"{name}={quote(value, safe='')}" for name, value in fields(vector).items()),
        "sign": f"sign={quote(authorization(vector), safe='')}",
    }[carrier]
    query = [*request.query, *query_pairs(joined.encode())]
    headers = {**request.headers, "authorization": authorization(vector)} if carrier == "header" else request.headers
    found = cos.find_credential(headers, query)
    assert found == credential(vector)
    assert cos.verify(found, KEY, replace(request, query=query))


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Bearer x"}])
def test_no_signature(headers: dict[str, str]) -> None:
    """A request without a signature is anonymous, not malformed."""
    assert cos.find_credential(headers, [("prefix", "q-sign-algorithm")]) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q-sign-algorithm", "sha256"),
        ("q-sign-time", "1700000000"),
        ("q-sign-time", ";1700003600"),
        ("q-sign-time", "1700000000;soon"),
        ("q-sign-time", "-1;1700003600"),
        ("q-sign-time", "1700000000;" + "9" * 5000),
        ("q-key-time", "1;2;3"),
        ("q-key-time", "²;3"),
        ("q-signature", "签名"),
    ],
)
def test_malformed_fields(name: str, value: str) -> None:
    """A field that cannot be read is refused as malformed."""
    text = "&".join(f"{key}={item}" for key, item in (fields(VECTORS[0]) | {name: value}).items())
    with pytest.raises(Invalid) as error:
        cos.find_credential({"authorization": text}, [])
    assert error.value.code == "cos.authorization_malformed"


@pytest.mark.parametrize("name", list(fields(VECTORS[0]))[1:])
def test_missing_fields_are_named(name: str) -> None:
    """Each of the seven fields is required, and the message names the one that is missing."""
    text = "&".join(f"{key}={item}" for key, item in fields(VECTORS[0]).items() if key != name)
    with pytest.raises(Invalid, match=name) as error:
        cos.find_credential({"authorization": text}, [])
    assert error.value.code == "cos.authorization_malformed"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"method": "GET"}, id="method"),
        pytest.param({"paths": ("/vod/other.mp4",)}, id="path"),
        pytest.param({"hosts": ("elsewhere.example.test",)}, id="host"),
        pytest.param({"query": [("partNumber", "13"), ("uploadId", "1")]}, id="parameter"),
        pytest.param({"query": []}, id="listed parameter absent"),
        pytest.param({"headers": {"host": "h", "x-cos-security-token": "tok/+=="}}, id="listed header absent"),
    ],
)
def test_every_change_is_refused(changes: dict[str, Any]) -> None:
    """Method, path, host, listed parameters and listed headers cannot be changed or left out."""
    request = arrived(VECTORS[1])
    assert cos.verify(credential(VECTORS[1]), KEY, request)
    assert not cos.verify(credential(VECTORS[1]), KEY, replace(request, **changes))


def test_listed_but_absent_is_refused() -> None:
    """A client that lists a header or parameter, signs without it and does not send it is refused (2.4)."""
    request = cos.SignedRequest("GET", ("/",), [], {"host": "h"}, ("h",))
    signature = by_formula("get\n/\n\nhost=h\n")
    honest: dict[str, Any] = {"headerList": ["host"], "urlParamList": [], "signature": signature}
    assert cos.verify(credential(honest), KEY, request)
    assert not cos.verify(credential(honest | {"headerList": ["host", "range"]}), KEY, request)
    assert not cos.verify(credential(honest | {"urlParamList": ["prefix"]}), KEY, request)


def test_every_changed_digit_is_refused() -> None:
    """No changed digit of the signature passes, nor does another key."""
    good = credential(VECTORS[0])
    request = arrived(VECTORS[0])
    for place, digit in enumerate(good.signature):
        forged = good.signature[:place] + f"{int(digit, 16) ^ 1:x}" + good.signature[place + 1 :]
        assert not cos.verify(replace(good, signature=forged), KEY, request)
    assert not cos.verify(good, "another", request)


def test_unlisted_headers_and_parameters_are_free() -> None:
    """What the lists do not name may be added after signing, as the token is by JS and Node (2.1)."""
    request = arrived(VECTORS[4])
    more = replace(
        request,
        query=[*request.query, ("x-cos-security-token", "t")],
        headers={**request.headers, "x-cos-security-token": "t", "content-type": ""},
    )
    assert cos.verify(credential(VECTORS[4]), KEY, more)


def test_any_path_and_host_candidate_may_match() -> None:
    """The bucket may be part of the signed path or not, and the port part of the signed host or not (2.3)."""
    request = arrived(VECTORS[6])
    wide = replace(request, paths=("/a.mp4", *request.paths), hosts=("127.0.0.1", *request.hosts))
    assert cos.verify(credential(VECTORS[6]), KEY, wide)
    assert not cos.verify(credential(VECTORS[6]), KEY, replace(wide, paths=("/a.mp4",)))
    assert not cos.verify(credential(VECTORS[6]), KEY, replace(wide, hosts=("127.0.0.1",)))


@pytest.mark.parametrize("order", ["x%2f=1&x-=2", "x-=2&x%2f=1"])
def test_either_sort_key(order: str) -> None:
    """Pairs sorted by encoded name (most SDKs) or by raw name (JS, Node) both pass (2.3)."""
    vector = {"headerList": [], "urlParamList": ["x%2f", "x-"], "signature": by_formula(f"get\n/\n{order}\n\n")}
    request = cos.SignedRequest("GET", ("/",), [("x/", "1"), ("x-", "2")], {"host": "h"}, ("h",))
    assert cos.verify(credential(vector), KEY, request)


def test_repeated_parameters_sort_by_value() -> None:
    """A repeated name gives one pair per value, values sorted (2.2)."""
    vector = {"headerList": [], "urlParamList": ["a"], "signature": by_formula("get\n/\na=1&a=2\n\n")}
    request = cos.SignedRequest("GET", ("/",), [("a", "2"), ("a", "1")], {"host": "h"}, ("h",))
    assert cos.verify(credential(vector), KEY, request)
    assert not cos.verify(credential(vector), KEY, replace(request, query=[("a", "1")]))


@pytest.mark.parametrize("in_text", ["1700000100;1700003600", TIMES])
def test_sign_time_and_key_time_may_differ(in_text: str) -> None:
    """StringToSign may hold q-sign-time or, as Go does, q-key-time (2.2)."""
    signature = by_formula("get\n/\n\n\n", sign_time=in_text)
    good = replace(
        credential(VECTORS[4]), header_names=(), param_names=(), sign_time="1700000100;1700003600", signature=signature
    )
    assert cos.verify(good, KEY, cos.SignedRequest("GET", ("/",), [], {}, ()))


@pytest.mark.parametrize("value", ["  v 1/2;*~ ", "\tv 1/2;*~"])
def test_header_values_are_trimmed(value: str) -> None:
    """White space around a header's value is not part of it (2.2)."""
    request = arrived(VECTORS[0])
    assert cos.verify(
        credential(VECTORS[0]), KEY, replace(request, headers={**request.headers, "x-cos-meta-note": value})
    )


def test_white_space_inside_a_parameter_is_signed() -> None:
    """A listing's prefix verifies with its inner space, however the client wrote the space on the wire."""
    assert cos.verify(listing_credential("a%20b"), KEY, listing("a b"))
    assert not cos.verify(listing_credential("a%20b"), KEY, listing("ab"))


def test_white_space_at_the_end_of_a_parameter_is_signed() -> None:
    """A prefix that ends with a space verifies as the SDKs sign it: only header values are trimmed (2.2)."""
    assert cos.verify(listing_credential("vod%2Fa%20"), KEY, listing("vod/a "))


@pytest.mark.parametrize("prefix", [" vod/a", "vod/a ", "vod/a\u3000"])
def test_white_space_cannot_be_added_to_a_parameter(prefix: str) -> None:
    """A signature for one prefix is none for the prefix with white space around it."""
    assert not cos.verify(listing_credential("vod%2Fa"), KEY, listing(prefix))


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (b"", []),
        (b"uploads", [("uploads", "")]),
        (b"uploads=", [("uploads", "")]),
        (b"a=b+c&d=%2B%2b", [("a", "b c"), ("d", "++")]),
        (b"t=1;2&x=%3B", [("t", "1;2"), ("x", ";")]),
        (b"a=%2525", [("a", "%25")]),
        (b"a=1=2&&a=3", [("a", "1=2"), ("a", "3")]),
        (b"a=100%", [("a", "100%")]),
        (b"a=%E6%B5%8B", [("a", "测")]),
        ("a=测".encode(), [("a", "测")]),
    ],
)
def test_parse_query(raw: bytes, pairs: list[tuple[str, str]]) -> None:
    """`&` alone separates, `+` is a space, escapes are undone once, a missing value is empty (2.2)."""
    assert query_pairs(raw) == pairs


@pytest.mark.parametrize("now", [START - 900, START, END])
def test_window(now: int) -> None:
    """The window includes its end and 900 s of skew before its start (2.5)."""
    cos.check_window(credential(VECTORS[0]), now)


@pytest.mark.parametrize(("now", "code"), [(END + 1, "cos.request_expired"), (START - 901, "cos.time_skewed")])
def test_outside_the_window(now: int, code: str) -> None:
    """Later is expired, with the exact message that clients correct their clock on; earlier is skewed (2.5)."""
    with pytest.raises(Denied) as error:
        cos.check_window(credential(VECTORS[0]), now)
    assert error.value.code == code
    assert (error.value.message == "Request has expired") is (code == "cos.request_expired")
