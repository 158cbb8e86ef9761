"""The catalogue of event types is the one place that knows them (events.md 3)."""

from __future__ import annotations

import json

import pytest

from openvod.base.errors import Invalid
from openvod.events.codec import event_body
from openvod.events.endpoints import EndpointOptions, check_options
from openvod.events.legacy import has_legacy_form
from openvod.events.model import EventConfig, PayloadFormat
from openvod.events.types import EventType, event_types


def test_every_type_has_its_member() -> None:
    """The body has the one member of its type, others null."""
    for kind in EventType:
        body = json.loads(event_body(kind, {"FileId": "7"}))
        assert body["EventType"] == kind.value
        assert [name for name, value in body.items() if value == {"FileId": "7"}] == [kind.member]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("NewFileUplaod", "NewFileUpload"), ("newfileupload", "NewFileUpload"), ("FileDelete", "FileDeleted"),
        ("ProcedureStateChange", "ProcedureStateChanged"),
    ],
)  # fmt: skip
def test_a_misspelt_type_is_refused_with_the_right_one(given: str, meant: str) -> None:
    """An endpoint that would get nothing for ever is not made; the refusal names field, text and likeliest type."""
    with pytest.raises(Invalid, match=rf"types: '{given}' is no event type; did you mean '{meant}'"):
        check_options(EndpointOptions(types=("FileDeleted", given)))


def test_a_type_like_none_lists_all() -> None:
    """What resembles nothing is answered with the catalogue."""
    with pytest.raises(Invalid, match=", ".join(EventType)):
        event_types(["*"], "types")


def test_an_old_format_without_its_types_is_refused() -> None:
    """Format 2.0 for types that it does not have would get nothing for ever."""
    without = next(kind for kind in EventType if not has_legacy_form(kind))
    with pytest.raises(Invalid, match=without):
        check_options(EndpointOptions(format=PayloadFormat.LEGACY, types=(without,)))
    check_options(EndpointOptions(format=PayloadFormat.LEGACY, types=(without, "NewFileUpload")))


def test_switches_are_of_known_types() -> None:
    """What an application switches off is in the catalogue."""
    off = EventConfig(upload_switch=False, delete_switch=False).switched_off()
    assert off == {EventType.NEW_FILE_UPLOAD, EventType.FILE_DELETED}
