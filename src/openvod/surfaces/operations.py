"""Operations: ``/healthz``, ``/readyz``, and ``/probez`` by which ``openvod doctor`` looks at what lies between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from openvod.base.errors import Denied
from openvod.base.ports import Clock
from openvod.base.sizes import KIB, MIB
from openvod.server.wire import Answer, WireRequest, json_answer
from openvod.signing.probe_token import is_probe_token

PATHS = ("/healthz", "/readyz", "/probez")
PROBE_CHUNKS = 6
PROBE_CHUNK_BYTES = 64 * KIB
PROBE_PAUSE_SECONDS = 0.2
_PROBE_LIMIT = 64 * MIB


class OperationsSurface:
    """Liveness (the process answers), readiness (it can do its work and is not draining), and the way to it."""

    def __init__(
        self, ready: Callable[[], Awaitable[str]], version: str, clock: Clock, *, probe_root: bytes = b""
    ) -> None:
        self._ready = ready
        self._version = version
        self._clock = clock
        self._probe_root = probe_root

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        if request.shown_path == "/healthz":
            return json_answer({"status": "ok", "version": self._version})
        if request.shown_path == "/probez":
            return await self._probe(request)
        reason = await self._ready()
        return json_answer({"status": reason or "ready"}, 503 if reason else 200)

    async def _probe(self, request: WireRequest) -> Answer:
        """Report when a body's chunks arrived, or send one slowly; the times show whether a proxy buffers."""
        if not is_probe_token(self._probe_root, request.argument("token") or "", self._clock.now()):
            raise Denied("probe.denied", "only `openvod doctor` of this installation may ask this")
        if request.method == "GET":
            size = PROBE_CHUNKS * PROBE_CHUNK_BYTES
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            return Answer(200, headers, stream=_slowly())
        return json_answer(await _arrival(request))


async def _slowly() -> AsyncIterator[bytes]:
    for place in range(PROBE_CHUNKS):
        if place:
            await asyncio.sleep(PROBE_PAUSE_SECONDS)
        yield bytes(PROBE_CHUNK_BYTES)


async def _arrival(request: WireRequest) -> dict[str, object]:
    """Return how many bytes came, and over how many seconds."""
    began, first, last, size = time.monotonic(), 0.0, 0.0, 0
    async for chunk in request.stream():
        last = time.monotonic() - began
        first = first or last
        size += len(chunk)
        if size > _PROBE_LIMIT:
            break
    return {
        "bytes": size,
        "first": round(first, 3),
        "last": round(last, 3),
        "client": request.caller.address,
        "host": request.host,
        "scheme": str(request.scope.get("scheme", "")),
    }
