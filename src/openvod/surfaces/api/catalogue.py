"""Every action that there is, made from the services that each family calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openvod.surfaces.api.actions.classes import ClassActions
from openvod.surfaces.api.actions.domains import DomainActions
from openvod.surfaces.api.actions.events import EventActions, EventServices
from openvod.surfaces.api.actions.installation import ApplicationActions, InstallationServices, RegionActions
from openvod.surfaces.api.actions.media import MediaActions, MediaServices
from openvod.surfaces.api.actions.procedures import ProcedureActions
from openvod.surfaces.api.actions.processing import ProcessingActions, TaskServices
from openvod.surfaces.api.actions.pulls import PullActions
from openvod.surfaces.api.actions.tasks import TaskActions
from openvod.surfaces.api.actions.templates import TemplateActions
from openvod.surfaces.api.actions.uploads import UploadActions, UploadServices
from openvod.surfaces.api.actions.watermarks import WatermarkActions
from openvod.surfaces.api.declaration import Action

Actions = Sequence[Action[Any, Any]]


@dataclass(frozen=True)
class ApiServices:
    """What the actions call, by family."""

    uploads: UploadServices
    media: MediaServices
    tasks: TaskServices
    events: EventServices
    installation: InstallationServices


def actions_of(services: ApiServices) -> Actions:
    """Return every action, in the order of the reference."""
    tasks, installation = services.tasks, services.installation
    tables: Sequence[Actions] = (
        UploadActions(services.uploads.uploads).table(),
        PullActions(services.uploads.pulls).table(),
        MediaActions(services.media.library).table(),
        ProcessingActions(tasks.processing).table(),
        TaskActions(tasks.processing, tasks.pulls, tasks.media_url).table(),
        ProcedureActions(tasks.tasks).table(),
        TemplateActions(tasks.tasks).table(),
        WatermarkActions(tasks.watermarks, tasks.media_url).table(),
        EventActions(services.events.endpoints, services.events.pull).table(),
        ClassActions(services.media.categories).table(),
        RegionActions(installation.access).table(),
        ApplicationActions(installation.access).table(),
        DomainActions(installation.distribution, installation.own_scheme).table(),
    )
    return [action for table in tables for action in table]


class _Unavailable:
    """Stands for a service where actions are only described."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} of a service was used, but actions without services can only be described")


def declared_actions() -> Actions:
    """Return every action to be described, without database and server; running one is an error."""
    none: Any = _Unavailable()
    return actions_of(
        ApiServices(
            UploadServices(none, none),
            MediaServices(none, none),
            TaskServices(none, none, none, none, none),
            EventServices(none, none),
            InstallationServices(none, none, "http"),
        )
    )
