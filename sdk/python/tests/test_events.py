"""Notifications (events.md)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from openvod_sdk import Event, EventError, parse_event, verify_event

UPLOADED: dict[str, Any] = {
    "EventType": "NewFileUpload",
    "FileUploadEvent": {
        "FileId": "5285890700000000101",
        "MediaBasicInfo": {
            "Name": "holiday", "CoverUrl": "http://play/c.jpg", "MediaUrl": "http://play/v.mp4",
            "SourceInfo": {"SourceType": "Upload", "SourceContext": '{"uid":7}'},
        },
        "ProcedureTaskId": "1250000001-procedurev2-0123t0",
        "MetaData": None,
    },
    "ProcedureStateChangeEvent": None,
    "FileDeleteEvent": None,
}  # fmt: skip
FINISHED: dict[str, Any] = {
    "EventType": "ProcedureStateChanged",
    "FileUploadEvent": None,
    "ProcedureStateChangeEvent": {
        "TaskId": "task-1",
        "Status": "FINISH",
        "FileId": "9",
        "FileUrl": "http://play/o.mp4",
    },
}
LEGACY: dict[str, Any] = {
    "version": "4.0",
    "eventType": "NewFileUpload",
    "data": {
        "status": 0, "fileId": "5285890700000000101", "fileUrl": "http://play/v.mp4", "coverUrl": "",
        "sourceType": "ClientUpload", "sourceContext": '{"uid":7}', "procedureTaskId": "task-2", "vodTaskId": "",
    },
}  # fmt: skip
LEGACY_TASK: dict[str, Any] = {
    "version": "4.0",
    "eventType": "ProcedureStateChanged",
    "data": {"vodTaskId": "task-3", "status": "FINISH", "fileId": "9"},
}


def parsed(body: Any) -> Event:
    """Parse a body given as a value."""
    return parse_event(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "kind", "file_id", "task_id", "source_context", "media_url"),
    [
        (
            UPLOADED,
            "NewFileUpload",
            "5285890700000000101",
            "1250000001-procedurev2-0123t0",
            '{"uid":7}',
            "http://play/v.mp4",
        ),
        (FINISHED, "ProcedureStateChanged", "9", "task-1", "", "http://play/o.mp4"),
        (LEGACY, "NewFileUpload", "5285890700000000101", "task-2", '{"uid":7}', "http://play/v.mp4"),
        (LEGACY_TASK, "ProcedureStateChanged", "9", "task-3", "", ""),
    ],
)
def test_both_formats(
    body: dict[str, Any], kind: str, file_id: str, task_id: str, source_context: str, media_url: str
) -> None:
    """Formats 3.0 and 2.0 give the same model, and the whole body stays at hand."""
    event = parsed(body)
    found = (event.type, event.file_id, event.task_id, event.source_context, event.media_url)
    assert found == (kind, file_id, task_id, source_context, media_url)
    assert event.body == body


def test_status_and_cover() -> None:
    """A task's status and an upload's cover are read where each event has them."""
    assert (parsed(FINISHED).status, parsed(LEGACY_TASK).status) == ("FINISH", "FINISH")
    assert (parsed(UPLOADED).cover_url, parsed(FINISHED).cover_url) == ("http://play/c.jpg", "")


def test_escaped_slashes() -> None:
    r"""A captured sender writes ``\/``; that is the same JSON (events.md 2)."""
    text = json.dumps(UPLOADED).replace("/", "\\/")
    assert parse_event(text.encode()).media_url == "http://play/v.mp4"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not json", b"[]", b'"text"', b"{}", b"\xff\xfe", b'{"EventType":7}', b'{"eventType":"x"}',
        b'{"eventType":"x","data":[]}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_not_an_event(body: bytes) -> None:
    """Whatever a stranger posts is refused with one error class."""
    with pytest.raises(EventError):
        parse_event(body)


@pytest.mark.parametrize(
    "member", [{}, {"FileUploadEvent": None}, {"FileUploadEvent": {}}, {"FileUploadEvent": {"FileId": None}}]
)
def test_absent_values(member: dict[str, Any]) -> None:
    """Absent and null members are empty texts, never an error: events of other kinds have none of them."""
    event = parsed({"EventType": "Other"} | member)
    assert (event.type, event.file_id, event.task_id, event.media_url) == ("Other", "", "", "")


def test_repetition_has_the_same_key() -> None:
    """A repeated delivery is recognised although its Sign and T are new; other content is not taken for it."""
    first = parsed(UPLOADED | {"Sign": "a", "T": 1})
    again = parsed(dict(reversed(UPLOADED.items())) | {"Sign": "b", "T": 2})
    assert first.key == again.key
    assert parsed(FINISHED).key != parsed(FINISHED | {"EventHandle": "x"}).key


@pytest.mark.parametrize("vectors", ["event-signature.json"], indirect=True)
def test_vectors(vectors: list[dict[str, Any]]) -> None:
    """Every vector verifies, or is refused, as it says."""
    assert {vector["valid"] for vector in vectors} == {True, False}
    for vector in vectors:
        event = parsed(UPLOADED | {"Sign": vector["sign"], "T": vector["t"]})
        try:
            verify_event(event, vector["signKey"], now=vector["now"])
            valid = True
        except EventError:
            valid = False
        assert valid is vector["valid"], vector["id"]


@pytest.mark.parametrize(
    "extra", [{}, {"Sign": "x"}, {"T": 1_700_000_600}, {"Sign": 1, "T": 1}, {"Sign": "测", "T": 1}]
)
def test_unsigned_event_is_refused(extra: dict[str, Any]) -> None:
    """With a key on the receiver's side, an event without a proper Sign and T is refused and says what to do."""
    with pytest.raises(EventError, match="sign key"):
        verify_event(parsed(UPLOADED | extra), "Xk29demoKey", now=0)


def test_upper_case_sign_is_accepted() -> None:
    """The hexadecimal digest counts, not its case."""
    sign = "d578337ebaafdd376cc40008e61b62ac".upper()
    event = replace(parsed(UPLOADED), body={"Sign": sign, "T": 1_700_000_600})
    verify_event(event, "Xk29demoKey", now=1_700_000_000)
