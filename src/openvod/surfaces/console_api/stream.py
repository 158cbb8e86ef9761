"""``GET /api/v1/stream``: everything live of one application, as server-sent events.

``event`` (with the log's sequence as id), ``upload``, ``task``, ``review`` and ``end``; comments keep it open.
A browser that was cut off goes on after ``Last-Event-ID``; tasks and reviews are told anew, since what counts is how
they stand.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from openvod.access.account_model import Identity
from openvod.base.errors import Invalid
from openvod.events.model import Event
from openvod.events.types import EventType
from openvod.media.figures import Progress
from openvod.surfaces.console_api.guard import Viewer
from openvod.surfaces.console_api.model import Json, SubAppId
from openvod.surfaces.console_api.services import ConsoleServices, Services
from openvod.surfaces.console_api.tasks import TaskRow, task_row
from openvod.surfaces.console_api.text_route import TextRoute
from openvod.tasks.model import Task

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["stream"])
#: How often tasks and the session are looked at.
TICK_SECONDS = 1.0
_HEARTBEAT_TICKS = 15
_MOST_TASKS = 200
_PAGE = 200


class LiveEvent(Json):
    """Data of ``event`` and ``upload``: something that entered the log."""

    event_id: int
    sequence: int
    type: str
    file_id: str
    created_at: float


class LiveReviews(Json):
    """Data of ``review``: how many files wait for a person now."""

    waiting: int


class LiveEnd(Json):
    """Data of ``end``: why nothing more comes, ``session`` (sign in again) or ``server`` (connect again)."""

    reason: str


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Messages named event and upload (LiveEvent), task (TaskRow), review (LiveReviews), end "
            "(LiveEnd).",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def stream(
    identity: Viewer,
    services: Services,
    sub_app_id: SubAppId = 0,
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=30)] = "",
    after: Annotated[str, Query(max_length=30, description="As Last-Event-ID, for clients that cannot send it.")] = "",
) -> StreamingResponse:
    """Follow an application live: its events, uploads, tasks and reviews."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    cursor = last_event_id or after
    start = _sequence(cursor) if cursor else await services.events.feed.head(app_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    follower = _Follower(services, identity, app_id, start)
    return StreamingResponse(follower.messages(), media_type="text/event-stream", headers=headers)


class _Follower:
    """One open stream, and the state of what it has sent."""

    def __init__(self, services: ConsoleServices, identity: Identity, app_id: int, after: int) -> None:
        self._services = services
        self._identity = identity
        self._app_id = app_id
        self._after = after
        self._tasks: dict[str, TaskRow] = {}
        #: Tasks named by events: a task that starts and ends between two ticks is seen only there.
        self._mentioned: set[str] = set()
        self._waiting = -1

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield messages until the session, the server or the client ends."""
        yield f": hello\nretry: 2000\nid: {self._after}\n\n".encode()
        ticks = 0
        while not self._services.events.ended():
            if not await self._services.people.sessions.still_holds(self._identity):
                yield message("end", LiveEnd(reason="session"))
                return
            messages = [*await self._events(), *await self._changed_tasks(), *await self._reviews()]
            if messages or ticks % _HEARTBEAT_TICKS == 0:
                yield b"".join(messages) or b": still here\n\n"
            ticks += 1
            await self._services.events.wait(self._app_id, self._after, TICK_SECONDS)
        yield message("end", LiveEnd(reason="server"))

    async def _events(self) -> list[bytes]:
        found = await self._services.events.feed.read(self._app_id, self._after, _PAGE)
        if found:
            self._after = found[-1].sequence or self._after
            self._mentioned |= {task_id for event in found if (task_id := _task_of(event))}
        return [each for event in found for each in _told(event)]

    async def _changed_tasks(self) -> list[bytes]:
        """Tell tasks that run and changed, and how those ended that ran before or that events told of."""
        running = await self._services.media.figures.running(self._app_id, _MOST_TASKS)
        rows = {task.task_id: task_row(task, progress) for task, progress in running}
        gone = [task_id for task_id in {**self._tasks, **dict.fromkeys(self._mentioned)} if task_id not in rows]
        self._mentioned.clear()
        changed = [row for task_id, row in rows.items() if self._tasks.get(task_id) != row]
        self._tasks = rows
        changed += [task_row(*each) for each in await self._ended(gone)]
        return [message("task", row) for row in changed]

    async def _ended(self, task_ids: Sequence[str]) -> list[tuple[Task, Progress | None]]:
        if not task_ids:
            return []

        def work(tx: Any) -> list[tuple[Task, Progress | None]]:
            progress: Mapping[str, Progress] = tx.figures.progress(task_ids)
            tasks = [tx.tasks.task(task_id) for task_id in task_ids]
            return [(task, progress.get(task.task_id)) for task in tasks if task]

        return await self._services.uow.read(work)

    async def _reviews(self) -> list[bytes]:
        waiting = await self._services.media.figures.waiting_reviews(self._app_id)
        if waiting == self._waiting:
            return []
        self._waiting = waiting
        return [message("review", LiveReviews(waiting=waiting))]


def message(name: str, data: Json, sequence: int | None = None) -> bytes:
    """Return one server-sent event."""
    text = json.dumps(data.model_dump(by_alias=True, mode="json"), ensure_ascii=False, separators=(",", ":"))
    number = "" if sequence is None else f"id: {sequence}\n"
    return f"{number}event: {name}\ndata: {text}\n\n".encode()


def _task_of(event: Event) -> str:
    """Return the id of the task that an event is about, empty if it is about none."""
    body: Mapping[str, Any] = json.loads(event.payload)
    members = (member for member in body.values() if isinstance(member, dict))
    return next((str(member["TaskId"]) for member in members if member.get("TaskId")), "")


def _told(event: Event) -> list[bytes]:
    sequence = event.sequence or 0
    live = LiveEvent(
        event_id=event.event_id, sequence=sequence, type=event.type, file_id=event.subject, created_at=event.created_at
    )
    uploads = [message("upload", live)] if event.type == EventType.NEW_FILE_UPLOAD else []
    # The id comes last: who is cut off between the two gets both again rather than one of them never.
    return [*uploads, message("event", live, sequence)]


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(
            "event_stream.cursor", f"Last-Event-ID: {text[:30]!r} is not an id of this stream; leave it out",
            field="Last-Event-ID",
        )  # fmt: skip
    return int(text)
