"""The server API, composed: every action that there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from openvod.access.audit import AuditLog
from openvod.access.categories import CategoryService
from openvod.access.distribution import DistributionService
from openvod.access.service import AccessService
from openvod.adapters.sql.database import Database
from openvod.base.ports import Clock, Entropy, SecretBox
from openvod.events.endpoints import EndpointService
from openvod.events.pull import PullService
from openvod.media.library import MediaLibrary
from openvod.processing.service import ProcessingService
from openvod.processing.watermarks import Watermarks
from openvod.server.unproven import UnprovenBodies
from openvod.surfaces.api.actions.classes import ClassActions
from openvod.surfaces.api.actions.domains import DomainActions
from openvod.surfaces.api.actions.events import EventActions
from openvod.surfaces.api.actions.installation import ApplicationActions, RegionActions
from openvod.surfaces.api.actions.media import MediaActions
from openvod.surfaces.api.actions.procedures import ProcedureActions
from openvod.surfaces.api.actions.processing import ProcessingActions
from openvod.surfaces.api.actions.pulls import PullActions
from openvod.surfaces.api.actions.tasks import TaskActions
from openvod.surfaces.api.actions.templates import TemplateActions
from openvod.surfaces.api.actions.uploads import UploadActions
from openvod.surfaces.api.actions.watermarks import WatermarkActions
from openvod.surfaces.api.authentication import Authentication
from openvod.surfaces.api.declaration import Action
from openvod.surfaces.api.limiter import RateLimiter
from openvod.surfaces.api.replays import UsedSignatures
from openvod.surfaces.api.surface import ApiSurface
from openvod.tasks.service import TaskService
from openvod.upload.pulls import PullUploads
from openvod.upload.service import UploadService


@dataclass(frozen=True)
class ApiServices:
    """What the actions reach."""

    database: Database
    access: AccessService
    uploads: UploadService
    library: MediaLibrary
    watermarks: Watermarks
    pulls: PullUploads
    endpoints: EndpointService
    pull: PullService
    distribution: DistributionService
    own_scheme: str
    media_url: Callable[[str], str]
    box: SecretBox
    clock: Clock
    entropy: Entropy


def server_api(services: ApiServices, used: UsedSignatures, bodies: UnprovenBodies) -> ApiSurface:
    """Wire the actions to their services."""
    database, clock = services.database, services.clock
    return ApiSurface(
        database,
        Authentication(database, services.box, clock, bodies),
        actions_of(services),
        RateLimiter(time.monotonic),
        used,
        AuditLog(database, clock),
        clock,
    )


class _Nothing:
    """Stands for a service where actions are only described; any use is a mistake of the composition."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} of a service was used, but there is none: actions are only described here")


def declared_actions() -> Sequence[Action[Any, Any]]:
    """Return every action, to be read and not to be run: no database, no server."""
    nothing: Any = _Nothing()
    services = {each.name: nothing for each in fields(ApiServices)}
    return actions_of(ApiServices(**services | {"own_scheme": "http"}))


def actions_of(services: ApiServices) -> Sequence[Action[Any, Any]]:
    """Return every action, in the order of the reference."""
    tasks = TaskService(services.database, services.clock, services.entropy)
    processing = ProcessingService(services.database, services.clock, services.entropy, services.media_url)
    tables: Sequence[Sequence[Action[Any, Any]]] = (
        UploadActions(services.uploads).table(),
        PullActions(services.pulls).table(),
        MediaActions(services.library).table(),
        ProcessingActions(processing).table(),
        TaskActions(processing, services.pulls, services.media_url).table(),
        ProcedureActions(tasks).table(),
        TemplateActions(tasks).table(),
        WatermarkActions(services.watermarks, services.media_url).table(),
        EventActions(services.endpoints, services.pull).table(),
        ClassActions(CategoryService(services.database)).table(),
        RegionActions(services.access).table(),
        ApplicationActions(services.access).table(),
        DomainActions(services.distribution, services.own_scheme).table(),
    )
    return [action for table in tables for action in table]
