"""The server API, composed: every action that there is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from openvod.access.categories import CategoryService
from openvod.access.ports import SecretBox
from openvod.adapters.sql.database import Database
from openvod.base.ports import Clock, Entropy
from openvod.media.library import MediaLibrary
from openvod.tasks.service import TaskService
from openvod.upload.service import UploadService
from openvod.web.api.actions.classes import ClassActions
from openvod.web.api.actions.media import MediaActions
from openvod.web.api.actions.templates import TemplateActions
from openvod.web.api.actions.uploads import UploadActions
from openvod.web.api.authentication import Authentication
from openvod.web.api.declaration import Action
from openvod.web.api.limiter import RateLimiter
from openvod.web.api.surface import ApiSurface


def server_api(
    database: Database,
    uploads: UploadService,
    library: MediaLibrary,
    box: SecretBox,
    clock: Clock,
    entropy: Entropy,
) -> ApiSurface:
    """Wire the actions to the rooms."""
    tables: Sequence[Sequence[Action[Any]]] = (
        UploadActions(uploads).table(),
        MediaActions(library).table(),
        ClassActions(CategoryService(database)).table(),
        TemplateActions(TaskService(database, clock, entropy)).table(),
    )
    actions = [action for table in tables for action in table]
    return ApiSurface(database, Authentication(database, box, clock), actions, RateLimiter(time.monotonic))
