"""What no action returns: a file's history, the review queue and the figures of the dashboard."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from openvod.base.errors import NotFound
from openvod.media.figures import DAY_SECONDS
from openvod.media.review_queue import ReviewDecision, ReviewItem
from openvod.media.states import FileState
from openvod.signing.player_signature import player_signature
from openvod.surfaces.console_api.audit import note
from openvod.surfaces.console_api.cursors import cursor_of, place_of
from openvod.surfaces.console_api.events import EventDetail
from openvod.surfaces.console_api.events import detail_of as event_detail_of
from openvod.surfaces.console_api.guard import Operator, Viewer
from openvod.surfaces.console_api.model import Cursor, Json, Limit, SubAppId
from openvod.surfaces.console_api.services import ConsoleTx, Services
from openvod.surfaces.console_api.tasks import TaskDetail
from openvod.surfaces.console_api.tasks import detail_of as task_detail_of
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1")
FileId = Annotated[str, Path(alias="fileId", max_length=64)]
_MOST = 500
#: How long a player that the console opened may load.
_PLAYER_SECONDS = 6 * 3600


class Decision(Json):
    """What a person decided over a file."""

    accepted: bool
    decided_by: str
    decided_at: float
    note: str


class Moment(Json):
    """Something that happened to a file; the member that its kind names is set."""

    at: float
    kind: Literal["event", "task", "decision"]
    event: EventDetail | None = None
    task: TaskDetail | None = None
    decision: Decision | None = None


class Transcript(Json):
    """The story of a file, the oldest moment first. It outlives the file."""

    file_id: str
    exists: bool
    items: list[Moment]


class PlayerAddress(Json):
    """Where a file is played, for a while and for whoever has the address."""

    address: str
    expires_at: float


class EvidenceRow(Json):
    """A suspicious part; ``picture`` is an address that is good for a while, empty without one."""

    start: float
    end: float
    label: str
    confidence: float
    suggestion: str
    picture: str


class ReviewRow(Json):
    """A file that asks for a person. ``status`` is ``Normal``, or ``Forbidden`` for one that playback refuses."""

    file_id: str
    name: str
    suggestion: str
    status: str
    task_id: str
    created_at: float
    evidence: list[EvidenceRow]
    decisions: list[Decision]


class Reviews(Json):
    """A page of the queue; ``next_cursor`` is empty on the last one."""

    items: list[ReviewRow]
    next_cursor: str


class Verdict(Json):
    """A decision: accepted files are played, blocked ones are not."""

    accept: bool
    note: str = Field("", max_length=1000)


class UploadsOfDay(Json):
    """Files that are there and came in on a day (UTC); ``day`` is Unix seconds of its beginning."""

    day: int
    files: int
    bytes: int


class DiskRoom(Json):
    """Bytes of the file system that holds everything."""

    total: int
    free: int


class Dashboard(Json):
    """Figures of an application.

    ``failures``: sub-tasks that failed within a day; ``dead_letters``: events that endpoints will not get; ``reviews``:
    files that wait for a person.
    """

    uploads: list[UploadsOfDay]
    files: int
    bytes: int
    waiting_tasks: int
    running_tasks: int
    failures: int
    dead_letters: int
    reviews: int
    disk: DiskRoom


class FileStateRow(Json):
    """How a file stands; see the vocabulary in docs/reference/file-states.md."""

    file_id: str
    state: FileState
    percent: int = Field(description="Of the task flows on their way.")
    reason: str = Field(description="Why, as a name of the reference; empty where nothing has to be explained.")
    detail: str = Field(description="The container or codec that the reason speaks of.")
    playable: bool = Field(description="Whether something of it plays now.")


class FileStateRows(Json):
    """States in the order asked for; files of which nothing is known are left out."""

    items: list[FileStateRow]


@router.get("/media/states", tags=["media"])
async def file_states(
    _: Viewer,
    services: Services,
    file_ids: Annotated[list[Annotated[str, Field(max_length=64)]], Query(alias="fileId", max_length=100)],
    sub_app_id: SubAppId = 0,
) -> FileStateRows:
    """Tell how files stand: checking, processing, ready, not playable, damaged, blocked or deleted."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    found = await services.media.states.states(app_id, file_ids)
    return FileStateRows(items=[FileStateRow(file_id=file_id, **vars(each)) for file_id, each in found.items()])


