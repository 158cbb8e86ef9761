"""The shapes in which clients ask for a signature, through each framework (upload-protocol.md 6.1)."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from support.back_end import BEARER, PATHS, Send, signed


def test_main_shape(send: Send) -> None:
    """Ours and the documentation's: code, message, data.signature; GET and POST; the advised size beside it."""
    for method in ("GET", "POST"):
        answer = send(method, "/signature", headers=BEARER)
        assert (answer.status, answer.json["code"], answer.json["message"]) == (200, 0, "ok")
        data = answer.json["data"]
        values = signed(data["signature"])
        assert (values["secretId"], values["sourceContext"]) == ("AKIDapp", "alice")
        assert data["expiresAt"] == pytest.approx(int(values["expireTime"]), abs=1)
        assert data["maxSize"] == 1000


def test_web_sdk_guide(send: Send) -> None:
    """POST gives the signature and nothing around it but one object."""
    answer = send("POST", "/signature/web", headers=BEARER).json
    assert list(answer) == ["signature"]
    assert signed(answer["signature"])["secretId"] == "AKIDapp"


def test_web_demo_page(send: Send) -> None:
    """The demo page sends JSON under a form's content type and reads data.sign."""
    body = json.dumps({"Action": "GetUgcUploadSign"}).encode()
    headers = BEARER | {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send("POST", "/ugc-upload/", body, headers).json
    assert signed(answer["data"]["sign"])["secretId"] == "AKIDapp"


@pytest.mark.parametrize("body", [{"Action": "GetVodSignatureV2"}, {"userid": "u", "timestamp": 1, "expires": 2}])
def test_mini_program_and_xiaoshipin(send: Send, body: dict[str, Any]) -> None:
    """Both read data.signature; the apps also want code 0 and an empty message."""
    answer = send("POST", "/get_vod_sign", json.dumps(body).encode(), BEARER).json
    assert (answer["code"], answer["message"]) == (0, "")
    assert signed(answer["data"]["signature"])["secretId"] == "AKIDapp"


def test_cloud_function(send: Send) -> None:
    """The answer is the bare signature as text, for every origin, with the client's context in it."""
    answer = send("POST", "/ugc_upload_sign", b'{"sourceContext":"from the client"}', BEARER)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert signed(answer.body.decode())["sourceContext"] == "from the client"


def test_short_video_server(send: Send) -> None:
    """The token stands in the body; the answer is in capitals, with the end as ISO time."""
    body = json.dumps({"Token": "sesame", "SourceContext": "from the client"}).encode()
    answer = send("POST", "/GetUploadSign", body).json
    assert (answer["Code"], answer["Message"], bool(answer["RequestId"])) == (0, "OK", True)
    assert signed(answer["Data"]["UploadSign"])["sourceContext"] == "from the client"
    ends = time.mktime(time.strptime(answer["Data"]["ExpireTime"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert ends == pytest.approx(time.time() + 7200, abs=5)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic sesame"}])
def test_strangers_get_no_signature(send: Send, path: str, headers: dict[str, str]) -> None:
    """Without a known token every shape refuses, in its own form, readable across origins."""
    answer = send("POST", path, b"{}", headers)
    assert answer.status == (200 if path == "/GetUploadSign" else 401)
    assert answer.headers["access-control-allow-origin"] == "*"
    if path == "/ugc_upload_sign":
        assert b"sign in" in answer.body
    else:
        assert 40301 in answer.json.values()


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b'{"sourceContext":7}', b"null", b"\xff"])
def test_odd_bodies_are_ignored(send: Send, body: bytes) -> None:
    """A body that is no object, or a context that is no text, counts as none."""
    answer = send("POST", "/signature", body, BEARER)
    assert signed(answer.json["data"]["signature"])["sourceContext"] == "alice"


def test_long_context_is_cut(send: Send) -> None:
    """A context is cut to 250 characters, as the official sample does."""
    body = json.dumps({"sourceContext": "测" * 300}).encode()
    answer = send("POST", "/signature", body, BEARER)
    assert signed(answer.json["data"]["signature"])["sourceContext"] == "测" * 250


def test_announced_size(send: Send) -> None:
    """A file announced above the limit gets an error code in place of a signature."""
    assert send("POST", "/signature", b'{"size":1000}', BEARER).status == 200
    refused = send("POST", "/signature", b'{"size":1001}', BEARER)
    assert (refused.status, refused.json["code"]) == (403, 40302)
    assert "data" not in refused.json


def test_query_in_place_of_a_body(send: Send) -> None:
    """GET carries token and context in its query."""
    answer = send("GET", "/signature?" + urlencode({"token": "sesame", "sourceContext": "a&b"}))
    assert signed(answer.json["data"]["signature"])["sourceContext"] == "a&b"


@pytest.mark.parametrize("size", ["1001", 1001.0, "1e9", -1, 1.5, True, [1], "x"])
def test_announced_size_of_any_kind(send: Send, size: Any) -> None:
    """A size above the limit is refused however it is spelled, and what is no number of bytes is refused by name."""
    answer = send("POST", "/signature", json.dumps({"size": size}).encode(), BEARER)
    assert (answer.status, "size" in answer.json["message"] or "bytes" in answer.json["message"]) in [
        (403, True),
        (400, True),
    ]
    assert "data" not in answer.json


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_forms(send: Send, kind: str) -> None:
    """Old clients send a form: token, context and size are read from it."""
    form = urlencode({"Token": "sesame", "SourceContext": "a&b 测"}).encode()
    answer = send("POST", "/GetUploadSign", form, {"Content-Type": kind}).json
    assert signed(answer["Data"]["UploadSign"])["sourceContext"] == "a&b 测"
    refused = send("POST", "/signature", b"size=1001&token=sesame", {"Content-Type": kind})
    assert (refused.status, refused.json["code"]) == (403, 40302)


@pytest.mark.parametrize(
    "body",
    [b'{"sourceContext":"\\ud800"}', b'{"sourceContext":"a\\u0000"}', b'{"token":"\\udfff"}', b'{"\\ud800":"x"}'],
)
def test_text_that_is_not_text(send: Send, body: bytes) -> None:
    """Half a surrogate pair or a NUL, in values and names, is refused with 400, never an error of ours."""
    answer = send("POST", "/signature", body, BEARER)
    assert (answer.status, answer.json["code"]) == (400, 40001)
