"""``GET /events/stream``: an application's events as they happen, as server-sent events.

Each message has the event's sequence as ``id``, from which a browser's ``EventSource`` resumes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

from openvod.base.errors import Denied, Invalid
from openvod.base.ports import Clock
from openvod.events.codec import iso_time
from openvod.events.feed import EventFeed
from openvod.events.model import Event
from openvod.events.types import EventType, event_types
from openvod.server.wire import Answer, WireRequest
from openvod.signing.stream_token import read_stream_token

PATH = "/events/stream"
_SILENCE_SECONDS = 15.0


class EventStreamSurface:
    """Streams events to who has a token (``Authorization: Bearer``, or ``token`` in the query)."""

    def __init__(self, feed: EventFeed, clock: Clock, *, token_root: bytes) -> None:
        self._feed = feed
        self._clock = clock
        self._token_root = token_root

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request; ``Last-Event-ID`` or ``after`` says where to begin, else at the end."""
        if request.method != "GET":
            raise Invalid("event_stream.method", "read the event stream with GET")
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        known = read_stream_token(self._token_root, bearer or request.argument("token") or "", self._clock.now())
        if known is None:
            raise Denied(
                "event_stream.denied", "the token is missing, wrong or expired; 'openvod events token' makes one"
            )
        sub_app_id, expires = known
        cursor = request.headers.get("last-event-id") or request.argument("after")
        after = await self._feed.head(sub_app_id) if cursor is None else _sequence(cursor)
        asked = list(filter(None, (request.argument("types") or "").split(",")))
        types = frozenset(event_types(asked, "types"))
        headers = {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Transfer-Encoding": "chunked",
        }
        return Answer(200, headers, stream=self._messages(sub_app_id, after, types, expires))

    async def _messages(
        self, sub_app_id: int, after: int, types: frozenset[EventType], expires: int
    ) -> AsyncIterator[bytes]:
        yield b": hello\n\n"
        async for events in self._feed.follow(sub_app_id, after, silence=_SILENCE_SECONDS):
            if self._clock.now() > expires:
                return
            yield _page(events, types) or b": still here\n\n"


def _page(events: Sequence[Event], types: frozenset[EventType]) -> bytes:
    return b"".join(message(event) for event in events if not types or event.type in types)


def message(event: Event) -> bytes:
    """Return one server-sent event."""
    data = {
        "Id": event.public_id,
        "Sequence": event.sequence,
        "Type": event.type,
        "FileId": event.subject,
        "CreateTime": iso_time(event.created_at),
        "Event": json.loads(event.payload),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.sequence}\nevent: {event.type}\ndata: {text}\n\n".encode()


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid("event_stream.cursor", f"Last-Event-ID {text[:30]!r} is no sequence; send the last id you saw")
    return int(text)
