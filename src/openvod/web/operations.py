"""Operations: ``/healthz``, ``/readyz``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from openvod.web.wire import Answer, WireRequest, json_answer


class OperationsSurface:
    """Liveness (the process answers) and readiness (it can do its work and is not draining)."""

    def __init__(self, ready: Callable[[], Awaitable[str]], version: str) -> None:
        self._ready = ready
        self._version = version

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        if request.path == "/healthz":
            return json_answer({"status": "ok", "version": self._version})
        reason = await self._ready()
        return json_answer({"status": reason or "ready"}, 503 if reason else 200)
