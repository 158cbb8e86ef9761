"""API 3.0 signatures (procedures-and-api.md 2.2 to 2.4)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest

from openvod.base.errors import Denied, Invalid
from openvod.signing import tc3
from unit.signing.vectors import conformance, vector_id

DOCUMENT = conformance("tc3-signature")
VECTORS = DOCUMENT["vectors"]
KEY = DOCUMENT["secretKey"]


def verified(vector: dict[str, Any], **changes: Any) -> bool:
    """Verify a vector as the web layer does, with ``changes`` to what arrived."""
    headers = {name.lower(): value for name, value in vector["headers"].items()} | changes.pop("headers", {})
    arrived = {
        "method": vector["method"],
        "raw_query": vector["rawQuery"],
        "headers": headers,
        "host": vector["hostHeader"],
        "body": vector["body"].encode(),
    } | changes
    arrived["body_sha256"] = hashlib.sha256(arrived.pop("body")).hexdigest()
    authorization = arrived.pop("authorization", vector["authorization"])
    return tc3.verify(tc3.parse_authorization(authorization), arrived.pop("key", KEY), **arrived)


def action_signature(signed_action: str) -> dict[str, Any]:
    """Return the first vector, signed as the documents show it: content-type;host;x-tc-action."""
    vector: dict[str, Any] = VECTORS[0] | {"headers": VECTORS[0]["headers"] | {"X-TC-Action": "DescribeMediaInfos"}}
    canonical = (
        f"POST\n/\n\ncontent-type:application/json\nhost:{vector['signedHost']}\nx-tc-action:{signed_action}\n\n"
        f"content-type;host;x-tc-action\n{vector['bodySha256']}"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n1700000000\n2023-11-14/vod/tc3_request\n{digest}"
    signature = hmac.new(bytes.fromhex(vector["signingKey"]), text.encode(), hashlib.sha256).hexdigest()
    return vector | {
        "authorization": "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/vod/tc3_request, "
        f"SignedHeaders=content-type;host;x-tc-action, Signature={signature}"
    }


@pytest.mark.parametrize("vector", VECTORS, ids=vector_id)
def test_every_sdk_verifies(vector: dict[str, Any]) -> None:
    """The four SDK shapes of 2.3 pass with the Host header that really arrived."""
    assert verified(vector)


@pytest.mark.parametrize("vector", VECTORS, ids=vector_id)
def test_sign_computes_the_vectors(vector: dict[str, Any]) -> None:
    """Signing gives the SDKs' own signatures."""
    headers = {name.lower(): value for name, value in vector["headers"].items()} | {"host": vector["signedHost"]}
    signature = tc3.sign(
        DOCUMENT["secretId"],
        KEY,
        date=DOCUMENT["date"],
        service=vector["service"],
        signed_headers=tuple(vector["signedHeaders"]),
        method=vector["method"],
        raw_query=vector["rawQuery"],
        headers=headers,
        body=vector["body"].encode(),
    )
    assert signature == vector["signature"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"method": "PUT"}, id="method"),
        pytest.param({"raw_query": "a=1"}, id="query"),
        pytest.param({"host": "other.example.test:8080"}, id="host"),
        pytest.param({"body": b"{}"}, id="body"),
        pytest.param({"headers": {"content-type": "text/plain"}}, id="signed header"),
        pytest.param({"headers": {"x-tc-timestamp": "1700000001"}}, id="timestamp"),
        pytest.param({"headers": {"x-tc-content-sha256": "UNSIGNED-PAYLOAD"}}, id="payload claimed unsigned"),
        pytest.param({"key": "anotherkey"}, id="key"),
        pytest.param({"authorization": VECTORS[0]["authorization"].replace("/vod/", "/cvm/")}, id="service"),
        pytest.param({"authorization": VECTORS[0]["authorization"].replace("11-14", "11-15")}, id="date"),
        pytest.param({"authorization": VECTORS[0]["authorization"][:-1] + "0"}, id="signature"),
    ],
)
def test_every_change_is_refused(changes: dict[str, Any]) -> None:
    """Whatever is signed cannot be changed."""
    assert verified(VECTORS[0])
    assert not verified(VECTORS[0], **changes)


def test_unsigned_headers_may_change() -> None:
    """A header that SignedHeaders does not list is free."""
    assert verified(VECTORS[0], headers={"x-tc-action": "DeleteMedia", "x-tc-language": "zh-CN"})


HEADERS = {"content-type": "application/json", "x-tc-timestamp": "1700000000"}


def signed(host: str, body: bytes, headers: dict[str, str] = HEADERS) -> tc3.Tc3Credential:
    """Sign a call whose client believes that its Host header is ``host``."""
    names = ("content-type", "host")
    signature = tc3.sign(
        "A", KEY, date="2023-11-14", service="vod", signed_headers=names, method="POST", raw_query="",
        headers=headers | {"host": host}, body=body,
    )  # fmt: skip
    return tc3.Tc3Credential("A", "2023-11-14", "vod", names, signature)


def passes(credential: tc3.Tc3Credential, host: str, body: bytes, headers: dict[str, str] = HEADERS) -> bool:
    """Verify a call that arrived."""
    digest = hashlib.sha256(body).hexdigest()
    return tc3.verify(credential, KEY, method="POST", raw_query="", headers=headers, host=host, body_sha256=digest)


