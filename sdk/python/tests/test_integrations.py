"""The two back-end services through FastAPI, Flask and Django (upload-protocol.md 6.1, events.md 2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlencode

import anyio
import httpx
import pytest

from openvod_sdk.integrations import (
    BackEnd,
    EventReceiver,
    Identity,
    RateLimit,
    Refused,
    Reply,
    Request,
    SignatureService,
    SqliteEventStore,
    StaticTokenAuthenticator,
)

BEARER = {"Authorization": "Bearer sesame"}
EVENT = {"EventType": "NewFileUpload", "FileUploadEvent": {"FileId": "77", "MediaBasicInfo": {}}}
PATHS = ["/signature", "/signature/web", "/ugc-upload/", "/get_vod_sign", "/ugc_upload_sign", "/GetUploadSign"]


@dataclass(frozen=True)
class Answer:
    """What a client sees; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Send = Callable[..., Answer]


def through_fastapi(back_end: BackEnd, prefix: str) -> Send:
    """Serve through FastAPI."""
    from fastapi import FastAPI

    from openvod_sdk.integrations.fastapi import router

    app = FastAPI()
    app.include_router(router(back_end, prefix))

    async def request(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.request(method, path, content=body, headers=dict(headers))

    def send(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        got = anyio.run(request, method, path, body, headers or {})
        return Answer(got.status_code, dict(got.headers), got.content)

    return send


def through_flask(back_end: BackEnd, prefix: str) -> Send:
    """Serve through Flask."""
    from flask import Flask

    from openvod_sdk.integrations.flask import blueprint

    app = Flask("an app")
    app.register_blueprint(blueprint(back_end, prefix))

    def send(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        got = app.test_client().open(path, method=method, data=body, headers=dict(headers or {}))
        return Answer(got.status_code, {k.lower(): v for k, v in got.headers.items()}, got.data)

    return send


def through_django(back_end: BackEnd, prefix: str) -> Send:
    """Serve through Django, with its CSRF checks on."""
    import django
    from django.conf import settings
    from django.test import Client
    from django.test.utils import override_settings

    if not settings.configured:
        middleware = ["django.middleware.csrf.CsrfViewMiddleware"]
        settings.configure(ALLOWED_HOSTS=["testserver"], SECRET_KEY="only for tests", MIDDLEWARE=middleware)
        django.setup()
    from openvod_sdk.integrations.django import urlpatterns_of

    urls = ModuleType("urls_of_this_test")
    urls.urlpatterns = urlpatterns_of(back_end, prefix)  # type: ignore[attr-defined]  # a module made by the test

    def send(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        given = dict(headers or {})
        kind = given.pop("Content-Type", "application/octet-stream")
        with override_settings(ROOT_URLCONF=urls):
            client = Client(enforce_csrf_checks=True)
            got = client.generic(method, path, body, content_type=kind, headers=given)
        return Answer(got.status_code, {k.lower(): v for k, v in got.headers.items()}, got.content)

    return send


FRAMEWORKS = {"fastapi": through_fastapi, "flask": through_flask, "django": through_django}


@pytest.fixture(params=sorted(FRAMEWORKS))
def framework(request: pytest.FixtureRequest) -> Callable[[BackEnd, str], Send]:
    """Each framework in turn."""
    return FRAMEWORKS[request.param]


@pytest.fixture
def store(tmp_path: Path) -> SqliteEventStore:
    """An event store of this test alone."""
    return SqliteEventStore(tmp_path / "events.sqlite3")


def service(**options: Any) -> SignatureService:
    """A signature service with one user, ``alice``."""
    return SignatureService("AKIDapp", "app key", StaticTokenAuthenticator({"sesame": "alice"}), **options)


@pytest.fixture
def send(framework: Callable[[BackEnd, str], Send], store: SqliteEventStore) -> Send:
    """Both services, through one framework."""
    return framework(BackEnd(service(max_size=1000), EventReceiver(store, allow_unsigned=True)), "")


def signed(signature: str) -> dict[str, str]:
    """Return the signed values."""
    return dict(parse_qsl(base64.b64decode(signature, validate=True)[20:].decode()))


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


@pytest.mark.parametrize("path", [*PATHS, "/events"])
def test_preflight(send: Send, path: str) -> None:
    """Browsers may ask from any origin, with a bearer token and a JSON body."""
    answer = send("OPTIONS", path, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"authorization", "content-type"} <= set(answer.headers["access-control-allow-headers"].split(","))
    assert "POST" in answer.headers["access-control-allow-methods"]


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


def test_events_are_stored_once(send: Send, store: SqliteEventStore) -> None:
    """A notification is answered with 200 each time and stored once, also with a new Sign and T."""
    for extra in ({}, {}, {"Sign": "x", "T": 5}):
        answer = send("POST", "/events", json.dumps(EVENT | extra).encode())
        assert (answer.status, answer.json) == (200, {"code": 0})
    assert [row["event"] for row in store.find("77")] == [EVENT]


@pytest.mark.parametrize(("method", "body", "status"), [("GET", b"", 405), ("POST", b"x", 400), ("POST", b"{}", 400)])
def test_no_event(send: Send, store: SqliteEventStore, method: str, body: bytes, status: int) -> None:
    """What is no event is refused and not stored."""
    assert send(method, "/events", body).status == status
    assert store.find() == []


def test_prefix(framework: Callable[[BackEnd, str], Send], store: SqliteEventStore) -> None:
    """Below a prefix everything is served there, and only there."""
    send = framework(BackEnd(service(), EventReceiver(store, allow_unsigned=True)), "/vod")
    assert send("GET", "/vod/signature", headers=BEARER).status == 200
    assert send("POST", "/vod/events", json.dumps(EVENT).encode()).status == 200
    assert send("GET", "/signature", headers=BEARER).status == 404


def test_paths_follow_the_services(store: SqliteEventStore) -> None:
    """A back end of one service serves only its paths."""
    assert BackEnd(signatures=service()).paths == tuple(PATHS)
    assert BackEnd(events=EventReceiver(store, allow_unsigned=True)).paths == ("/events",)


def test_forged_events(store: SqliteEventStore) -> None:
    """With a key, unsigned, forged and expired events are refused with 403 and leave nothing; a signed one is kept."""
    receiver, now = EventReceiver(store, sign_key="Xk29demoKey"), int(time.time())

    def body(key: str, expires: int) -> bytes:
        sign = hashlib.md5(f"{key}{expires}".encode()).hexdigest()
        return json.dumps(EVENT | {"Sign": sign, "T": expires}).encode()

    for bad in (json.dumps(EVENT).encode(), body("other", now + 60), body("Xk29demoKey", now - 1)):
        with pytest.raises(Refused) as caught:
            receiver.receive(bad)
        assert caught.value.status == 403
    assert store.find() == []
    receiver.receive(body("Xk29demoKey", now + 60))
    assert [row["event"]["EventType"] for row in store.find("77")] == ["NewFileUpload"]


SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def webhook(body: bytes, moment: int | None = None, key: bytes = b"k" * 32) -> dict[str, str]:
    """Headers of a post, signed as the platform does (Standard Webhooks)."""
    at = str(int(time.time()) if moment is None else moment)
    digest = hmac.digest(key, f"evt_1_a.{at}.".encode() + body, "sha256")
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": "evt_1_a", "webhook-timestamp": at, "webhook-signature": f"v1,b3RoZXI= {signature}"}


def test_webhook_signature(framework: Callable[[BackEnd, str], Send], store: SqliteEventStore) -> None:
    """With the endpoint's secret only whole, recent bodies of the platform are stored; refusals say why."""
    send = framework(BackEnd(events=EventReceiver(store, webhook_secret=SECRET)), "")
    body, now = json.dumps(EVENT).encode(), int(time.time())
    bad = {
        "carries no webhook-signature": {},
        "does not fit the webhook secret": webhook(body, key=b"o" * 32),
        "body was changed": webhook(body + b" "),
        "differs from this clock": webhook(body, now - 600),
        "not a time": webhook(body) | {"webhook-timestamp": "soon"},
    }
    for reason, headers in bad.items():
        answer = send("POST", "/events", body, headers)
        assert (answer.status, reason in answer.json["message"]) == (403, True), answer.body
    assert store.find() == []
    assert send("POST", "/events", body, webhook(body)).status == 200
    assert [row["event"] for row in store.find("77")] == [EVENT]


def test_older_sign_protects_no_body(store: SqliteEventStore) -> None:
    """Sign and T of one event open the door for another body; with the webhook secret beside it, they do not."""
    now = int(time.time()) + 60
    sign = hashlib.md5(f"Xk29demoKey{now}".encode()).hexdigest()
    forged = json.dumps({"EventType": "FileDeleted", "Sign": sign, "T": now}).encode()
    EventReceiver(store, sign_key="Xk29demoKey").receive(forged)
    with pytest.raises(Refused, match="webhook-signature"):
        EventReceiver(store, sign_key="Xk29demoKey", webhook_secret=SECRET).receive(forged)


@pytest.mark.parametrize("secret", ["", "secret", "whsec_", "whsec_!"])
def test_receiver_wants_a_real_secret(store: SqliteEventStore, secret: str) -> None:
    """A receiver that could not tell who sends is refused when it is made, and says where the secret comes from."""
    with pytest.raises(ValueError, match="openvod events endpoints rotate"):
        EventReceiver(store, webhook_secret=secret or ())


@pytest.mark.parametrize(
    "body",
    [
        b'{"EventType":"NewFileUpload","FileUploadEvent":[]}',
        b'{"EventType":"NewFileUpload","FileUploadEvent":{"MediaBasicInfo":[1]}}',
        b'{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":{}}}',
        b'{"EventType":"NewFileUpload","FileUploadEvent":{"MediaBasicInfo":{"SourceInfo":"x"}}}',
        b'{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":"\\ud800"}}',
        b'{"eventType":"NewFileUpload","data":{"fileId":[]}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_malformed_events(send: Send, store: SqliteEventStore, body: bytes) -> None:
    """A list where an object should be, half a surrogate, endless nesting: 400, and nothing is stored."""
    assert send("POST", "/events", body).status == 400
    assert store.find() == []


def test_bodies_have_limits(framework: Callable[[BackEnd, str], Send], store: SqliteEventStore) -> None:
    """Larger bodies are refused with 413 by every framework, which reads no more than one byte beyond the limit."""
    back_end = BackEnd(service(), EventReceiver(store, allow_unsigned=True, max_bytes=100_000))
    read: list[int] = []
    handle = back_end.handle

    def counting(request: Request) -> Reply:
        read.append(len(request.body))
        return handle(request)

    back_end.handle = counting  # type: ignore[method-assign]  # counts calls
    send = framework(back_end, "")
    large = b'{"EventType":"x","a":"' + b"a" * 3_000_000 + b'"}'
    assert send("POST", "/events", large).status == 413
    assert send("POST", "/signature", large, BEARER).status == 413
    assert read == [100_001, 65_537]
    assert store.find() == []


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


def test_store_outlives_its_process(tmp_path: Path) -> None:
    """Stored events are there for the next process, which still recognises repetitions; newest come first."""
    first = SqliteEventStore(tmp_path / "e.sqlite3")
    for name in ("a", "b"):
        EventReceiver(first, allow_unsigned=True).receive(json.dumps(EVENT | {"EventType": name}).encode())
    first.close()
    second = SqliteEventStore(tmp_path / "e.sqlite3")
    EventReceiver(second, allow_unsigned=True).receive(json.dumps(EVENT | {"EventType": "a"}).encode())
    assert [row["event"]["EventType"] for row in second.find()] == ["b", "a"]
    assert second.find("another file") == []
    second.close()


def test_same_event_at_once(store: SqliteEventStore) -> None:
    """Simultaneous deliveries of one event are stored once."""
    receiver, body = EventReceiver(store, allow_unsigned=True), json.dumps(EVENT).encode()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: receiver.receive(body), range(40)))
    assert len(store.find()) == 1


def test_rate_limit() -> None:
    """Each user has an own sliding hour; a refused request does not count."""
    now = [0.0]
    limit = RateLimit(2, clock=lambda: now[0])
    limit.take("alice")
    now[0] = 1800.0
    limit.take("alice")
    with pytest.raises(Refused, match="1801 s") as caught:
        limit.take("alice")
    assert (caught.value.status, caught.value.code) == (429, 42901)
    limit.take("bob")
    now[0] = 3600.0
    limit.take("alice")
    with pytest.raises(Refused):
        limit.take("alice")


def test_permission_rule() -> None:
    """The app's rule sees who asks and for what, chooses the permission, and may refuse."""

    def permit(identity: Identity, source_context: str) -> dict[str, Any]:
        if source_context == "forbidden":
            raise Refused(403, 40304, "not this one")
        return {"class_id": 9, "procedure": f"for-{identity.user_id}"}

    issuing = service(permit=permit, expire=60, one_time=True)
    values = signed(issuing.issue("sesame", "ok").signature)
    assert (values["classId"], values["procedure"], values["oneTimeValid"]) == ("9", "for-alice", "1")
    assert int(values["expireTime"]) - int(values["currentTimeStamp"]) == 60
    with pytest.raises(Refused) as caught:
        issuing.issue("sesame", "forbidden")
    assert (caught.value.status, caught.value.code) == (403, 40304)


def test_refused_requests_do_not_use_up_the_rate() -> None:
    """Who is refused by rule or size keeps the hour's signatures."""
    issuing = service(rate_limit=RateLimit(1), max_size=10)
    with pytest.raises(Refused, match="at most 10"):
        issuing.issue("sesame", announced_size=11)
    assert issuing.issue("sesame").signature
    with pytest.raises(Refused, match="an hour"):
        issuing.issue("sesame")
