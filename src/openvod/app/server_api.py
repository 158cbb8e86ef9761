"""The server API, composed: every action that there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from openvod.access.categories import CategoryService
from openvod.access.ports import SecretBox
from openvod.adapters.sql.database import Database
from openvod.base.ports import Clock, Entropy
from openvod.media.processing import ProcessingService
from openvod.media.watermarks import Watermarks
from openvod.tasks.service import TaskService
from openvod.upload.pulls import PullUploads
from openvod.upload.service import UploadService
from openvod.web.api.actions.classes import ClassActions
from openvod.web.api.actions.procedures import ProcedureActions
from openvod.web.api.actions.processing import ProcessingActions
from openvod.web.api.actions.pulls import PullActions
from openvod.web.api.actions.tasks import TaskActions
from openvod.web.api.actions.templates import TemplateActions
from openvod.web.api.actions.uploads import UploadActions
from openvod.web.api.actions.watermarks import WatermarkActions
from openvod.web.api.authentication import Authentication
from openvod.web.api.declaration import Action
from openvod.web.api.limiter import RateLimiter
from openvod.web.api.surface import ApiSurface


def server_api(
    database: Database,
    uploads: UploadService,
    box: SecretBox,
    clock: Clock,
    entropy: Entropy,
    media_url: Callable[[str], str],
    watermarks: Watermarks,
    pulls: PullUploads,
) -> ApiSurface:
    """Wire the actions to the rooms; ``media_url`` makes an address of an object's key."""
    tasks = TaskService(database, clock, entropy)
    processing = ProcessingService(database, clock, entropy, media_url)
    tables: Sequence[Sequence[Action[Any]]] = (
        UploadActions(uploads).table(),
        ClassActions(CategoryService(database)).table(),
        TemplateActions(tasks).table(),
        ProcedureActions(tasks).table(),
        ProcessingActions(processing).table(),
        TaskActions(processing, pulls, media_url).table(),
        PullActions(pulls).table(),
        WatermarkActions(watermarks, media_url).table(),
    )
    actions = [action for table in tables for action in table]
    return ApiSurface(database, Authentication(database, box, clock), actions, RateLimiter(time.monotonic))