@pytest.mark.parametrize("as_signed", ["http://h.test:8080", "h.test:8080", "h.test"])
def test_scheme_prefix_in_host_is_tolerated(as_signed: str) -> None:
    """A Python endpoint given with its scheme sends it in Host; every way of signing it passes (2.4)."""
    assert passes(signed(as_signed, b"{}"), "http://h.test:8080", b"{}")
    assert not passes(signed(as_signed, b"{}"), "http://other.test:8080", b"{}")


@pytest.mark.parametrize("action", ["describemediainfos", "DescribeMediaInfos"])
def test_action_is_signed_in_either_case(action: str) -> None:
    """x-tc-action counts in lower case, as documented, or as sent (2.2)."""
    assert verified(action_signature(action))


def test_signed_action_cannot_be_changed() -> None:
    """Once listed, another action does not pass."""
    vector = action_signature("describemediainfos")
    assert not verified(vector, headers={"x-tc-action": "DeleteMedia"})


def test_unsigned_payload() -> None:
    """With UNSIGNED-PAYLOAD the body is free; without the header, or with another value, it is not (2.2)."""
    unsigned = HEADERS | {"x-tc-content-sha256": "UNSIGNED-PAYLOAD"}
    assert passes(signed("h", b"", unsigned), "h", b"other", unsigned)
    assert not passes(signed("h", b"", unsigned), "h", b"other")
    hashed = HEADERS | {"x-tc-content-sha256": hashlib.sha256(b"body").hexdigest()}
    assert passes(signed("h", b"body", hashed), "h", b"body", hashed)
    assert not passes(signed("h", b"body", hashed), "h", b"other", hashed)


def test_parsed_credential() -> None:
    """The header's parts come out as sent, names and digest in lower case."""
    text = VECTORS[3]["authorization"].replace("content-type;host", "Content-Type;Host")
    assert tc3.parse_authorization(text) == tc3.Tc3Credential(
        "AKIDEXAMPLE", "2023-11-14", "127", ("content-type", "host"), VECTORS[3]["signature"]
    )


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("Bearer x", id="another scheme"),
        pytest.param(VECTORS[0]["authorization"].replace("TC3-HMAC-SHA256", "TC3-HMAC-SM3"), id="another algorithm"),
        pytest.param(VECTORS[0]["authorization"].replace("/tc3_request", "/aws4_request"), id="another terminator"),
        pytest.param(VECTORS[0]["authorization"].replace("AKIDEXAMPLE", ""), id="no SecretId"),
        pytest.param(VECTORS[0]["authorization"][:-1], id="short signature"),
        pytest.param(VECTORS[0]["authorization"][:-1] + "g", id="signature not hexadecimal"),
        pytest.param(VECTORS[0]["authorization"] + ", X=1", id="more after the end"),
    ],
)
def test_other_headers_are_malformed(value: str) -> None:
    """What is no TC3 header is refused as malformed, without echoing it."""
    with pytest.raises(Invalid) as error:
        tc3.parse_authorization(value)
    assert error.value.code == "tc3.malformed"


@pytest.mark.parametrize("now", [1_700_000_000 - 300, 1_700_000_000, 1_700_000_000 + 300])
def test_five_minutes_of_clock_skew_pass(now: int) -> None:
    """The edge of five minutes on both sides passes (2.1)."""
    tc3.check_clock({"x-tc-timestamp": "1700000000"}, now)


@pytest.mark.parametrize("text", ["1699999699", "1700000301", "", "now", "1700000000.0", "-1700000000", "9" * 400, "¹"])
def test_other_timestamps_are_refused(text: str) -> None:
    """Beyond five minutes, or no whole number, is refused with the header's name."""
    with pytest.raises(Denied) as error:
        tc3.check_clock({"x-tc-timestamp": text}, 1_700_000_000)
    assert error.value.code == "tc3.clock"
    assert "X-TC-Timestamp" in error.value.message


@pytest.mark.parametrize("vector", VECTORS, ids=vector_id)
def test_every_sdk_has_its_scope(vector: dict[str, Any]) -> None:
    """Date, service and signed headers of every SDK's shape pass (2.4)."""
    credential = tc3.parse_authorization(vector["authorization"])
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    tc3.check_scope(credential, headers, vector["hostHeader"])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"date": "2023-11-13"}, "date"),
        ({"date": "2023-11-15"}, "date"),
        ({"service": "cvm"}, "service"),
        ({"service": "127"}, "service"),
        ({"signed_headers": ("host",)}, "content-type"),
        ({"signed_headers": ("content-type", "x-tc-action")}, "host"),
    ],
)
def test_scope_of_another(changes: dict[str, Any], word: str) -> None:
    """A signature for another day, another service, or that leaves host or content type open is refused by name."""
    credential = replace(tc3.parse_authorization(VECTORS[0]["authorization"]), **changes)
    headers = {name.lower(): value for name, value in VECTORS[0]["headers"].items()}
    with pytest.raises(Denied, match=word):
        tc3.check_scope(credential, headers, "vod.example.test:8080")
