"""The receiver of events and its store (events.md 2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openvod_sdk.integrations import BackEnd, EventReceiver, Refused, SqliteEventStore
from support.back_end import EVENT, Send


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
        "has no webhook-signature": {},
        "does not match the webhook secret": webhook(body, key=b"o" * 32),
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