@router.get("/media/{fileId}/transcript", tags=["media"])
async def transcript(file_id: FileId, _: Viewer, services: Services, sub_app_id: SubAppId = 0) -> Transcript:
    """Tell all events, tasks and decisions of a file, the oldest first, at most 500 of each."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id

    def work(tx: ConsoleTx) -> Transcript:
        asset = tx.media.asset(file_id)
        names = {each.endpoint_id: each.name for each in tx.endpoints.endpoints(app_id)}
        events = [each for each in tx.events.events(0, _MOST, file_id) if each.sub_app_id == app_id]
        tasks = [each for each in tx.tasks.tasks(file_id=file_id, limit=_MOST) if each.sub_app_id == app_id]
        moments = [
            Moment(
                at=each.created_at, kind="event",
                event=event_detail_of(
                    each, tx.deliveries.statuses(each), tx.deliveries.attempts(each.event_id), names
                ),
            )
            for each in events
        ]  # fmt: skip
        moments += [
            Moment(at=each.created_at, kind="task", task=task_detail_of(each, tx.tasks.subtasks(each.task_id)))
            for each in tasks
        ]
        moments += [
            Moment(at=each.decided_at, kind="decision", decision=_decision(each))
            for each in tx.reviews.decisions(file_id)
            if each.sub_app_id == app_id
        ]
        exists = asset is not None and asset.sub_app_id == app_id
        if not exists and not moments:
            raise NotFound("media.unknown", f"fileId: nothing is known of {file_id[:40]!r} here", field="fileId")
        return Transcript(file_id=file_id, exists=exists, items=sorted(moments, key=lambda moment: moment.at))

    return await services.uow.read(work)


@router.get("/media/{fileId}/player", tags=["media"])
async def player(file_id: FileId, _: Viewer, services: Services, sub_app_id: SubAppId = 0) -> PlayerAddress:
    """Sign the address of a file's player page, as an app does, so that files of protected domains play here too."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    asset = await services.uow.read(lambda tx: tx.media.asset(file_id))
    if asset is None or asset.sub_app_id != app_id:
        raise NotFound("media.unknown", f"fileId: nothing is known of {file_id[:40]!r} here", field="fileId")
    play_key = (await services.installation.distribution.distribution(app_id))[1]
    now = int(services.clock.now())
    payload = {
        "appId": app_id, "fileId": file_id, "contentInfo": {}, "currentTimeStamp": now,
        "expireTimeStamp": now + _PLAYER_SECONDS,
    }  # fmt: skip
    address = f"/play/{file_id}?psign={player_signature(play_key, payload)}"
    return PlayerAddress(address=address, expires_at=now + _PLAYER_SECONDS)


@router.get("/reviews", tags=["reviews"])
async def list_reviews(
    _: Viewer, services: Services, sub_app_id: SubAppId = 0, cursor: Cursor = "", limit: Limit = 20
) -> Reviews:
    """List the files whose newest review asks for a person, the newest first."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    found = await services.media.reviews.waiting(app_id, place_of(cursor), limit + 1)
    page = found[:limit]
    token = cursor_of(page[-1].asset.created_at, page[-1].asset.file_id) if len(found) > limit else ""
    return Reviews(items=[_review(each) for each in page], next_cursor=token)


@router.get("/reviews/{fileId}", tags=["reviews"])
async def show_review(file_id: FileId, _: Viewer, services: Services, sub_app_id: SubAppId = 0) -> ReviewRow:
    """Tell what reviews found in a file, decided or not."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    return _review(await services.media.reviews.item(app_id, file_id))


@router.post("/reviews/{fileId}/decision", tags=["reviews"])
async def decide_review(
    file_id: FileId, asked: Verdict, request: Request, who: Operator, services: Services, sub_app_id: SubAppId = 0
) -> ReviewRow:
    """Accept a file, or block it: it leaves the queue and is given back to playback or taken out of it."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    await services.media.reviews.decide(app_id, file_id, accepted=asked.accept, by=who.user, note=asked.note)
    noted = {"fileId": file_id, "accept": asked.accept, "note": asked.note}
    await note(services, request, who, "console.DecideReview", noted, app_id)
    return _review(await services.media.reviews.item(app_id, file_id))


@router.get("/dashboard", tags=["dashboard"])
async def dashboard(
    _: Viewer, services: Services, sub_app_id: SubAppId = 0, days: Annotated[int, Query(ge=1, le=90)] = 30
) -> Dashboard:
    """Tell what came in, what waits, what failed and how much room is left."""
    app_id = (await services.installation.access.application(sub_app_id)).sub_app_id
    found, space = await services.media.figures.overview(app_id, days), services.media.figures.space()
    return Dashboard(
        uploads=[UploadsOfDay(day=e.day * DAY_SECONDS, files=e.files, bytes=e.size) for e in found.uploads],
        files=found.files, bytes=found.size, waiting_tasks=found.waiting, running_tasks=found.processing,
        failures=found.failures, dead_letters=found.dead_letters, reviews=found.reviews,
        disk=DiskRoom(total=space.total, free=space.free),
    )  # fmt: skip


def _review(item: ReviewItem) -> ReviewRow:
    return ReviewRow(
        file_id=item.asset.file_id,
        name=item.asset.name,
        suggestion=item.asset.review,
        status=item.asset.status,
        task_id=item.task_id,
        created_at=item.asset.created_at,
        evidence=[EvidenceRow(**vars(each)) for each in item.evidence],
        decisions=[_decision(each) for each in item.decisions],
    )


def _decision(found: ReviewDecision) -> Decision:
    return Decision(accepted=found.accepted, decided_by=found.decided_by, decided_at=found.decided_at, note=found.note)
