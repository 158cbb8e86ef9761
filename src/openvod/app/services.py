"""All services, built once from the foundation, for server, worker and commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from openvod.app.access_services import AccessServices
from openvod.app.foundation import Foundation
from openvod.app.media_addresses import MediaAddresses
from openvod.app.settings import Settings
from openvod.app.storage_services import StorageServices
from openvod.events.endpoints import EndpointService
from openvod.events.feed import EventFeed
from openvod.events.retention import Retention
from openvod.events.watch import LogWatch
from openvod.kinds.plan.model import Encoder, Limits
from openvod.kinds.registry import SubTaskKind
from openvod.media.library import MediaLibrary
from openvod.media.states import FileStates
from openvod.processing.planner import Options
from openvod.processing.service import ProcessingService
from openvod.processing.watermarks import Watermarks
from openvod.tasks.service import TaskService
from openvod.upload.service import UploadService

_DAY_SECONDS = 86_400.0


class Services:
    """The use cases of one installation over an open foundation."""

    def __init__(self, base: Foundation) -> None:
        self.base = base
        self.database = base.database
        self.clock = base.clock
        self.entropy = base.entropy
        self.access = AccessServices(base)
        self.storage = StorageServices(base)

    @cached_property
    def states(self) -> FileStates:
        """States of files."""
        return FileStates(self.database, self.clock)

    @cached_property
    def endpoints(self) -> EndpointService:
        """Endpoints of events."""
        return EndpointService(self.database, self.base.dialler, self.base.box, self.clock, self.entropy)

    @cached_property
    def watch(self) -> LogWatch:
        """The ends of the event logs; somebody has to ``look``."""
        return LogWatch(self.database, self.database.version)

    @cached_property
    def feed(self) -> EventFeed:
        """The event logs, to read and to follow."""
        return EventFeed(self.database, self.watch)

    @cached_property
    def retention(self) -> Retention:
        """Deletion of old events."""
        return Retention(self.database, self.clock, self.base.settings.events.keep_days * _DAY_SECONDS)

    @cached_property
    def addresses(self) -> MediaAddresses:
        """URLs of object keys; call ``refresh`` before the first use."""
        return MediaAddresses(self.database, self.base.media_url)

    @cached_property
    def library(self) -> MediaLibrary:
        """Files and their metadata."""
        return MediaLibrary(
            self.database,
            self.storage.outputs,
            self.base.programs.pictures(),
            self.clock,
            self.entropy,
            self.addresses.url,
        )

    @cached_property
    def watermarks(self) -> Watermarks:
        """Templates of watermarks, with their pictures."""
        return Watermarks(self.database, self.storage.outputs, self.base.held_pictures(), self.clock, self.entropy)

    @cached_property
    def tasks(self) -> TaskService:
        """Tasks, templates and procedures."""
        return TaskService(self.database, self.clock, self.entropy)

    @cached_property
    def processing(self) -> ProcessingService:
        """Tasks on existing files."""
        return ProcessingService(self.database, self.clock, self.entropy, self.addresses.url)

    def uploads(self, on_commit: Callable[[], None] = lambda: None) -> UploadService:
        """Return the upload service; it calls ``on_commit`` after each Commit."""
        return UploadService(
            self.database,
            self.base.box,
            self.clock,
            self.entropy,
            token_key=self.base.keys.storage_token,
            media_url=self.addresses.url,
            on_commit=on_commit,
        )


def plan_options(settings: Settings) -> Options:
    """Return the options for planning flows, as if every reviewer were installed."""
    tasks = settings.tasks
    limits = Limits(pixels=tasks.max_pixels, seconds=tasks.max_seconds)
    return Options(Encoder(tasks.preset), limits=limits, installed_reviews=frozenset(SubTaskKind))
