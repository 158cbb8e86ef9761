"""The console's API, wired; and invitations, which the command line makes without a server."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

from openvod.access.account_model import Role
from openvod.app.server_api import ApiServices, actions_of
from openvod.app.services import Services, plan_options
from openvod.base.errors import NotFound
from openvod.events.feed import EventFeed
from openvod.events.watch import LogWatch
from openvod.media.figures import DiskSpace, Figures
from openvod.media.review_queue import ReviewQueue
from openvod.processing.preview import PlanPreviews
from openvod.surfaces.api.limiter import RateLimiter
from openvod.surfaces.console_api.people import invite_link
from openvod.surfaces.console_api.services import ConsoleServices

#: How long the console's addresses of evidence are good.
_EVIDENCE_SECONDS = 3600
_FIRST_START = "openvod serve"


class FolderDisk:
    """See :class:`openvod.media.figures.Disk`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def space(self) -> DiskSpace:
        """Ask the file system."""
        usage = shutil.disk_usage(self._folder)
        return DiskSpace(usage.total, usage.free)


def console_services(services: Services, api: ApiServices, watch: LogWatch) -> ConsoleServices:
    """Wire the routes to the services that the API's actions use too."""
    base, database, clock = services.base, services.database, services.clock
    return ConsoleServices(
        uow=database,
        accounts=services.accounts,
        sessions=services.sessions,
        access=services.access,
        distribution=services.distribution,
        audit=services.audit,
        actions=actions_of(api),
        limiter=RateLimiter(time.monotonic),
        endpoints=services.endpoints,
        feed=EventFeed(database, watch),
        tasks=services.tasks,
        processing=services.processing,
        previews=PlanPreviews(database, plan_options(services.base.settings)),
        reviews=ReviewQueue(database, clock, lambda key: base.evidence(key, _EVIDENCE_SECONDS)[0]),
        states=services.states,
        figures=Figures(database, FolderDisk(base.folder.path), clock),
        clock=clock,
        public_url=base.public_url,
        ended=lambda: watch.ended,
        wait=watch.beyond,
    )


async def invitation(services: Services, role: Role, user: str, by: str) -> str:
    """Return a link by which somebody chooses a password, once, within a day."""
    secret, _ = await services.accounts.invite(role, user, by=by)
    return invite_link(services.base.public_url, secret)


async def first_invitation(services: Services) -> str:
    """Return a link for the first admin, instead of the one of the start before; empty when there is a user already."""
    accounts = services.accounts
    if await accounts.users():
        return ""
    for earlier in await accounts.invites():
        if earlier.created_by == _FIRST_START:
            with contextlib.suppress(NotFound):
                await accounts.withdraw(earlier.digest)
    return await invitation(services, Role.ADMIN, "", _FIRST_START)
