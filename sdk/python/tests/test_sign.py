"""Upload signatures (upload-protocol.md 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest

from openvod_sdk import InvalidPermission, sign

KEY = "ExampleSecretKey0123456789abcdef"
FILE = "upload-signature.json"


def decoded(signature: str) -> tuple[bytes, str]:
    """Split a signature into digest and signed text."""
    raw = base64.b64decode(signature, validate=True)
    return raw[:20], raw[20:].decode()


def parameters(signature: str) -> dict[str, str]:
    """Return the signed values."""
    return dict(parse_qsl(decoded(signature)[1], strict_parsing=True))


@pytest.mark.parametrize("vectors", [FILE], indirect=True)
def test_vectors_agree_with_themselves(vectors: list[dict[str, Any]]) -> None:
    """Each vector's HMAC, text, length, SHA-1 and decoded values follow from its key and original."""
    assert [vector["id"] for vector in vectors] == [f"V{n}" for n in range(1, 13)]
    for vector in vectors:
        digest, original = decoded(vector["signature"])
        expected = hmac.new(vector["secretKey"].encode(), vector["original"].encode(), hashlib.sha1)
        assert (digest.hex(), original) == (expected.hexdigest(), vector["original"])
        assert vector["hmacSha1"] == expected.hexdigest()
        assert vector["signatureLength"] == len(vector["signature"])
        assert vector["signatureSha1"] == hashlib.sha1(vector["signature"].encode()).hexdigest()
        assert vector["parameters"] == dict(parse_qsl(original, keep_blank_values=True))


@pytest.mark.parametrize("vectors", [FILE], indirect=True)
def test_minimal_vector(vectors: list[dict[str, Any]]) -> None:
    """The smallest permission is signed to the byte as V2 says."""
    minimal = next(vector for vector in vectors if vector["id"] == "V2")
    assert sign("AKIDexample", KEY, expire=86_400, now=1_700_000_000, random=4_294_967_295) == minimal["signature"]


@pytest.mark.parametrize("vectors", [FILE], indirect=True)
def test_encoding_of_values(vectors: list[dict[str, Any]]) -> None:
    """Values are encoded as RFC 3986 wants: V6 has the same fields, in another order."""
    wanted = next(vector for vector in vectors if vector["id"] == "V6")
    signature = sign(
        "AKIDexample", KEY, expire=86_400, now=1_700_000_000, random=4_294_967_295, class_id=7, one_time=True,
        procedure=wanted["parameters"]["procedure"], sub_app_id=1_500_000_001,
        source_context=wanted["parameters"]["sourceContext"],
    )  # fmt: skip
    assert sorted(decoded(signature)[1].split("&")) == sorted(wanted["original"].split("&"))


def test_every_parameter() -> None:
    """Each keyword reaches the wire under its name, and nothing else does."""
    signature = sign(
        "id", "key", expire=60, class_id=3, procedure="p", task_priority=-10, task_notify_mode="Change",
        source_context="s&=+ 测", session_context="t", one_time=True, sub_app_id=5, storage_region="ap-beijing",
        now=1_700_000_000.9, random=1,
    )  # fmt: skip
    assert parameters(signature) == {
        "secretId": "id", "currentTimeStamp": "1700000000", "expireTime": "1700000060", "random": "1", "classId": "3",
        "procedure": "p", "taskPriority": "-10", "taskNotifyMode": "Change", "sourceContext": "s&=+ 测",
        "sessionContext": "t", "oneTimeValid": "1", "vodSubAppId": "5", "storageRegion": "ap-beijing",
    }  # fmt: skip


def test_defaults_are_left_out() -> None:
    """A plain permission carries the four required values alone, issued now and valid for a day."""
    before = int(time.time())
    values = parameters(sign("id", "key"))
    assert list(values) == ["secretId", "currentTimeStamp", "expireTime", "random"]
    assert before <= int(values["currentTimeStamp"]) <= time.time()
    assert int(values["expireTime"]) - int(values["currentTimeStamp"]) == 86_400
    assert 0 <= int(values["random"]) < 2**32


def test_signatures_differ() -> None:
    """One-time signatures of the same second are distinct."""
    assert len({sign("id", "key", one_time=True, now=1_700_000_000) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("expire", {"expire": 0}),
        ("expire", {"expire": 7_776_001}),
        ("task_priority", {"task_priority": 11}),
        ("task_priority", {"task_priority": -11}),
        ("source_context", {"source_context": "x" * 251}),
        ("session_context", {"session_context": "x" * 1001}),
        ("task_notify_mode", {"task_notify_mode": "finish"}),
    ],
)
def test_bad_values_are_refused(field: str, fields: dict[str, Any]) -> None:
    """A value outside its range is refused with the field's name, before anything is signed."""
    with pytest.raises(InvalidPermission, match=field):
        sign("id", "key", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"expire": 1},
        {"expire": 7_776_000},
        {"task_priority": 10, "procedure": "p"},
        {"source_context": "测" * 250},
        {"session_context": "x" * 1000, "procedure": "p"},
    ],
)
def test_limits_themselves_are_allowed(fields: dict[str, Any]) -> None:
    """The last value inside each range is signed; lengths count characters."""
    assert sign("id", "key", **fields)


@pytest.mark.parametrize(("secret_id", "secret_key"), [("", "sesame"), ("id", "")])
def test_empty_key_is_refused(secret_id: str, secret_key: str) -> None:
    """A missing key is named, and the secret is not shown."""
    with pytest.raises(InvalidPermission, match="secret_id and secret_key") as caught:
        sign(secret_id, secret_key)
    assert "sesame" not in str(caught.value)


def test_fractional_validity_is_refused() -> None:
    """No signature with a fractional expireTime is ever issued (upload-protocol.md 1.1)."""
    with pytest.raises(InvalidPermission, match="expire"):
        sign("id", "key", expire=1.5, now=1_700_000_000)  # type: ignore[arg-type]  # what must be refused


def test_random_out_of_range_is_refused() -> None:
    """``random`` stays within its documented range (upload-protocol.md 1.1)."""
    with pytest.raises(InvalidPermission, match="random"):
        sign("id", "key", random=2**32)
