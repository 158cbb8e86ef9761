"""Retry schedule, health, bodies and their signatures (events.md 2, 4.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from openvod.base.errors import Invalid
from openvod.events.codec import Signers, UploadedFile, new_file_upload, push_request
from openvod.events.model import (
    FAILURES_TO_FAIL,
    RETRY_DELAYS,
    Attempt,
    Delivery,
    DeliveryState,
    Event,
    EventState,
    Health,
    PayloadFormat,
    health_after,
    outcome_of,
    pause_of,
)
from openvod.signing.event import event_sign

_FILE = UploadedFile("5", "n", "mp4", 0, "其他", "其他", "", "http://h/x.mp4", "ap-chongqing", "ctx", "Video", 0.0, "")


def _event(kind: str = "NewFileUpload", payload: str = "") -> Event:
    return Event(7, 1, 3, kind, "5", payload or new_file_upload(_FILE), EventState.PENDING, 2.5)


def _attempt(number: int, status: int = 500) -> Attempt:
    return Attempt(1, 7, number, 100.0, 0.5, status, "" if status == 200 else f"HTTP {status}")


def test_the_schedule_is_quick_twice_then_backs_off_to_a_day_then_gives_up() -> None:
    """The original's retries come first; the last one is followed by a dead letter."""
    delivery = Delivery(_event(), 0, len(RETRY_DELAYS) + 1, True)
    outcomes = [outcome_of(delivery, _attempt(n), RETRY_DELAYS) for n in range(1, len(RETRY_DELAYS) + 2)]
    assert [o.retry_at - 100.5 for o in outcomes[:-1]] == list(RETRY_DELAYS)
    assert (RETRY_DELAYS[:2], RETRY_DELAYS[-1]) == ((1.0, 5.0), 86_400.0)
    assert [o.state for o in outcomes] == [DeliveryState.WAITING] * len(RETRY_DELAYS) + [DeliveryState.DEAD]
    assert outcome_of(delivery, _attempt(3, 204), RETRY_DELAYS).state is DeliveryState.DONE


def test_a_resent_event_begins_its_schedule_anew() -> None:
    """Attempts are counted on, delays begin at the first one."""
    delivery = Delivery(_event(), 11, 22, False)
    assert outcome_of(delivery, _attempt(12), RETRY_DELAYS).retry_at == 100.5 + RETRY_DELAYS[0]
    assert outcome_of(delivery, _attempt(22), RETRY_DELAYS).state is DeliveryState.DEAD


def test_a_probe_costs_an_event_nothing() -> None:
    """Tried before its time to see whether the endpoint answers, an event keeps its moment and its budget."""
    probed = outcome_of(Delivery(_event(), 3, 11, False, due_at=999.0), _attempt(4), RETRY_DELAYS)
    assert (probed.state, probed.retry_at, probed.delivery.budget) == (DeliveryState.WAITING, 999.0, 12)
    last = outcome_of(Delivery(_event(), 10, 11, False, due_at=999.0), _attempt(11), RETRY_DELAYS)
    assert last.state is DeliveryState.WAITING


def test_an_endpoint_fails_after_failures_in_a_row() -> None:
    """One success makes it good again; pauses of a failing one grow to a minute."""
    health = Health()
    for number in range(FAILURES_TO_FAIL):
        assert pause_of(health.failures) == 0
        health = health_after(health, _attempt(number))
    assert (health.failing_since, health.last_error) == (100.0, "HTTP 500")
    assert [pause_of(health.failures + more) for more in (0, 1, 2, 20)] == [1.0, 2.0, 4.0, 60.0]
    assert health_after(health, _attempt(1, 200)) == Health()


def test_new_file_upload_has_every_member_that_receivers_read() -> None:
    """Strings are never null, arrays never absent, other events' members are null."""
    event = json.loads(new_file_upload(_FILE))
    basic = event["FileUploadEvent"]["MediaBasicInfo"]
    assert basic["SourceInfo"]["SourceType"] == "Upload"
    assert (basic["TagSet"], basic["CoverUrl"], basic["ExpireTime"]) == ([], "", "9999-12-31T23:59:59Z")
    assert event["ProcedureStateChangeEvent"] is None
    assert event["FileUploadEvent"]["ProcedureTaskId"] == ""


def test_signed_body_carries_sign_and_time_twice() -> None:
    """With a key, ``Sign`` and ``T`` stand in body and headers; without, the payload goes out as stored."""
    event = _event()
    assert push_request(event, PayloadFormat.CURRENT, Signers(), 0).body.decode() == event.payload
    request = push_request(event, PayloadFormat.CURRENT, Signers("Xk29demoKey"), 1_700_000_000)
    told = json.loads(request.body)
    assert told["Sign"] == request.headers["Sign"] == event_sign("Xk29demoKey", 1_700_000_600)
    assert (told["T"], request.headers["T"]) == (1_700_000_600, "1700000600")


def test_pushes_carry_standard_webhooks_headers() -> None:
    """The id is the event's own over all attempts; each secret in force signs id, time and body."""
    requests = [push_request(_event(), PayloadFormat.CURRENT, Signers("", (b"new", b"old")), t) for t in (5.9, 60.0)]
    assert len({request.headers["webhook-id"] for request in requests}) == 1
    first = requests[0]
    content = f"{first.headers['webhook-id']}.5.".encode() + first.body
    expected = [
        "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in (b"new", b"old")
    ]
    assert first.headers["webhook-signature"].split(" ") == expected
    assert first.headers["webhook-timestamp"] == "5"
    assert "webhook-signature" not in push_request(_event(), PayloadFormat.CURRENT, Signers(), 0).headers


def test_format_2_has_no_sign_and_no_newer_events() -> None:
    """``Sign`` belongs to 3.0; an event that 2.0 does not know is never sent in it."""
    request = push_request(_event(), PayloadFormat.LEGACY, Signers("Key1"), 0)
    assert json.loads(request.body)["version"] == "4.0"
    assert "Sign" not in request.headers
    review = _event("ReviewAudioVideoComplete", '{"EventType":"ReviewAudioVideoComplete"}')
    with pytest.raises(Invalid, match=r"2\.0"):
        push_request(review, PayloadFormat.LEGACY, Signers(), 0)
