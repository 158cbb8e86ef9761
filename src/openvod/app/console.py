"""The console's API, wired; and invitations, which the command line makes without a server."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from openvod.access.account_model import Role
from openvod.access.accounts import AccountService
from openvod.access.audit import AuditLog
from openvod.access.sessions import SessionLimits, SessionService
from openvod.adapters.passwords import Argon2Passwords
from openvod.adapters.sql.database import Database
from openvod.adapters.system import SystemClock, SystemEntropy
from openvod.app.server_api import ApiRooms, actions_of
from openvod.app.settings import Settings
from openvod.base.errors import NotFound
from openvod.events.feed import EventFeed
from openvod.events.watch import LogWatch
from openvod.media.figures import DiskSpace, Figures
from openvod.media.plan.model import Encoder, Limits
from openvod.media.plan.planner import Options
from openvod.media.preview import PlanPreviews
from openvod.media.processing import ProcessingService
from openvod.media.review_queue import ReviewQueue
from openvod.tasks.model import SubTaskKind
from openvod.tasks.service import TaskService
from openvod.web.api.limiter import RateLimiter
from openvod.web.console_api.people import invite_link
from openvod.web.console_api.rooms import ConsoleRooms

_FIRST_START = "openvod serve"


class FolderDisk:
    """See :class:`openvod.media.figures.Disk`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def space(self) -> DiskSpace:
        """Ask the file system."""
        usage = shutil.disk_usage(self._folder)
        return DiskSpace(usage.total, usage.free)


def console_rooms(
    api: ApiRooms,
    *,
    sessions: SessionService,
    watch: LogWatch,
    folder: Path,
    settings: Settings,
    public_url: str,
    evidence: Callable[[str], str],
) -> ConsoleRooms:
    """Wire the routes to the rooms that actions reach as well."""
    database, clock, entropy = api.database, api.clock, api.entropy
    tasks = settings.tasks
    options = Options(
        Encoder(tasks.preset), Limits(pixels=tasks.max_pixels, seconds=tasks.max_seconds), frozenset(SubTaskKind)
    )
    return ConsoleRooms(
        uow=database,
        accounts=account_service(database),
        sessions=sessions,
        access=api.access,
        distribution=api.distribution,
        audit=AuditLog(database, clock),
        actions=actions_of(api),
        limiter=RateLimiter(time.monotonic),
        endpoints=api.endpoints,
        feed=EventFeed(database, watch),
        tasks=TaskService(database, clock, entropy),
        processing=ProcessingService(database, clock, entropy, api.media_url),
        previews=PlanPreviews(database, options),
        reviews=ReviewQueue(database, clock, evidence),
        figures=Figures(database, FolderDisk(folder), clock),
        clock=clock,
        public_url=public_url,
        ended=lambda: watch.ended,
        wait=watch.beyond,
    )


def session_service(database: Database, settings: Settings) -> SessionService:
    """Wire signing in."""
    limits = SessionLimits(settings.console.idle_seconds, settings.console.session_seconds)
    return SessionService(database, Argon2Passwords(), SystemClock(), SystemEntropy(), limits)


def account_service(database: Database) -> AccountService:
    """Wire the administration of users, which the command line uses without a server."""
    return AccountService(database, Argon2Passwords(), SystemClock(), SystemEntropy())


async def invitation(database: Database, public_url: str, role: Role, user: str, by: str) -> str:
    """Return a link by which somebody chooses a password, once, within a day."""
    secret, _ = await account_service(database).invite(role, user, by=by)
    return invite_link(public_url, secret)


async def first_invitation(database: Database, public_url: str) -> str:
    """Return a link for the first admin, instead of the one of the start before; empty when there is a user already."""
    accounts = account_service(database)
    if await accounts.users():
        return ""
    for earlier in await accounts.invites():
        if earlier.created_by == _FIRST_START:
            with contextlib.suppress(NotFound):
                await accounts.withdraw(earlier.digest)
    return await invitation(database, public_url, Role.ADMIN, "", _FIRST_START)
