"""The catalogue of event types (``events.md`` 3): the events that the platform sends, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from enum import StrEnum

from openvod.base.errors import Invalid


class EventType(StrEnum):
    """What happened. ``member`` is the one field of ``EventContent`` that is not null (``events.md`` 3).

    ``null_elsewhere``: events of other types have the member too, as null, since receivers look for it there.
    """

    member: str
    null_elsewhere: bool

    def __new__(cls, value: str, member: str = "", null_elsewhere: bool = False) -> EventType:
        """Return a type with its member's name, which does not follow from its own."""
        made = str.__new__(cls, value)
        made._value_ = value
        made.member = member
        made.null_elsewhere = null_elsewhere
        return made

    NEW_FILE_UPLOAD = "NewFileUpload", "FileUploadEvent", True
    PROCEDURE_STATE_CHANGED = "ProcedureStateChanged", "ProcedureStateChangeEvent", True
    FILE_DELETED = "FileDeleted", "FileDeleteEvent", True
    PULL_COMPLETE = "PullComplete", "PullCompleteEvent", True
    REVIEW_AUDIO_VIDEO_COMPLETE = "ReviewAudioVideoComplete", "ReviewAudioVideoCompleteEvent"


def event_types(texts: Sequence[str], field: str) -> tuple[EventType, ...]:
    """Return the types that ``texts`` name; raises ``Invalid("event.type")`` with ``field`` and the likeliest name."""
    return tuple(_event_type(text, field) for text in texts)


def _event_type(text: str, field: str) -> EventType:
    try:
        return EventType(text)
    except ValueError:
        by_lower = {each.lower(): each.value for each in EventType}
        close = get_close_matches(text.lower(), by_lower, 1)
        meant = f"did you mean {by_lower[close[0]]!r}?" if close else f"choose of {', '.join(EventType)}"
        raise Invalid("event.type", f"{field}: {text[:60]!r} is no event type; {meant}", field=field) from None
