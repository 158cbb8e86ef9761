"""Upload signatures (upload-protocol.md 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from openvod.base.errors import Denied, Invalid, OpenVodError
from openvod.signing import upload
from unit.signing.vectors import conformance, vector_id

VECTORS = conformance("upload-signature")["vectors"]
ACCEPTED = [vector for vector in VECTORS if vector["valid"]]
KEY = "ExampleSecretKey0123456789abcdef"
NOW = 1_700_000_001
BASE: dict[str, str | int] = {
    "secretId": "AKIDexample",
    "currentTimeStamp": 1_700_000_000,
    "expireTime": 1_700_086_400,
    "random": 1,
}


def accept(text: str, key: str = KEY, now: float = NOW) -> upload.UploadPermission:
    """Decode and verify."""
    return upload.verify(upload.decode(text), key, now)


def permission(now: float = NOW, *, key: str = KEY, **extra: str | int) -> upload.UploadPermission:
    """Mint with ``extra`` parameters, decode and verify."""
    return accept(upload.mint(BASE | extra, KEY), key, now)


def signed(original: bytes) -> str:
    """Sign raw bytes, as an issuer does that encodes nothing."""
    return base64.b64encode(hmac.new(KEY.encode(), original, hashlib.sha1).digest() + original).decode()


def code(error: pytest.ExceptionInfo[OpenVodError]) -> str:
    """Return the stable code of what was raised."""
    return error.value.code


@pytest.mark.parametrize("vector", VECTORS, ids=vector_id)
def test_decode_reads_every_encoder(vector: dict[str, Any]) -> None:
    """Digest and parameters of every official encoding style come out as the specification computed them."""
    presented = upload.decode(vector["signature"])
    assert presented.digest.hex() == vector["hmacSha1"]
    assert presented.original == vector["original"].encode()
    assert dict(presented.parameters) == vector["parameters"]


@pytest.mark.parametrize("vector", ACCEPTED, ids=vector_id)
def test_verify_accepts_every_encoder(vector: dict[str, Any]) -> None:
    """Every official encoding style verifies and yields the values that the issuer meant."""
    found = upload.verify(upload.decode(vector["signature"]), vector["secretKey"], vector["verifyAt"])
    wanted = vector["parameters"]
    assert found.secret_id == wanted["secretId"]
    assert found.issued_at == int(wanted["currentTimeStamp"])
    assert found.random == int(wanted["random"])
    assert found.class_id == int(wanted.get("classId") or 0)
    assert found.procedure == wanted.get("procedure", "")
    assert found.source_context == wanted.get("sourceContext", "")
    assert found.one_time is (wanted.get("oneTimeValid") == "1")
    assert found.sub_app_id == int(wanted.get("vodSubAppId") or 0)


def test_fractional_times_are_malformed() -> None:
    """V12: a right HMAC over fractional times is refused as malformed, not as forged."""
    vector = next(vector for vector in VECTORS if vector["id"] == "V12")
    with pytest.raises(Invalid) as error:
        upload.verify(upload.decode(vector["signature"]), vector["secretKey"], vector["verifyAt"])
    assert code(error) == "signature.malformed"
    assert "currentTimeStamp" in error.value.message


@pytest.mark.parametrize("vector", ACCEPTED, ids=vector_id)
def test_every_flipped_bit_is_refused(vector: dict[str, Any]) -> None:
    """No single changed bit of digest or signed bytes passes."""
    raw = base64.b64decode(vector["signature"])
    for bit in range(len(raw) * 8):
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(OpenVodError) as error:
            accept(base64.b64encode(forged).decode(), vector["secretKey"], vector["verifyAt"])
        assert code(error) in {"signature.mismatch", "signature.malformed"}


def test_another_key_is_refused_without_showing_it() -> None:
    """A digest by another key is a mismatch, and the message shows neither key."""
    with pytest.raises(Denied) as error:
        permission(key="AnotherKey")
    assert code(error) == "signature.mismatch"
    assert KEY not in str(error.value)
    assert "AnotherKey" not in str(error.value)


def test_white_space_and_missing_padding_are_tolerated() -> None:
    """Wrapped lines of an old Java encoder and a lost '=' change nothing (1.2)."""
    text = upload.mint(BASE | {"procedure": "p"}, KEY)
    wrapped = "\r\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    plain = upload.decode(text)
    assert upload.decode(f" \t{wrapped}\n") == plain
    assert upload.decode(text.rstrip("=")) == plain


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("!!!not base64!!!", id="not Base64"),
        pytest.param(base64.urlsafe_b64encode(b"\xff\xfe" * 40).decode(), id="URL-safe alphabet"),
        pytest.param(base64.b64encode(b"x" * 40).decode() + "=AAAA", id="text after the padding"),
        pytest.param(base64.b64encode(b"x" * 20).decode(), id="digest only"),
        pytest.param(base64.b64encode(b"x" * 20 + b"secretId=\xff\xfe").decode(), id="not UTF-8"),
        pytest.param(base64.b64encode(b"x" * 20 + b"secretId=%FF%FE").decode(), id="not UTF-8 once decoded"),
        pytest.param(base64.b64encode(b"x" * 20 + b"random=7").decode(), id="no secretId"),
        pytest.param(base64.b64encode(b"x" * 20 + b"secretId=&random=7").decode(), id="empty secretId"),
        pytest.param(base64.b64encode(b"x" * 20 + b"secretId=A&" + b"x" * 40_000).decode(), id="too long"),
        pytest.param("签名" * 20, id="not ASCII"),
        pytest.param("\ud800" * 20, id="lone surrogates"),
    ],
)
def test_what_cannot_be_decoded_is_malformed(text: str) -> None:
    """Text that is no signature is refused as malformed, with a next step."""
    with pytest.raises(Invalid) as error:
        upload.decode(text)
    assert code(error) == "signature.malformed"
    assert "signature" in error.value.message


def test_longest_accepted_text() -> None:
    """32 KiB of text are read; one more character is not, and the message says how many came."""
    text = signed(b"secretId=AKIDexample&x=" + b"y" * (32_768 * 3 // 4 - 20 - 23))
    assert len(text) == 32_768
    assert upload.decode(text).secret_id == "AKIDexample"
    with pytest.raises(Invalid, match="32769"):
        upload.decode(text + "A")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currentTimeStamp", ""),
        ("currentTimeStamp", "1700000000.5"),
        ("currentTimeStamp", "1.7e9"),
        ("currentTimeStamp", " 1700000000"),
        ("currentTimeStamp", "1_700_000_000"),
        ("currentTimeStamp", "１７００００００００"),
        ("expireTime", ""),
        ("expireTime", "soon"),
        ("expireTime", "9" * 40),
        ("random", ""),
        ("random", "0x10"),
        ("random", "1.0"),
        ("classId", "one"),
        ("classId", "1.5"),
        ("taskPriority", "11"),
        ("taskPriority", "-11"),
        ("taskPriority", "high"),
        ("taskNotifyMode", "Sometimes"),
        ("sourceContext", "x" * 251),
        ("sessionContext", "x" * 1001),
        ("oneTimeValid", "2"),
        ("oneTimeValid", "-1"),
        ("oneTimeValid", "true"),
        ("vodSubAppId", "main"),
    ],
)
def test_bad_values_name_their_field(name: str, value: str) -> None:
    """A rightly signed but bad value is malformed, and the message names the field (1.1)."""
    with pytest.raises(Invalid) as error:
        accept(upload.mint(BASE | {name: value}, KEY))
    assert code(error) == "signature.malformed"
    assert name in error.value.message


@pytest.mark.parametrize("name", ["currentTimeStamp", "expireTime", "random"])
def test_missing_times_and_random_are_malformed(name: str) -> None:
    """The three required numbers may not be left out, and who leaves one out is told that and nothing else."""
    text = upload.mint({key: value for key, value in BASE.items() if key != name}, KEY)
    with pytest.raises(Invalid, match=f"{name} is missing"):
        accept(text)


def test_every_parameter_arrives() -> None:
    """All attributes of 1.1 reach the permission with their types."""
    found = permission(
        classId=7,
        procedure="a flow",
        taskPriority=-10,
        taskNotifyMode="change",
        sourceContext="测试&=+ ",
        sessionContext="s",
        oneTimeValid=1,
        vodSubAppId=1_500_000_001,
        storageRegion="ap-beijing",
    )
    assert found == upload.UploadPermission(
        secret_id="AKIDexample",
        issued_at=1_700_000_000,
        expires_at=1_700_086_400,
        random=1,
        class_id=7,
        procedure="a flow",
        task_priority=-10,
        task_notify_mode="Change",
        source_context="测试&=+ ",
        session_context="s",
        one_time=True,
        sub_app_id=1_500_000_001,
        storage_region="ap-beijing",
    )


def test_empty_values_mean_absent_and_unknown_keys_are_ignored() -> None:
    """Empty optional values equal absent ones; a key of a later release harms nothing (1.1, 1.2)."""
    empty = dict.fromkeys(
        ("classId", "procedure", "taskPriority", "taskNotifyMode", "sourceContext", "sessionContext", "oneTimeValid",
         "vodSubAppId", "storageRegion"), ""
    )  # fmt: skip
    assert accept(upload.mint(BASE | empty | {"inventedLater": "7"}, KEY)) == permission()


@pytest.mark.parametrize(("context", "length"), [("sourceContext", 250), ("sessionContext", 1000)])
def test_lengths_count_characters(context: str, length: int) -> None:
    """The limits of the contexts count characters, not bytes (1.1); the issuer encodes nothing here."""
    values = "&".join(f"{name}={value}" for name, value in BASE.items())
    found = accept(signed(f"{values}&{context}={'测' * length}".encode()))
    assert len(found.source_context or found.session_context) == length


def test_longest_permitted_contexts_are_accepted() -> None:
    """Both contexts at their documented length, percent-encoded as most samples do, are a valid signature (1.1)."""
    found = permission(sourceContext="测" * 250, sessionContext="测" * 1000)
    assert (len(found.source_context), len(found.session_context)) == (250, 1000)


def test_first_of_repeated_values_counts() -> None:
    """A repeated key keeps its first value."""
    assert upload.decode(signed(b"secretId=first&secretId=second")).secret_id == "first"


@pytest.mark.parametrize(("now", "valid"), [(1_700_086_399.9, True), (1_700_086_400, False), (1_700_086_401, False)])
def test_expiry_is_exclusive(now: float, valid: bool) -> None:
    """A signature ends at expireTime itself (1.4)."""
    if valid:
        assert permission(now).expires_at == 1_700_086_400
        return
    with pytest.raises(Denied) as error:
        permission(now)
    assert code(error) == "signature.expired"


def test_validity_is_cut_to_90_days() -> None:
    """The official sample's ten years count as 90 days (1.4)."""
    end = 1_700_000_000 + 7_776_000
    found = permission(end - 1, expireTime=1_700_000_000 + 315_360_000)
    assert found.expires_at == end
    with pytest.raises(Denied) as error:
        permission(end, expireTime=1_700_000_000 + 315_360_000)
    assert code(error) == "signature.expired"


