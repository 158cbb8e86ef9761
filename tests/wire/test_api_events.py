"""Event notification by API 3.0 (``events.md`` 6)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from openvod_sdk import Client, sign
from support.server import PlatformServer
from support.server.api import call
from support.server.wire import Wire


@pytest.fixture
def own(shared_server: PlatformServer, wire: Wire) -> Iterator[Wire]:
    """A client with a key of an application of its own."""
    created = call(wire, "CreateSubAppId", {"Name": f"events {time.monotonic_ns()}"})
    client = Wire(shared_server.url, shared_server.create_key(created["SubAppId"]))
    yield client
    client.http.close()


def test_configuration(own: Wire) -> None:
    """What is set is told; what is absent stays; an empty address clears it; the key is never told."""
    config = call(own, "DescribeEventConfig")
    assert (config["Mode"], config["NotificationUrl"]) == ("PUSH", "")
    changed = {"NotificationUrl": "http://127.0.0.1:9/hook", "DeleteMediaCompleteEventSwitch": "ON", "SignKey": "abc1"}
    assert "Error" not in call(own, "ModifyEventConfig", changed)
    assert "Error" not in call(own, "ModifyEventConfig", {"Mode": "PULL", "UploadMediaCompleteEventSwitch": "OFF"})
    config = call(own, "DescribeEventConfig")
    config.pop("RequestId")
    assert config == {
        "Mode": "PULL",
        "NotificationUrl": "http://127.0.0.1:9/hook",
        "UploadMediaCompleteEventSwitch": "OFF",
        "DeleteMediaCompleteEventSwitch": "ON",
        "PersistenceCompleteEventSwitch": "OFF",
    }
    call(own, "ModifyEventConfig", {"NotificationUrl": ""})
    assert call(own, "DescribeEventConfig")["NotificationUrl"] == ""


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("ModifyEventConfig", {"Mode": "push"}, "InvalidParameterValue"),
        ("ModifyEventConfig", {"NotificationUrl": "ftp://a.test/"}, "InvalidParameterValue"),
        ("ModifyEventConfig", {"NotificationUrl": "http://10.0.0.1/"}, "InvalidParameterValue"),
        ("ModifyEventConfig", {"SignKey": "no spaces"}, "InvalidParameterValue"),
        ("ModifyEventConfig", {"SignKey": 7}, "InvalidParameter"),
        ("ConfirmEvents", {}, "MissingParameter"),
        ("ConfirmEvents", {"EventHandles": []}, "InvalidParameterValue"),
        ("ConfirmEvents", {"EventHandles": ["1"] * 17}, "InvalidParameterValue"),
        ("ConfirmEvents", {"EventHandles": ["1234567890123456789"]}, "InvalidParameterValue"),
        ("ConfirmEvents", {"EventHandles": "1"}, "InvalidParameter"),
    ],
)
def test_refusals(own: Wire, action: str, body: dict[str, object], code: str) -> None:
    """Each fault has its code, and names the parameter."""
    error = call(own, action, body)["Error"]
    assert error["Code"] == code, error
    if body:
        named = {"NotificationUrl": "URL", "SignKey": "ign"}.get(field := next(iter(body)), field)
        assert named in error["Message"] or "address" in error["Message"]


def test_pull_and_confirm(own: Wire, shared_server: PlatformServer, video: Path) -> None:
    """An upload's event is pulled once, confirmed once; an empty poll answers an empty list after its wait."""
    call(own, "ModifyEventConfig", {"Mode": "PULL"})
    signature = sign(own.key.secret_id, own.key.secret_key, sub_app_id=own.key.sub_app_id)
    uploaded = Client(shared_server.url, lambda: signature, resume=False).upload(video)
    pulled = call(own, "PullEvents")["EventSet"]
    assert [event["EventType"] for event in pulled] == ["NewFileUpload"]
    assert pulled[0]["FileUploadEvent"]["FileId"] == uploaded.file_id
    assert call(own, "DescribeEventsState")["CountOfEventsToPull"] == 1
    handle = pulled[0]["EventHandle"]
    assert "Error" not in call(own, "ConfirmEvents", {"EventHandles": [handle]})
    assert call(own, "ConfirmEvents", {"EventHandles": [handle]})["Error"]["Code"] == "InvalidParameterValue"
    started = time.monotonic()
    assert call(own, "PullEvents")["EventSet"] == []
    assert 4.0 < time.monotonic() - started < 9.0
    assert call(own, "DescribeEventsState")["CountOfEventsToPull"] == 0
