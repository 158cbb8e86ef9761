"""API 3.0, wired to the services."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from openvod.app.services import Services
from openvod.events.pull import PullService
from openvod.server.unproven import UnprovenBodies
from openvod.surfaces.api.actions.events import EventServices
from openvod.surfaces.api.actions.installation import InstallationServices
from openvod.surfaces.api.actions.media import MediaServices
from openvod.surfaces.api.actions.processing import TaskServices
from openvod.surfaces.api.actions.uploads import UploadServices
from openvod.surfaces.api.authentication import Authentication
from openvod.surfaces.api.catalogue import Actions, ApiServices
from openvod.surfaces.api.limiter import RateLimiter
from openvod.surfaces.api.replays import UsedSignatures
from openvod.surfaces.api.surface import ApiSurface
from openvod.upload.pulls import PullUploads
from openvod.upload.service import UploadService


def api_services(services: Services, uploads: UploadService, pulls: PullUploads, events: PullService) -> ApiServices:
    """Return the services that actions call; uploads, pulls and the pull queue run in the server only."""
    access, url = services.access, services.addresses.url
    return ApiServices(
        UploadServices(uploads, pulls),
        MediaServices(services.library, access.categories),
        TaskServices(services.tasks, services.processing, pulls, services.watermarks, url),
        EventServices(services.endpoints, events),
        InstallationServices(access.applications, access.distribution, urlsplit(services.base.media_url).scheme),
    )


def server_api(services: Services, actions: Actions, used: UsedSignatures, bodies: UnprovenBodies) -> ApiSurface:
    """Return the surface of API 3.0."""
    database, clock = services.database, services.clock
    return ApiSurface(
        database,
        Authentication(database, services.base.box, clock, bodies),
        actions,
        RateLimiter(time.monotonic),
        used,
        services.access.audit,
        clock,
    )