def test_issuer_clock_may_run_ahead_a_little() -> None:
    """Ten minutes of skew pass; more is not yet valid, and the tolerance is a setting (1.4)."""
    assert permission(1_700_000_000 - 600).issued_at == 1_700_000_000
    with pytest.raises(Denied) as error:
        permission(1_700_000_000 - 601)
    assert code(error) == "signature.not_yet_valid"
    presented = upload.decode(upload.mint(BASE, KEY))
    with pytest.raises(Denied):
        upload.verify(presented, KEY, 1_699_999_999, future_tolerance=0)


def test_commit_may_come_after_expiry_but_not_with_another_digest() -> None:
    """Without expiry, as for Commit of a long upload, everything else is still checked (1.4)."""
    presented = upload.decode(upload.mint(BASE, KEY))
    assert upload.verify(presented, KEY, 1_900_000_000, enforce_expiry=False).random == 1
    with pytest.raises(Denied) as error:
        upload.verify(presented, "AnotherKey", 1_900_000_000, enforce_expiry=False)
    assert code(error) == "signature.mismatch"


def test_values_are_checked_after_the_digest() -> None:
    """A stranger's bad values are a mismatch: nothing is parsed before the digest holds."""
    text = base64.b64encode(b"x" * 20 + b"secretId=A&currentTimeStamp=never").decode()
    with pytest.raises(Denied) as error:
        accept(text)
    assert code(error) == "signature.mismatch"


def test_fingerprint_follows_the_signed_bytes() -> None:
    """Re-wrapped text is the same one-time signature; another random is another one."""
    text = upload.mint(BASE, KEY)
    presented = upload.decode(text)
    assert presented.fingerprint == hashlib.sha256(presented.original).hexdigest()
    assert upload.decode(text.rstrip("=") + "\n").fingerprint == presented.fingerprint
    assert upload.decode(upload.mint(BASE | {"random": 2}, KEY)).fingerprint != presented.fingerprint


def test_percent_encoded_transmission_of_raw_signing_is_refused() -> None:
    """A client that signs the raw text but sends the encoded one does not pass (1.3)."""
    raw = b"secretId=AKIDexample&currentTimeStamp=1700000000&expireTime=1700086400&random=1&procedure=a b"
    digest = hmac.new(KEY.encode(), raw, hashlib.sha1).digest()
    with pytest.raises(Denied) as error:
        upload.verify(upload.decode(base64.b64encode(digest + raw.replace(b" ", b"%20")).decode()), KEY, NOW)
    assert code(error) == "signature.mismatch"
