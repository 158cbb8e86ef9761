"""POST Object: a form stores a file (cos-storage.md 4.9)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from openvod.signing import cos
from support.server.wire import Applied, Wire, error_code

_BODY = b"moving pictures\r\n--almost a boundary\r\n" * 100


def _post(applied: Applied, fields: dict[str, str], body: bytes = _BODY, **options: Any) -> httpx.Response:
    """Post a form to the bucket, path style; the file comes last."""
    files: Any = [*((name, (None, value)) for name, value in fields.items()), ("file", ("clip 中文.mp4", body))]
    return applied.wire.http.post(f"{applied.wire.url}/{applied.bucket}", files=files, **options)


def _policy(applied: Applied, *conditions: object, seconds: float = 60, **changes: str) -> dict[str, str]:
    """Return a form's fields with a signed policy; ``changes`` spoil single ones."""
    given = applied.data["tempCertificate"]
    expires = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    key_time = f"{applied.data['timestamp']};{given['expiredTime']}"
    text = json.dumps({
        "expiration": expires,
        "conditions": [
            {"q-sign-algorithm": "sha1"}, {"q-ak": given["secretId"]}, {"q-sign-time": key_time}, *conditions,
        ],
    })  # fmt: skip
    return {
        "key": applied.media_key,
        "policy": base64.b64encode(text.encode()).decode(),
        "q-sign-algorithm": "sha1",
        "q-ak": given["secretId"],
        "q-key-time": key_time,
        "q-signature": cos.sign_policy(given["secretKey"], key_time, text),
        "x-cos-security-token": given["token"],
    } | {name.replace("_", "-"): value for name, value in changes.items()}


def test_a_form_with_a_policy(wire: Wire) -> None:
    """The file is what stood in the form, with the headers of its fields, and is committed as any other."""
    applied = wire.apply()
    fields = _policy(applied, {"bucket": applied.bucket}, ["starts-with", "$key", applied.media_key[:9]])
    answer = _post(applied, fields | {"Content-Type": "video/mp4", "x-cos-meta-a": "b", "success_action_status": "201"})
    assert answer.status_code == 201, answer.text
    assert f"<Key>{applied.media_key}</Key>" in answer.text
    stored = applied.call("GET", applied.media_key)
    assert (stored.content, stored.headers["x-cos-meta-a"]) == (_BODY, "b")
    assert answer.headers["etag"] == stored.headers["etag"]
    assert wire.commit(applied)["code"] == 0


@pytest.mark.parametrize("status", ["", "200", "204"])
def test_a_form_with_a_signature(wire: Wire, status: str) -> None:
    """As the mini-program SDK sends it: a signature of method post and path /, in a field."""
    applied = wire.apply()
    given = applied.data["tempCertificate"]
    sign = cos.sign(
        given["secretId"], given["secretKey"], method="POST", path="/", query=[], headers={},
        start=applied.data["timestamp"], end=given["expiredTime"],
    )  # fmt: skip
    directory = applied.media_key.rpartition("/")[0]
    fields = {"key": f"{directory}/${{filename}}", "Signature": sign, "x-cos-security-token": given["token"]}
    answer = _post(applied, fields | ({"success_action_status": status} if status else {}))
    assert (answer.status_code, answer.content) == (int(status or 204), b"")
    assert applied.call("GET", f"{directory}/clip 中文.mp4").content == _BODY


@pytest.mark.parametrize(
    ("conditions", "changes", "code"),
    [
        ((), {"q_signature": "0" * 40}, "SignatureDoesNotMatch"),
        ((), {"q_ak": "AKIDother"}, "InvalidAccessKeyId"),
        ((), {"x_cos_security_token": ""}, "InvalidAccessKeyId"),
        ((), {"policy": "e30="}, "InvalidPolicyDocument"),
        ((), {"policy": "?"}, "InvalidPolicyDocument"),
        (({"key": "another"},), {}, "AccessDenied"),
        ((["eq", "$content-type", "a/b"],), {}, "AccessDenied"),
        ((["content-length-range", 0, 10],), {}, "EntityTooLarge"),
        ((["content-length-range", 10_000_000, 20_000_000],), {}, "EntityTooSmall"),
        ((), {"key": "elsewhere/x.mp4"}, "AccessDenied"),
        ((), {"key": ""}, "MalformedPOSTRequest"),
        ((), {"x_cos_server_side_encryption": "AES256"}, "NotImplemented"),
        ((), {"success_action_redirect": "https://example.com"}, "NotImplemented"),
        ((), {"success_action_status": "302"}, "InvalidArgument"),
    ],
)
def test_what_a_form_may_not(wire: Wire, conditions: tuple[object, ...], changes: dict[str, str], code: str) -> None:
    """Signature, policy, sizes, key and fields hold as for a put; of a refused form nothing is stored."""
    applied = wire.apply()
    names = {name if name.startswith("success") else name.replace("_", "-"): value for name, value in changes.items()}
    answer = _post(applied, _policy(applied, *conditions) | names)
    assert error_code(answer) == code
    assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"


def test_after_its_time(wire: Wire) -> None:
    """A policy that expired is told in the words that clients correct their clocks on."""
    applied = wire.apply()
    answer = _post(applied, _policy(applied, seconds=-5))
    assert (error_code(answer), "Request has expired" in answer.text) == ("AccessDenied", True)


@pytest.mark.parametrize(
    "body",
    [b"", b"--b\r\n", b"--b\r\n\r\nx", b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b--\r\n',
     b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n' + b"k" * 100_000, b"x" * 100_000,
     b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n\xff\r\n--b\r\n'],
)  # fmt: skip
def test_forms_that_are_none(wire: Wire, body: bytes) -> None:
    """Cut short, without a file, too long, no text: refused as the request's fault."""
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = wire.http.post(f"{wire.url}/{wire.apply().bucket}", content=body, headers=headers)
    assert answer.status_code == 400
    assert error_code(answer) in ("MalformedPOSTRequest", "InvalidArgument")
