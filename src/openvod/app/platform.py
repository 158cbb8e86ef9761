"""The server process: surfaces wired to services, and the background loops."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from openvod.access.service import ensure_defaults
from openvod.app.foundation import Foundation
from openvod.app.front_door import Running, front_door
from openvod.app.installation import advance
from openvod.app.invitations import first_invitation
from openvod.app.media_addresses import REFRESH_SECONDS
from openvod.app.playback import Playback
from openvod.app.sandbox import check_sandbox
from openvod.app.services import Services
from openvod.app.supervisor import Workers, keep_worker
from openvod.base.errors import OpenVodError
from openvod.events.delivery import DeliveryService
from openvod.media.service import ProbeService
from openvod.surfaces.api.replays import UsedSignatures
from openvod.upload.pull_runner import PullRunner, PullSettings
from openvod.upload.pulls import PullUploads
from openvod.upload.service import UploadService

_COLLECT_SECONDS = 60.0
_IDLE_SECONDS = 0.5
#: Seconds within which ``/readyz`` answers.
_READY_SECONDS = 3.0
#: Seconds between writes of used TC3 signatures; kill -9 loses at most those of one interval.
_SIGNATURE_SECONDS = 1.0
#: Seconds between deletions of expired files; look-ups hide them from the moment they expire.
_EXPIRY_SECONDS = 2.0
#: Seconds between look-ups of files that other processes committed; this process's commits wake the loop.
_WARM_SECONDS = 5.0
#: Seconds between look-ups of the event log's end, to which other processes (workers, commands) also append.
_LOOK_SECONDS = 0.025
_log = logging.getLogger("openvod.app")


class Platform:
    """A running platform over one data folder, which it locks. Use as an async context manager.

    ``base`` must not be open, and must have a public URL.
    """

    def __init__(self, base: Foundation) -> None:
        self.base = base
        self._settings = base.settings
        self._stack = AsyncExitStack()
        self._wake_probe = asyncio.Event()
        self._wake_delivery = asyncio.Event()
        self._wake_warm = asyncio.Event()
        self._draining = False
        self._foreign = False
        self._workers = Workers(base.folder.path)
        self.on_failure: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        """Lock the folder, open all resources, recover, start the loops."""
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the loops and close all resources."""
        await self._stack.aclose()

    @property
    def public_url(self) -> str:
        """The base of generated URLs."""
        return self.base.public_url

    async def _open(self) -> None:
        base = self.base
        self._stack.callback(base.close)
        base.lock()
        base.folder.remember_url(base.public_url)
        await check_sandbox(base)
        base.open()
        await self._advance()
        self._stack.push_async_callback(self._advance)
        services = self._services = Services(base)
        self._database = base.database
        await self._database.write(lambda tx: ensure_defaults(tx.access, base.clock.now()))
        playback = Playback(self._database, services.storage.objects, services.access.distribution, base.clock)
        await services.addresses.refresh()
        self._start(_loop("addresses", services.addresses.refresh, asyncio.Event(), REFRESH_SECONDS))
        uploads = services.uploads(on_commit=self._committed)
        await services.storage.collector.start()
        self._start_loops(uploads)
        warm = playback.warm_indexes()
        self._start(_loop("indexes", warm.run_once, self._wake_warm, _WARM_SECONDS))
        self._start(_loop("writer", self._watch_writer, asyncio.Event(), _IDLE_SECONDS))
        await self._start_events()
        pulls = self._start_pulls(uploads)
        self._start(_loop("expiry", services.library.delete_expired, asyncio.Event(), _EXPIRY_SECONDS))
        used = UsedSignatures(self._database, base.clock)
        self._stack.push_async_callback(used.close)
        self._start(_loop("signatures", used.flush, asyncio.Event(), _SIGNATURE_SECONDS))
        self._start(_loop("signatures", used.forget_old, asyncio.Event(), _COLLECT_SECONDS))
        self.first_invitation = await first_invitation(services)
        _log.debug("the server uses %s", json.dumps(base.uses()))
        self.app = front_door(services, Running(uploads, pulls, playback, used, self._not_ready))

    def _start_loops(self, uploads: UploadService) -> None:
        base, services = self.base, self._services
        probes = ProbeService(
            self._database, services.storage.files, base.programs.prober, base.clock, self._wake_delivery.set
        )

        async def collect() -> int:
            if not await self._advance():
                return 0
            await uploads.expire()
            await services.access.audit.forget_old()
            await services.access.distribution.forget_expired_links()
            await services.access.sessions.forget_expired()
            await services.retention.forget_old()
            await services.storage.strays.run_once()
            await services.storage.collector.collect(slack=True)
            return 0

        self._start(_loop("probe", probes.run_once, self._wake_probe, _IDLE_SECONDS))
        self._start(_loop("collector", collect, asyncio.Event(), _COLLECT_SECONDS))
        for _ in range(self._settings.tasks.workers):
            self._start(keep_worker(base.folder.path, self._settings, self._workers))

    def _start_pulls(self, uploads: UploadService) -> PullUploads:
        """Start the loop of PullUpload; it resumes downloads of an earlier process."""
        base, settings, wake = self.base, self._settings.pulls, asyncio.Event()
        fetcher, limits = base.fetcher(), PullSettings(settings.jobs, settings.max_bytes, settings.max_seconds)
        runner = PullRunner(
            self._database,
            uploads,
            self._services.storage.objects,
            fetcher,
            base.clock,
            limits,
            on_work=wake.set,
            on_commit=self._committed,
        )
        self._stack.push_async_callback(runner.close)
        self._start(_loop("pulls", runner.run_once, wake, _IDLE_SECONDS))
        return PullUploads(self._database, uploads, fetcher, base.clock, base.entropy, on_work=wake.set)

    async def _start_events(self) -> None:
        """Start event delivery, and polling of the event log's end."""
        base, poster = self.base, self.base.poster()
        self._stack.push_async_callback(poster.close)
        delivery = DeliveryService(self._database, poster, base.box, base.clock, base.claims())
        self._stack.push_async_callback(delivery.close)
        watch = self._services.watch

        async def look() -> int:
            return await delivery.run_once() if await watch.look() else 0

        self._start(_loop("log", look, self._wake_delivery, _LOOK_SECONDS))
        # Retries and resends by other processes do not append to the log, so poll for them.
        self._start(_loop("delivery", delivery.run_once, asyncio.Event(), _IDLE_SECONDS))

    def _start(self, loop: Awaitable[None]) -> None:
        task = asyncio.ensure_future(loop)
        self._stack.push_async_callback(_cancelled, task)

    def _committed(self) -> None:
        self._wake_warm.set()
        self._wake_probe.set()

    def begin_drain(self) -> None:
        """Answer not ready from now on, so that a load balancer sends new clients elsewhere."""
        self._draining = True
        self._services.watch.end()

    async def _advance(self) -> bool:
        """Increment the installation's mark; false stops collection, because another installation owns the database."""
        if self._foreign or not await advance(self.base):
            if not self._foreign:
                _log.error("the database was taken over by another installation (`openvod adopt`); stop this server")
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
        """Return why the process must exit with an error, empty if it need not."""
        return "" if self.base.on_postgresql else self._database.trouble()

    async def _watch_writer(self) -> int:
        """Stop the server when its writer thread has ended, so that its service manager restarts it."""
        if (trouble := self.failure()) and "ended" in trouble:
            _log.critical("%s; the server exits", trouble)
            self.on_failure()
        return 0


async def _loop(name: str, work: Callable[[], Awaitable[int]], wake: asyncio.Event, idle_seconds: float) -> None:
    """Run ``work`` until it returns 0, then wait for ``wake`` or ``idle_seconds``; failures are logged."""
    while True:
        wake.clear()
        try:
            busy = await work()
        except Exception:
            _log.exception("the %s loop failed; it will retry", name)
            busy = 0
        if not busy:
            try:
                await asyncio.wait_for(wake.wait(), idle_seconds)
            except TimeoutError:
                continue


async def _cancelled(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
