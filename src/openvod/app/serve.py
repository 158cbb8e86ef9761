"""``openvod serve``: the ASGI application on uvicorn with the background loops, until SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, cast

import uvicorn

from openvod.app.allocator import trimmed_heap, tune_allocator
from openvod.app.descriptors import connection_limits, raise_descriptor_limit
from openvod.app.foundation import Foundation
from openvod.app.platform import Platform
from openvod.app.settings import ServerSettings, Settings
from openvod.app.stalls import watched_loop
from openvod.base.errors import Conflict, Unavailable
from openvod.server.connections import ConnectionLimits, Connections
from openvod.server.file_sending import OpenFiles
from openvod.server.uvicorn_parts import missing_parts

_BACKLOG = 2048
_log = logging.getLogger("openvod.serve")


def serve(
    data_dir: Path,
    settings: Settings,
    on_ready: Callable[[str], None] = lambda url: None,
    on_invitation: Callable[[str], None] = lambda link: None,
) -> None:
    """Serve until a signal; raises an ``OpenVodError`` with the reason when the server cannot start.

    ``on_invitation`` receives the first admin's link while there is no user.
    """
    tune_allocator()
    descriptors = raise_descriptor_limit()
    listener = listen(settings.server)
    with listener, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        limits = connection_limits(settings.server, descriptors)
        runner.run(_serve(data_dir, settings, listener, limits, on_ready, on_invitation))


async def _serve(
    data_dir: Path,
    settings: Settings,
    listener: socket.socket,
    limits: ConnectionLimits,
    on_ready: Callable[[str], None],
    on_invitation: Callable[[str], None],
) -> None:
    url = settings.server.public_url or local_url(settings.server, listener)
    platform = Platform(Foundation(data_dir, settings.with_server(public_url=url)))
    async with platform:
        server = _Server(_configuration(platform, settings.server, limits), platform)
        tune_collector()
        server.on_ready = lambda: _announce(platform, on_ready, on_invitation)
        platform.on_failure = lambda: setattr(server, "should_exit", True)
        async with trimmed_heap():
            with watched_loop(settings.log.stall_seconds):
                await server.serve(sockets=[listener])
        failure = platform.failure()
    if failure:
        raise Unavailable("database.writer", f"{failure}; uploads without a success response are not stored")


def _announce(platform: Platform, on_ready: Callable[[str], None], on_invitation: Callable[[str], None]) -> None:
    on_ready(platform.public_url)
    if platform.first_invitation:
        on_invitation(platform.first_invitation)


class _Server(uvicorn.Server):
    """Uvicorn, with hooks for start-up and shutdown."""

    on_ready: Callable[[], None]

    def __init__(self, config: uvicorn.Config, platform: Platform) -> None:
        super().__init__(config)
        self._platform = platform

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call ``on_ready``."""
        await super().startup(sockets)
        self.on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Exit with status 0 on SIGTERM and SIGINT: a requested stop is not a failure."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer not ready while running requests finish."""
        self._platform.begin_drain()
        await super().shutdown(sockets)


def _protocol(platform: Platform, limits: ConnectionLimits) -> type[asyncio.Protocol] | Literal["httptools"]:
    """Return the protocol of connections: OpenVOD's, or uvicorn's as the fallback for an incompatible uvicorn."""
    if missing := missing_parts():
        _log.warning(
            "uvicorn %s has no %s; falling back to its own protocol, without fast paths and connection limits: "
            "install a uvicorn version that openvod requires",
            uvicorn.__version__,
            ", ".join(missing),
        )
        return "httptools"
    # Imported late, because the module needs the parts that were just checked.
    from openvod.server.http_protocol import HttpProtocol

    made = partial(HttpProtocol, at_once=platform.app.at_once, files=OpenFiles(), connections=Connections(limits))
    return cast(type[asyncio.Protocol], made)


def _configuration(platform: Platform, server: ServerSettings, limits: ConnectionLimits) -> uvicorn.Config:
    return uvicorn.Config(
        platform.app,
        lifespan="off",
        log_config=None,
        access_log=False,
        # OpenVOD sets both headers, in the case that clients expect (cos-storage.md 4.0).
        server_header=False,
        date_header=False,
        # Never uvicorn's default, which trusts every peer on loopback.
        proxy_headers=bool(server.trusted_proxies),
        forwarded_allow_ips=[str(each) for each in server.trusted_proxies],
        http=_protocol(platform, limits),
        loop="none",
        ws="none",
        backlog=_BACKLOG,
        timeout_keep_alive=server.idle_seconds,
        timeout_graceful_shutdown=int(server.drain_seconds),
        ssl_certfile=str(server.tls_certificate) if server.tls_certificate else None,
        ssl_keyfile=str(server.tls_key) if server.tls_key else None,
    )


def listen(server: ServerSettings) -> socket.socket:
    """Bind the listener; raises ``Conflict("server.port")`` when the port is taken."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    end_dead_connections(listener, server.idle_seconds)
    try:
        listener.bind((server.host, server.port))
    except OSError as error:
        listener.close()
        raise Conflict(
            "server.port", f"--host {server.host} --port {server.port} cannot be bound: {error.strerror}; choose others"
        ) from error
    return listener


def end_dead_connections(listener: socket.socket, idle_seconds: int) -> None:
    """Let the kernel close connections whose peer is unreachable or acknowledges nothing for ``idle_seconds``.

    Accepted connections inherit these options from the listener.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", idle_seconds),
        ("TCP_KEEPINTVL", max(1, idle_seconds // 5)),
        ("TCP_KEEPCNT", 5),
        ("TCP_USER_TIMEOUT", idle_seconds * 1000),
    ):
        if option := getattr(socket, name, None):
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def local_url(server: ServerSettings, listener: socket.socket) -> str:
    """Return the listener's own base URL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.host, server.host)  # noqa: S104 - reading, not binding
    scheme = "https" if server.tls_certificate else "http"
    return f"{scheme}://{host}:{listener.getsockname()[1]}"


def tune_collector() -> None:
    """Exclude start-up objects from garbage collection and run it less often: its pauses are the tail of latency."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
