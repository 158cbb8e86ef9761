"""The reference app server (upload-protocol.md 6, events.md 2)."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import anyio
import httpx
import jwt
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from openvod.adapters.system import SystemEntropy
from openvod.app.app_server import AppServerSettings, create_app, load_settings
from openvod.base.errors import Invalid
from openvod.events.codec import Signers, push_request
from openvod.events.model import Event, EventState, PayloadFormat
from openvod.events.secrets import new_secret
from openvod.signing.event import event_sign
from openvod.signing.upload import UploadPermission, decode, verify
from openvod.signing.webhook import secret_bytes

SECRET_KEY = "the app server's secret key"
USER = {"Authorization": "Bearer sesame"}
ADMIN = {"Authorization": "Bearer admin"}
EVENT = {"EventType": "NewFileUpload", "FileUploadEvent": {"FileId": "77", "MediaBasicInfo": {"Name": "测"}}}


def settings(folder: Path, **changes: Any) -> AppServerSettings:
    """Settings of a working app server; ``changes`` replace single ones."""
    values: dict[str, Any] = {
        "secret_id": "AKIDapp",
        "secret_key": SECRET_KEY,
        "data_file": folder / "events.sqlite3",
        "static_tokens": {"sesame": "alice", "closed": "mallory"},
        "admin_token": "admin",
        "accept_unsigned_events": True,
    }
    return AppServerSettings(**(values | changes))


class AppClient:
    """Calls an app in this process, one request after another."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request; ``options`` are those of httpx."""
        return anyio.run(self._send, method, path, options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST."""
        return self.request("POST", path, **options)

    async def _send(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://app") as client:
            return await client.request(method, path, **options)


def client(folder: Path, **changes: Any) -> AppClient:
    """A client of an app server with these settings."""
    return AppClient(create_app(settings(folder, **changes)))


def permission(answer: Any) -> UploadPermission:
    """Verify the answered signature with the platform's own verifier."""
    return verify(decode(answer.json()["data"]["signature"]), SECRET_KEY, time.time())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signature(tmp_path: Path, method: str) -> None:
    """A known user gets a signature that the platform accepts, in the documented shape."""
    answer = client(tmp_path).request(method, "/signature", headers=USER)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (200, 0, "ok")
    granted = permission(answer)
    assert (granted.secret_id, granted.source_context, granted.one_time) == ("AKIDapp", "alice", False)
    assert granted.expires_at - granted.issued_at == 7200


def test_settings_reach_the_signature(tmp_path: Path) -> None:
    """Every setting about the permission is in it."""
    wanted = client(
        tmp_path, signature_seconds=60, one_time=True, procedure="flow", class_id=3, sub_app_id=5, max_size=10
    )
    answer = wanted.post("/signature", headers=USER)
    granted = permission(answer)
    assert (granted.one_time, granted.procedure, granted.class_id, granted.sub_app_id) == (True, "flow", 3, 5)
    assert granted.expires_at - granted.issued_at == 60
    assert answer.json()["data"]["maxSize"] == 10


def test_refusals(tmp_path: Path) -> None:
    """Strangers, blocked users, too large files and too many requests get an error code each, and no signature."""
    app = client(tmp_path, blocked_users=["mallory"], uploads_per_hour=1, max_size=10)
    closed = {"Authorization": "Bearer closed"}
    answers = [
        app.post("/signature"),
        app.post("/signature", headers=closed),
        app.post("/signature", headers=USER, json={"size": 11}),
        app.post("/signature", headers=USER),
        app.post("/signature", headers=USER),
    ]
    found = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert found == [(401, 40301), (403, 40304), (403, 40302), (200, 0), (429, 42901)]
    assert [("data" in answer.json()) for answer in answers] == [False, False, False, True, False]


def test_users_by_token_of_the_app(tmp_path: Path) -> None:
    """With a shared secret, users present JSON Web Tokens."""
    secret = "a shared secret of at least 32 bytes"
    app = client(tmp_path, static_tokens={}, jwt_secret=secret, jwt_audience="uploads")
    claims = {"sub": "carol", "exp": int(time.time()) + 60, "aud": "uploads"}
    token = jwt.encode(claims, secret, "HS256")
    granted = permission(app.get("/signature", headers={"Authorization": f"Bearer {token}"}))
    assert granted.source_context == "carol"
    foreign = jwt.encode(claims | {"aud": "other"}, secret, "HS256")
    assert app.get("/signature", headers={"Authorization": f"Bearer {foreign}"}).status_code == 401


def test_shapes_of_existing_apps(tmp_path: Path) -> None:
    """Existing apps find their signature where their sample had it."""
    app = client(tmp_path)
    found = [
        app.post("/signature/web", headers=USER).json()["signature"],
        app.post("/ugc-upload/", headers=USER).json()["data"]["sign"],
        app.post("/get_vod_sign", headers=USER).json()["data"]["signature"],
        app.post("/ugc_upload_sign", headers=USER).text,
        app.post("/GetUploadSign", json={"Token": "sesame"}).json()["Data"]["UploadSign"],
    ]
    for signature in found:
        values = dict(parse_qsl(base64.b64decode(signature)[20:].decode()))
        assert values["secretId"] == "AKIDapp"


def test_events_are_kept_once_and_listed(tmp_path: Path) -> None:
    """A repeated notification is answered each time, stored once, and found by its file, also after a restart."""
    app = client(tmp_path)
    for _ in range(3):
        answer = app.post("/events", json=EVENT)
        assert (answer.status_code, answer.json()) == (200, {"code": 0})
    app.post("/events", json={"EventType": "FileDeleted", "FileDeleteEvent": {"FileIdSet": ["78"]}})
    restarted = client(tmp_path)
    assert [row["event"] for row in restarted.get("/received?fileId=77", headers=ADMIN).json()] == [EVENT]
    everything = restarted.get("/received", headers=ADMIN).json()
    assert [row["event"]["EventType"] for row in everything] == ["FileDeleted", "NewFileUpload"]


@pytest.mark.parametrize("headers", [{}, USER, {"Authorization": "Bearer"}, {"Authorization": "Bearer adminx"}])
def test_only_the_admin_reads_events(tmp_path: Path, headers: dict[str, str]) -> None:
    """Received events are the admin's to read, not the users'."""
    app = client(tmp_path)
    assert app.get("/received", headers=headers).status_code == 401
    assert app.get("/received", headers=ADMIN).status_code == 200


def test_without_admin_token_nobody_reads_events(tmp_path: Path) -> None:
    """An unset admin token closes the list instead of opening it."""
    app = client(tmp_path, admin_token="")
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x"}):
        assert app.get("/received", headers=headers).status_code == 401


def test_signed_events(tmp_path: Path) -> None:
    """With a key, only events that the platform signed are accepted."""
    app = client(tmp_path, event_sign_key="Xk29demoKey")
    expires = int(time.time()) + 600
    forged = EVENT | {"Sign": event_sign("other", expires), "T": expires}
    authentic = EVENT | {"Sign": event_sign("Xk29demoKey", expires), "T": expires}
    assert [app.post("/events", json=body).status_code for body in (EVENT, forged, authentic)] == [403, 403, 200]
    assert len(app.get("/received", headers=ADMIN).json()) == 1


def test_webhook_secret(tmp_path: Path) -> None:
    """With the endpoint's secret, what the platform posts is taken as it is, and nothing else."""
    secret = new_secret(SystemEntropy())
    app = client(tmp_path, webhook_secret=secret, accept_unsigned_events=False)
    event = Event(1, 1, 1, "NewFileUpload", "77", json.dumps(EVENT), EventState.PENDING, 1.0)
    post = push_request(event, PayloadFormat.CURRENT, Signers("", (secret_bytes(secret),)), time.time())
    assert app.post("/events", content=post.body + b" ", headers=post.headers).status_code == 403
    assert app.post("/events", content=post.body, headers=post.headers).status_code == 200
    assert [row["event"] for row in app.get("/received", headers=ADMIN).json()] == [EVENT]


def test_events_are_refused_until_a_secret_is_set(tmp_path: Path) -> None:
    """Without a secret the app server gives signatures, and says at every event where the secret comes from."""
    app = client(tmp_path, accept_unsigned_events=False)
    answer = app.post("/events", json=EVENT)
    assert (answer.status_code, "events set-url" in answer.json()["message"]) == (403, True)
    assert app.get("/received", headers=ADMIN).json() == []
    assert app.get("/signature", headers=USER).status_code == 200


def test_no_event(tmp_path: Path) -> None:
    """What is no event is refused with 400, and nothing is kept."""
    app = client(tmp_path)
    assert [app.post("/events", content=body).status_code for body in (b"", b"x", b"[]", b"{}")] == [400] * 4
    assert app.get("/received", headers=ADMIN).json() == []


def test_health(tmp_path: Path) -> None:
    """The health check answers without credentials."""
    assert client(tmp_path).get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("missing", ["secret_id", "secret_key"])
def test_missing_key(tmp_path: Path, missing: str) -> None:
    """Without its key the app server does not start, and says which variable to set; no secret is shown."""
    with pytest.raises(Invalid, match=f"OPENVOD_APP_SERVER.*__{missing.upper()}") as caught:
        create_app(settings(tmp_path, **{missing: ""}))
    assert SECRET_KEY not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"static_tokens": {}},
        {"jwt_secret": "s" * 32},
        {"static_tokens": {}, "jwt_secret": "s" * 32, "jwks_url": "http://k"},
    ],
)
def test_exactly_one_authentication(tmp_path: Path, changes: dict[str, Any]) -> None:
    """No way to authenticate, or two, is refused at start with the variables' names."""
    with pytest.raises(Invalid, match="exactly one"):
        create_app(settings(tmp_path, **changes))


def test_settings_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the environment, and secrets do not print."""
    for name, value in {
        "SECRET_ID": "AKIDenv", "SECRET_KEY": SECRET_KEY, "STATIC_TOKENS": json.dumps({"t": "u"}),
        "DATA_FILE": str(tmp_path / "e.sqlite3"), "ONE_TIME": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"OPENVOD_APP_SERVER__{name}", value)
    found = load_settings()
    assert (found.secret_id, found.static_tokens, found.one_time) == ("AKIDenv", {"t": "u"}, True)
    assert found.secret_key == SecretStr(SECRET_KEY)
    assert SECRET_KEY not in repr(found)


@pytest.mark.parametrize("changes", [{"signature_seconds": 7_776_001}, {"uploads_per_hour": 0}, {"class_id": -1}])
def test_impossible_settings(tmp_path: Path, changes: dict[str, int]) -> None:
    """Values that no signature can carry are refused before anything starts."""
    with pytest.raises(ValidationError, match=next(iter(changes))):
        settings(tmp_path, **changes)
