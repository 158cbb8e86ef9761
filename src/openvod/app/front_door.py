"""The ASGI application: every surface, wired to its services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from openvod import __version__
from openvod.app.console import console
from openvod.app.control_plane import control_plane
from openvod.app.playback import Playback
from openvod.app.server_api import api_services, server_api
from openvod.app.services import Services
from openvod.events.pull import PullService
from openvod.server.pace import BodyLimits
from openvod.server.unproven import UnprovenBodies
from openvod.surfaces import event_stream, operations
from openvod.surfaces.api.catalogue import actions_of
from openvod.surfaces.api.replays import UsedSignatures
from openvod.surfaces.assets import sdk_assets
from openvod.surfaces.cos.addressing import Addressing
from openvod.surfaces.cos.surface import CosSurface
from openvod.surfaces.front import FrontDoor, Surface, Surfaces
from openvod.surfaces.playback.player_page import PREFIX
from openvod.upload.pulls import PullUploads
from openvod.upload.service import UploadService


@dataclass(frozen=True)
class Running:
    """Services that only the server process has. ``not_ready`` returns the reason, empty when ready."""

    uploads: UploadService
    pulls: PullUploads
    playback: Playback
    used: UsedSignatures
    not_ready: Callable[[], Awaitable[str]]


def front_door(services: Services, running: Running) -> FrontDoor:
    """Return the ASGI application of ``openvod serve``."""
    base, server = services.base, services.base.settings.server
    addressing = Addressing(services.database)
    bodies = UnprovenBodies(base.folder.scratch)
    events = PullService(services.database, services.watch, base.clock, base.entropy)
    actions = actions_of(api_services(services, running.uploads, running.pulls, events))
    return FrontDoor(
        Surfaces(
            routes=_routes(services, running, bodies),
            cos=CosSurface(
                services.storage.objects,
                services.storage.multipart,
                addressing,
                base.clock,
                {"1": base.keys.storage_token},
            ),
            api=server_api(services, actions, running.used, bodies),
            playback=running.playback.surface(base.blobs.files, base.settings.playback, base.keys.playback_token),
            mounts={
                "/sdk/": sdk_assets(),
                PREFIX: running.playback.pages(services.addresses.url),
                **console(services, actions),
            },
        ),
        is_bucket_host=addressing.is_bucket_host,
        limits=BodyLimits(server.stall_seconds, server.body_bytes_per_second),
    )


def _routes(services: Services, running: Running, bodies: UnprovenBodies) -> Mapping[str, Surface]:
    """Return the surfaces by path prefix."""
    keys, clock = services.base.keys, services.clock
    operator = operations.OperationsSurface(running.not_ready, __version__, clock, probe_root=keys.probe_token)
    return {
        **control_plane(services, running.uploads, bodies),
        **dict.fromkeys(operations.PATHS, operator),
        event_stream.PATH: event_stream.EventStreamSurface(services.feed, clock, token_root=keys.event_stream_token),
    }
