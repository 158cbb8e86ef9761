"""Retry schedule, bodies and their signature (events.md 2, 4.1)."""

from __future__ import annotations

import json

from openvod.events.codec import UploadedFile, new_file_upload, push_body
from openvod.events.model import RETRY_DELAYS, retry_delay
from openvod.signing.event import event_sign

_FILE = UploadedFile("5", "n", "mp4", 0, "其他", "其他", "", "http://h/x.mp4", "ap-chongqing", "ctx", "Video", 0.0, "")


def test_back_off_grows_and_never_ends() -> None:
    """Delays follow the schedule and its last one repeats for ever."""
    assert [retry_delay(n) for n in range(1, 9)] == [*RETRY_DELAYS, RETRY_DELAYS[-1], RETRY_DELAYS[-1]]


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
    payload = new_file_upload(_FILE)
    assert push_body(payload, "", 0)[0].decode() == payload
    body, headers = push_body(payload, "Xk29demoKey", 1_700_000_000)
    told = json.loads(body)
    assert told["Sign"] == headers["Sign"] == event_sign("Xk29demoKey", 1_700_000_600)
    assert (told["T"], headers["T"]) == (1_700_000_600, "1700000600")
