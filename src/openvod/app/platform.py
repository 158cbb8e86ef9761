"""The platform: every surface wired to every service, and the loops that run beside requests."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from openvod import __version__
from openvod.access.service import ensure_defaults
from openvod.app.console import console_services, first_invitation
from openvod.app.foundation import Foundation
from openvod.app.installation import advance
from openvod.app.media_addresses import REFRESH_SECONDS
from openvod.app.playback import Playback
from openvod.app.server_api import ApiServices, server_api
from openvod.app.services import Services
from openvod.app.supervisor import Workers, keep_worker
from openvod.base.errors import OpenVodError
from openvod.events.delivery import DeliveryService
from openvod.events.feed import EventFeed
from openvod.events.pull import PullService
from openvod.events.watch import LogWatch
from openvod.media.service import ProbeService
from openvod.server.pace import BodyLimits
from openvod.server.unproven import UnprovenBodies
from openvod.surfaces.api.replays import UsedSignatures
from openvod.surfaces.assets import console_assets, sdk_assets, to_console
from openvod.surfaces.console_api.application import console_api
from openvod.surfaces.cos.addressing import Addressing
from openvod.surfaces.cos.surface import CosSurface
from openvod.surfaces.event_stream import EventStreamSurface
from openvod.surfaces.front import FrontDoor, Surfaces
from openvod.surfaces.operations import OperationsSurface
from openvod.surfaces.playback.player_page import PREFIX
from openvod.surfaces.ugc.surface import UgcSurface
from openvod.upload.codec import ClientHosts
from openvod.upload.pulls import PullSettings, PullUploads
from openvod.upload.service import UploadService

_COLLECT_SECONDS = 60.0
_IDLE_SECONDS = 0.5
#: Seconds within which ``/readyz`` answers.
_READY_SECONDS = 3.0
#: Seconds between writes of used TC3 signatures: a kill -9 forgets at most the reads of this interval.
_SIGNATURE_SECONDS = 1.0
#: Seconds between deletions of expired files; look-ups hide them from the moment they expire.
_EXPIRY_SECONDS = 2.0
#: Seconds between two look-ups of files that other processes committed; commits of this process wake the loop.
_WARM_SECONDS = 5.0
#: Seconds between two look-ups of the event log's end, which other processes (workers, commands) move too.
_LOOK_SECONDS = 0.025
_log = logging.getLogger("openvod.app")


class Platform:
    """A running platform over one data folder, which it locks. Use as an async context manager.

    ``base`` is not open yet, and knows its public URL.
    """

    def __init__(self, base: Foundation) -> None:
        self.base = base
        self._settings = base.settings
        self._stack = AsyncExitStack()
        self._wake_probe = asyncio.Event()
        self._wake_delivery = asyncio.Event()
        self._wake_warm = asyncio.Event()
        self._bodies = UnprovenBodies(base.folder.scratch)
        self._draining = False
        self._foreign = False
        self._workers = Workers(base.folder.path)
        self.on_failure: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        """Lock the folder, open everything, recover, start the loops."""
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the loops and close everything."""
        await self._stack.aclose()

    @property
    def public_url(self) -> str:
        """The base of the URLs handed out."""
        return self.base.public_url

    async def _open(self) -> None:
        base = self.base
        self._stack.callback(base.close)
        base.lock()
        base.folder.remember_url(base.public_url)
        base.open()
        await self._advance()
        self._stack.push_async_callback(self._advance)
        services = self._services = Services(base)
        self._database = base.database
        await self._database.write(lambda tx: ensure_defaults(tx.access, base.clock.now()))
        playback = Playback(self._database, services.storage, services.distribution, base.clock)
        await services.addresses.refresh()
        self._start(_loop("addresses", services.addresses.refresh, asyncio.Event(), REFRESH_SECONDS))
        uploads = services.uploads(on_commit=self._committed)
        await services.collector.start()
        self._start_loops(uploads)
        warm = playback.warm_indexes()
        self._start(_loop("indexes", warm.run_once, self._wake_warm, _WARM_SECONDS))
        self._start(_loop("writer", self._watch_writer, asyncio.Event(), _IDLE_SECONDS))
        await self._start_events()
        api_services = self._api_services(uploads)
        self._start(_loop("expiry", api_services.library.delete_expired, asyncio.Event(), _EXPIRY_SECONDS))
        used = UsedSignatures(self._database, base.clock)
        self._stack.push_async_callback(used.close)
        self._start(_loop("signatures", used.flush, asyncio.Event(), _SIGNATURE_SECONDS))
        self._start(_loop("signatures", used.forget_old, asyncio.Event(), _COLLECT_SECONDS))
        self.first_invitation = await first_invitation(services)
        _log.debug("the server uses %s", json.dumps(base.uses()))
        self.app = self._front_door(uploads, playback, api_services, used)

    def _front_door(
        self, uploads: UploadService, playback: Playback, api_services: ApiServices, used: UsedSignatures
    ) -> FrontDoor:
        base, services, keys, server = self.base, self._services, self.base.keys, self._settings.server
        addressing = Addressing(self._database)
        return FrontDoor(
            Surfaces(
                ugc=UgcSurface(uploads, base.clock, self._client_hosts, keys.verify_content.hex(), self._bodies),
                cos=CosSurface(services.storage, addressing, base.clock, {"1": keys.storage_token}),
                api=server_api(api_services, used, self._bodies),
                playback=playback.surface(base.folder, self._settings.playback, keys.playback_token),
                operations=OperationsSurface(self._not_ready, __version__, base.clock, probe_root=keys.probe_token),
                event_stream=EventStreamSurface(self.feed, base.clock, token_root=keys.event_stream_token),
                mounts={
                    "/sdk/": sdk_assets(),
                    PREFIX: playback.pages(services.addresses.url),
                    "/api/": console_api(console_services(services, api_services, self._watch), __version__),
                    "/console/": console_assets([base.origin, base.media_url, *self._settings.console.media_origins]),
                    "/console": to_console,
                },
            ),
            is_bucket_host=addressing.is_bucket_host,
            limits=BodyLimits(server.stall_seconds, server.body_bytes_per_second),
        )

    def _api_services(self, uploads: UploadService) -> ApiServices:
        services = self._services
        return ApiServices(
            database=self._database,
            access=services.access,
            uploads=uploads,
            library=services.library,
            watermarks=services.watermarks,
            pulls=self._start_pulls(uploads),
            endpoints=services.endpoints,
            pull=self.pull,
            distribution=services.distribution,
            own_scheme=urlsplit(self.base.media_url).scheme,
            media_url=services.addresses.url,
            box=self.base.box,
            clock=self.base.clock,
            entropy=self.base.entropy,
        )

    def _start_loops(self, uploads: UploadService) -> None:
        base, services = self.base, self._services
        probes = ProbeService(self._database, services.storage, base.prober, base.clock, self._wake_delivery.set)

        async def collect() -> int:
            if not await self._advance():
                return 0
            await uploads.expire()
            await services.audit.forget_old()
            await services.distribution.forget_expired_links()
            await services.sessions.forget_expired()
            await services.retention.forget_old()
            await services.strays.run_once()
            await services.collector.collect(slack=True)
            return 0

        self._start(_loop("probe", probes.run_once, self._wake_probe, _IDLE_SECONDS))
        self._start(_loop("collector", collect, asyncio.Event(), _COLLECT_SECONDS))
        for _ in range(self._settings.tasks.workers):
            self._start(keep_worker(base.folder.path, self._settings, self._workers))

    def _start_pulls(self, uploads: UploadService) -> PullUploads:
        """Start the loop that fetches files; it goes on with what an earlier process left."""
        base, settings, wake = self.base, self._settings.pulls, asyncio.Event()
        pulls = PullUploads(
            self._database,
            uploads,
            self._services.storage,
            base.fetcher(),
            base.clock,
            base.entropy,
            PullSettings(settings.jobs, settings.max_bytes, settings.max_seconds),
            on_work=wake.set,
            on_commit=self._committed,
        )
        self._stack.push_async_callback(pulls.close)
        self._start(_loop("pulls", pulls.run_once, wake, _IDLE_SECONDS))
        return pulls

    async def _start_events(self) -> None:
        """Start delivery, and what reads the log with it: the services that surfaces call."""
        base, poster = self.base, self.base.poster()
        self._stack.push_async_callback(poster.close)
        delivery = DeliveryService(self._database, poster, base.box, base.clock, base.claims())
        self._stack.push_async_callback(delivery.close)
        watch = self._watch = LogWatch(self._database, self._database.version)
        self.pull = PullService(self._database, watch, base.clock, base.entropy)
        self.feed = EventFeed(self._database, watch)

        async def look() -> int:
            return await delivery.run_once() if await watch.look() else 0

        self._start(_loop("log", look, self._wake_delivery, _LOOK_SECONDS))
        # Retries become due by time, resends by other processes: no log tells.
        self._start(_loop("delivery", delivery.run_once, asyncio.Event(), _IDLE_SECONDS))

    def _start(self, loop: Awaitable[None]) -> None:
        task = asyncio.ensure_future(loop)
        self._stack.push_async_callback(_cancelled, task)

    def _committed(self) -> None:
        self._wake_warm.set()
        self._wake_probe.set()

    def begin_drain(self) -> None:
        """Answer not ready from now on, so that a balancer sends new clients elsewhere."""
        self._draining = True
        self._watch.end()

    async def _advance(self) -> bool:
        """Let the mark of the installation grow; nothing is collected in a database that has become another's."""
        if self._foreign or not await advance(self.base):
            if not self._foreign:
                _log.error("the database belongs to another installation by now (`openvod adopt`); stop this server")
            self._foreign = True
        return not self._foreign

    async def _not_ready(self) -> str:
        if self._draining:
            return "draining"
        if self._foreign:
            return "the database belongs to another installation"
        if trouble := self._database.trouble() or self._workers.trouble():
            return trouble
        try:
            await asyncio.wait_for(self._database.read(lambda tx: tx.access.regions()), _READY_SECONDS)
        except TimeoutError:
            return f"the database has not answered for {_READY_SECONDS:g} s"
        except OpenVodError as error:
            return error.message
        return ""

    def failure(self) -> str:
        """Return why the process must not be said to have ended well; empty when it may."""
        return "" if self.base.on_postgresql else self._database.trouble()

    async def _watch_writer(self) -> int:
        """Stop the server once its database accepts no writes, so that its service manager restarts it."""
        if (trouble := self.failure()) and "ended" in trouble:
            _log.critical("%s; the server ends", trouble)
            self.on_failure()
        return 0

    def _client_hosts(self, request_host: str) -> ClientHosts:
        clients = self._settings.clients
        return ClientHosts(
            control_plane=clients.control_plane_host or request_host,
            storage_upload_domain=clients.storage_upload_domain,
            mini_program_accelerate_host=clients.mini_program_accelerate_host,
            cos_acc_domain=clients.cos_acc_domain,
        )


async def _loop(name: str, work: Callable[[], Awaitable[int]], wake: asyncio.Event, idle_seconds: float) -> None:
    """Run ``work`` until it finds nothing, then wait to be woken or for ``idle_seconds``; a failure is logged."""
    while True:
        wake.clear()
        try:
            busy = await work()
        except Exception:
            _log.exception("the %s loop failed; it goes on", name)
            busy = 0
        if not busy:
            try:
                await asyncio.wait_for(wake.wait(), idle_seconds)
            except TimeoutError:
                continue


async def _cancelled(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
