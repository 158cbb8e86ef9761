"""The console, wired: its API and its pages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from starlette.types import ASGIApp

from openvod import __version__
from openvod.app.services import Services, plan_options
from openvod.media.figures import DiskSpace, Figures
from openvod.media.review_queue import ReviewQueue
from openvod.processing.preview import PlanPreviews
from openvod.surfaces.api.catalogue import Actions
from openvod.surfaces.api.limiter import RateLimiter
from openvod.surfaces.assets import console_assets, to_console
from openvod.surfaces.console_api.application import console_api
from openvod.surfaces.console_api.services import (
    ConsoleActions,
    ConsoleEvents,
    ConsoleInstallation,
    ConsoleMedia,
    ConsolePeople,
    ConsoleServices,
)

#: Seconds for which the console's evidence URLs are valid.
_EVIDENCE_SECONDS = 3600


class FolderDisk:
    """See :class:`openvod.media.figures.Disk`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def space(self) -> DiskSpace:
        """Read the file system's free space."""
        usage = shutil.disk_usage(self._folder)
        return DiskSpace(usage.total, usage.free)


def console(services: Services, actions: Actions) -> Mapping[str, ASGIApp]:
    """Return the console's API and pages by path prefix."""
    base = services.base
    return {
        "/api/": console_api(_console_services(services, actions), __version__),
        "/console/": console_assets([base.origin, base.media_url, *base.settings.console.media_origins]),
        "/console": to_console,
    }


def _console_services(services: Services, actions: Actions) -> ConsoleServices:
    """Return the services that routes call; the API's actions use the same ones."""
    base, access, watch = services.base, services.access, services.watch
    return ConsoleServices(
        uow=services.database,
        clock=services.clock,
        public_url=base.public_url,
        people=ConsolePeople(access.accounts, access.sessions, access.audit),
        installation=ConsoleInstallation(access.applications, access.distribution),
        media=_media(services),
        events=ConsoleEvents(services.endpoints, services.feed, watch.beyond, lambda: watch.ended),
        actions=ConsoleActions(actions, RateLimiter(time.monotonic)),
    )


def _media(services: Services) -> ConsoleMedia:
    base, database, clock = services.base, services.database, services.clock
    return ConsoleMedia(
        states=services.states,
        tasks=services.tasks,
        processing=services.processing,
        previews=PlanPreviews(database, plan_options(base.settings)),
        reviews=ReviewQueue(database, clock, lambda key: base.evidence(key, _EVIDENCE_SECONDS)[0]),
        figures=Figures(database, FolderDisk(base.folder.path), clock),
    )
