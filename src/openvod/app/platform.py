"""The platform: every adapter wired to every service, and the loops that run beside requests."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from openvod import __version__
from openvod.access.audit import AuditLog
from openvod.access.distribution import DistributionService
from openvod.access.service import AccessService, ensure_defaults
from openvod.adapters.ffmpeg.marks import check_image
from openvod.adapters.ffmpeg.pictures import PillowPictures
from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.adapters.filesystem.blobs import FileBlobStore
from openvod.adapters.filesystem.folder import AesSecretBox, DataFolder
from openvod.adapters.filesystem.pictures import HeldPictures
from openvod.adapters.http import Dialler, HttpFetcher, HttpPoster
from openvod.adapters.http.addresses import LOOPBACK, Network, parse_address
from openvod.adapters.sql.claims import AdvisoryClaims
from openvod.adapters.sql.database import Database, open_database, sqlite_url
from openvod.adapters.sql.migrations import upgrade
from openvod.adapters.system import SystemClock, SystemEntropy
from openvod.app.console import console_rooms, first_invitation, session_service
from openvod.app.media_addresses import MediaAddresses
from openvod.app.playback import Playback
from openvod.app.server_api import ApiRooms, server_api
from openvod.app.settings import Settings
from openvod.app.supervisor import keep_worker
from openvod.events.delivery import DeliveryService
from openvod.events.endpoints import EndpointService
from openvod.events.feed import EventFeed
from openvod.events.pull import PullService
from openvod.events.retention import Retention
from openvod.events.watch import LogWatch
from openvod.media.library import MediaLibrary
from openvod.media.service import ProbeService
from openvod.media.watermarks import Watermarks
from openvod.playback.warm import WarmIndexes
from openvod.signing.playback_token import evidence_token
from openvod.storage.collector import Collector
from openvod.storage.outputs import OutputStore
from openvod.storage.service import StorageService
from openvod.upload.codec import ClientHosts
from openvod.upload.pulls import PullSettings, PullUploads
from openvod.upload.service import UploadService
from openvod.web.addressing import Addressing
from openvod.web.assets import console_assets, sdk_assets, to_console
from openvod.web.console_api.application import console_api
from openvod.web.console_api.rooms import ConsoleRooms
from openvod.web.cos import CosSurface
from openvod.web.event_stream import EventStreamSurface
from openvod.web.front import FrontDoor, Surfaces
from openvod.web.operations import OperationsSurface
from openvod.web.play import PREFIX
from openvod.web.ugc import UgcSurface

_COLLECT_SECONDS = 60.0
_IDLE_SECONDS = 0.5
_DAY_SECONDS = 86_400.0
#: Files whose time has come are found by nothing at once, and deleted so soon.
_EXPIRY_SECONDS = 2.0
#: What other processes committed is read ahead so soon; what this one did, at once.
_WARM_SECONDS = 5.0
#: How long the console's addresses of evidence are good.
_EVIDENCE_SECONDS = 3600
#: A changed default distribution is seen in addresses so soon.
ADDRESS_SECONDS = 1.0
#: Events of other processes (workers, the command line) are seen so soon.
_LOOK_SECONDS = 0.025
_log = logging.getLogger("openvod.app")


def open_store(folder: DataFolder, settings: Settings) -> Database:
    """Prepare the data folder and open its database at the newest schema."""
    folder.prepare()
    database = open_database(settings.database.url.get_secret_value() or sqlite_url(folder.database))
    try:
        upgrade(database.engine)
    except Exception:
        database.close()
        raise
    return database


def access_service(folder: DataFolder, database: Database) -> AccessService:
    """Wire the access room, which the command line uses without a server."""
    box = secret_box(folder)
    return AccessService(database, box, SystemClock(), SystemEntropy())


def endpoint_service(folder: DataFolder, database: Database, allowed: Sequence[Network]) -> EndpointService:
    """Wire the administration of endpoints, which the command line uses without a server."""
    box = secret_box(folder)
    return EndpointService(database, Dialler(allowed), box, SystemClock(), SystemEntropy())


def allowed_networks(settings: Settings, public_url: str) -> Sequence[Network]:
    """Return where events may go besides the public internet (decision 15).

    A platform that listens on loopback and calls itself by it has nobody on it who is not on this machine already.
    """
    if settings.events.allow_private is not None:
        return settings.events.allow_private
    hosts = (settings.server.host, urlsplit(public_url).hostname or "")
    return LOOPBACK if all(_is_loopback(host) for host in hosts) else ()


def _is_loopback(host: str) -> bool:
    try:
        address = parse_address(host)
    except ValueError:
        return host == "localhost"
    return any(address.version == network.version and address in network for network in LOOPBACK)


def secret_box(folder: DataFolder) -> AesSecretBox:
    """Return what seals the secrets that are stored."""
    return AesSecretBox(derived_key(folder.root_key, "secret-box"))


def derived_key(root_key: bytes, purpose: str) -> bytes:
    """Derive the key of one purpose from the root key, so that no key serves two."""
    return hmac.new(root_key, f"openvod/{purpose}".encode(), hashlib.sha256).digest()


class Platform:
    """A running platform over one data folder, which it locks. Use as an async context manager."""

    def __init__(self, data_dir: Path, settings: Settings) -> None:
        self._folder = DataFolder(data_dir)
        self._settings = settings
        self._stack = AsyncExitStack()
        self._wake_probe = asyncio.Event()
        self._wake_delivery = asyncio.Event()
        self._wake_warm = asyncio.Event()
        self._draining = False
        self.public_url = settings.server.public_url.rstrip("/")

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

    async def _open(self) -> None:
        self._folder.prepare()
        self._folder.lock()
        self._stack.callback(self._folder.unlock)
        self._folder.remember_url(self.public_url)
        self._database = open_store(self._folder, self._settings)
        self._stack.callback(self._database.close)
        clock, entropy = SystemClock(), SystemEntropy()
        await self._database.write(lambda tx: ensure_defaults(tx.access, clock.now()))
        storage_settings = self._settings.storage
        blobs = FileBlobStore(
            self._folder.blobs,
            threads=storage_settings.threads,
            reserve_bytes=storage_settings.reserve_bytes,
            direct_io=storage_settings.direct_io,
        )
        self._stack.callback(blobs.close)
        root_key = self._folder.root_key
        token_key = derived_key(root_key, "storage-token")
        storage = StorageService(self._database, blobs, clock, entropy)
        playback = Playback(self._database, storage, self._distribution(), clock)
        addresses = MediaAddresses(self._database, self._media_url)
        await addresses.refresh()
        self._start(_loop("addresses", addresses.refresh, asyncio.Event(), ADDRESS_SECONDS))
        uploads = UploadService(
            self._database,
            secret_box(self._folder),
            clock,
            entropy,
            token_key=token_key,
            media_url=addresses.url,
            on_commit=self._committed,
        )
        collector = Collector(self._database, blobs, storage.slots, clock)
        await collector.start()
        await self._start_loops(storage, uploads, collector)
        warm = WarmIndexes(self._database, playback.instant)
        self._start(_loop("indexes", warm.run_once, self._wake_warm, _WARM_SECONDS))
        await self._start_events()
        addressing = Addressing(self._database)
        api_rooms = await self._api_rooms(storage, blobs, uploads, addresses.url)
        self._start(_loop("expiry", api_rooms.library.delete_expired, asyncio.Event(), _EXPIRY_SECONDS))
        console = console_api(self._console_rooms(api_rooms), __version__)
        self.first_invitation = await first_invitation(self._database, self.public_url)
        self.app = FrontDoor(
            Surfaces(
                ugc=UgcSurface(uploads, clock, self._client_hosts, derived_key(root_key, "verify-content").hex()),
                cos=CosSurface(storage, addressing, clock, {"1": token_key}),
                api=server_api(api_rooms),
                playback=playback.surface(
                    self._folder, self._settings.playback, derived_key(root_key, "playback-token")
                ),
                operations=OperationsSurface(
                    self._not_ready, __version__, clock, probe_root=derived_key(root_key, "probe-token")
                ),
                event_stream=EventStreamSurface(
                    self.feed, clock, token_root=derived_key(root_key, "event-stream-token")
                ),
                mounts={
                    "/sdk/": sdk_assets(),
                    PREFIX: playback.pages(addresses.url),
                    "/api/": console,
                    "/console/": console_assets([self._origin, self._media_url, *self._settings.console.media_origins]),
                    "/console": to_console,
                },
            ),
            is_bucket_host=addressing.is_bucket_host,
            stall_seconds=self._settings.server.stall_seconds,
        )

    @property
    def _media_url(self) -> str:
        return self._settings.playback.media_url.rstrip("/") or self.public_url

    def _distribution(self) -> DistributionService:
        box = secret_box(self._folder)
        own_name = urlsplit(self._media_url).hostname or ""
        return DistributionService(self._database, box, SystemClock(), SystemEntropy(), own_name=own_name)

    def _console_rooms(self, api: ApiRooms) -> ConsoleRooms:
        root = derived_key(self._folder.root_key, "playback-token")

        def evidence(key: str) -> str:
            expires = int(api.clock.now()) + _EVIDENCE_SECONDS
            return f"{self.public_url}/{key}?evidence={evidence_token(root, key, expires)}"

        return console_rooms(
            api,
            sessions=self._sessions,
            watch=self._watch,
            folder=self._folder.path,
            settings=self._settings,
            public_url=self.public_url,
            evidence=evidence,
        )

    @property
    def _origin(self) -> str:
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    async def _api_rooms(
        self, storage: StorageService, blobs: FileBlobStore, uploads: UploadService, media_url: Callable[[str], str]
    ) -> ApiRooms:
        clock, entropy = SystemClock(), SystemEntropy()
        outputs = OutputStore(self._database, blobs, clock, entropy)
        pictures = HeldPictures(self._folder.path / "pictures", entropy, check_image)
        return ApiRooms(
            database=self._database,
            access=access_service(self._folder, self._database),
            uploads=uploads,
            library=MediaLibrary(self._database, outputs, PillowPictures(), clock, entropy, media_url),
            watermarks=Watermarks(self._database, outputs, pictures, clock, entropy),
            pulls=await self._start_pulls(storage, uploads),
            endpoints=self.endpoints,
            pull=self.pull,
            distribution=self._distribution(),
            own_scheme=urlsplit(self._media_url).scheme,
            media_url=media_url,
            box=secret_box(self._folder),
            clock=SystemClock(),
            entropy=SystemEntropy(),
        )

    async def _start_loops(self, storage: StorageService, uploads: UploadService, collector: Collector) -> None:
        clock = SystemClock()
        prober = PyAvProber(timeout=self._settings.probe.timeout_seconds)
        probes = ProbeService(self._database, storage, prober, clock, self._wake_delivery.set)

        retention = Retention(self._database, clock, self._settings.events.keep_days * _DAY_SECONDS)
        audit, links = AuditLog(self._database, clock), self._distribution()
        sessions = self._sessions = session_service(self._database, self._settings)

        async def collect() -> int:
            await uploads.expire()
            await audit.forget_old()
            await links.forget_expired_links()
            await sessions.forget_expired()
            await retention.forget_old()
            await collector.collect(slack=True)
            return 0

        self._start(_loop("probe", probes.run_once, self._wake_probe, _IDLE_SECONDS))
        self._start(_loop("collector", collect, asyncio.Event(), _COLLECT_SECONDS))
        for _ in range(self._settings.tasks.workers):
            self._start(keep_worker(self._folder.path, self.public_url))

    async def _start_pulls(self, storage: StorageService, uploads: UploadService) -> PullUploads:
        """Start the loop that fetches files; it goes on with what an earlier process left."""
        settings, wake = self._settings.pulls, asyncio.Event()
        dialler = Dialler(allowed_networks(self._settings, self.public_url))
        pulls = PullUploads(
            self._database,
            uploads,
            storage,
            HttpFetcher(dialler, stall_seconds=settings.stall_seconds),
            SystemClock(),
            SystemEntropy(),
            PullSettings(settings.jobs, settings.max_bytes, settings.max_seconds),
            on_work=wake.set,
            on_commit=self._committed,
        )
        self._stack.push_async_callback(pulls.close)
        self._start(_loop("pulls", pulls.run_once, wake, _IDLE_SECONDS))
        return pulls

    async def _start_events(self) -> None:
        """Start delivery, and what reads the log with it: the services that surfaces call."""
        clock, entropy = SystemClock(), SystemEntropy()
        dialler = Dialler(allowed_networks(self._settings, self.public_url))
        box = secret_box(self._folder)
        poster = HttpPoster(dialler)
        self._stack.push_async_callback(poster.close)
        delivery = DeliveryService(self._database, poster, box, clock, self._claims())
        self._stack.push_async_callback(delivery.close)
        watch = self._watch = LogWatch(self._database, self._database.version)
        self.endpoints = EndpointService(self._database, dialler, box, clock, entropy)
        self.pull = PullService(self._database, watch, clock, entropy)
        self.feed = EventFeed(self._database, watch)

        async def look() -> int:
            return await delivery.run_once() if await watch.look() else 0

        self._start(_loop("log", look, self._wake_delivery, _LOOK_SECONDS))
        # Retries become due by time, resends by other processes: no log tells.
        self._start(_loop("delivery", delivery.run_once, asyncio.Event(), _IDLE_SECONDS))

    def _claims(self) -> AdvisoryClaims | None:
        if self._database.engine.dialect.name != "postgresql":
            return None
        claims = AdvisoryClaims(self._database.engine)
        self._stack.callback(claims.close)
        return claims

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

    async def _not_ready(self) -> str:
        if self._draining:
            return "draining"
        await self._database.read(lambda tx: tx.access.regions())
        return ""

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
