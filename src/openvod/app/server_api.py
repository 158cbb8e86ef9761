"""The server API, composed: every action that there is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from openvod.access.categories import CategoryService
from openvod.access.ports import SecretBox
from openvod.adapters.sql.database import Database
from openvod.base.ports import Clock, Entropy
from openvod.tasks.service import TaskService
from openvod.upload.service import UploadService
from openvod.web.api.actions.classes import ClassActions
from openvod.web.api.actions.templates import TemplateActions
from openvod.web.api.actions.uploads import UploadActions
from openvod.web.api.authentication import Authentication
from openvod.web.api.declaration import Action
from openvod.web.api.limiter import RateLimiter
from openvod.web.api.replays import UsedSignatures
from openvod.web.api.surface import ApiSurface


class _Nothing:
    """Stands for a service where actions are only described; any use is a mistake of the composition."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} of a service was used, but there is none: actions are only described here")


def declared_actions() -> Sequence[Action[Any]]:
    """Return every action, to be read and not to be run: no database, no server."""
    nothing: Any = _Nothing()
    return _actions(nothing, nothing, nothing, nothing)


def _actions(database: Database, uploads: UploadService, clock: Clock, entropy: Entropy) -> Sequence[Action[Any]]:
    tables: Sequence[Sequence[Action[Any]]] = (
        UploadActions(uploads).table(),
        ClassActions(CategoryService(database)).table(),
        TemplateActions(TaskService(database, clock, entropy)).table(),
    )
    return [action for table in tables for action in table]


def server_api(
    database: Database, uploads: UploadService, box: SecretBox, clock: Clock, entropy: Entropy
) -> ApiSurface:
    """Wire the actions to the rooms."""
    return ApiSurface(
        database,
        Authentication(database, box, clock),
        _actions(database, uploads, clock, entropy),
        RateLimiter(time.monotonic),
        UsedSignatures(time.monotonic),
    )
