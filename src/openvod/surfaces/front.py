"""The front door: which surface a request belongs to (architecture, "One front door")."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openvod.base.errors import ClientDisconnected, OpenVodError
from openvod.server.file_sending import ReadyFile
from openvod.server.pace import BodyLimits, paced
from openvod.server.wire import Answer, WireRequest, json_answer, preflight, unavailable
from openvod.surfaces.cos.s3 import speaks_s3
from openvod.surfaces.errors import http_status, public_code

Surface = Callable[[WireRequest], Awaitable[Answer]]


class Playback(Protocol):
    """The surface of media."""

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        ...

    def at_once(self, request: WireRequest) -> ReadyFile | None:
        """Return the same answer where that takes no waiting."""
        ...


_log = logging.getLogger("openvod.web")


@dataclass(frozen=True)
class Surfaces:
    """One handler per surface. Each turns its own errors into its own wire form.

    ``routes`` are the surfaces that have paths of their own: a whole path, or a prefix that ends with a slash. The
    others are told apart by headers, query and method. ``mounts`` are ASGI applications by prefix (``/console/``).
    """

    routes: Mapping[str, Surface]
    cos: Surface
    api: Surface
    playback: Playback
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)


class FrontDoor:
    """The ASGI application."""

    def __init__(self, surfaces: Surfaces, *, is_bucket_host: Callable[[str], bool], limits: BodyLimits) -> None:
        self._surfaces = surfaces
        self._prefixes = tuple(surfaces.mounts)
        self._route_prefixes = tuple(each for each in surfaces.routes if each.endswith("/"))
        self._is_bucket_host = is_bucket_host
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; ``lifespan`` belongs to the composition, web sockets are not spoken."""
        if scope["type"] != "http":
            return
        if mounted := self._mounted(scope["path"]):
            await mounted(scope, paced(receive, self._limits), send)
            return
        request = WireRequest(scope, receive, self._limits)
        try:
            answer = await self._answer(request)
            # Refusals of the API and of the control plane have status 200.
            if (answer.status >= 400 or request.method == "POST") and not await request.drain():
                answer.headers["Connection"] = "close"
            request.release()
            await answer.send(request, send)
        except ClientDisconnected:
            request.release(gone=True)
            _log.info("client left during %s %s", request.method, request.shown_path)

    def at_once(self, scope: Scope) -> ReadyFile | None:
        """Return the answer to a GET without a body, when it is a piece of a file and takes no waiting.

        ``None`` sends the request the usual way, where refusals come from too.
        """
        request = WireRequest(scope, _no_body, self._limits)
        try:
            if self._mounted(request.path) or self._surface(request) is not self._surfaces.playback:
                return None
            return self._surfaces.playback.at_once(request)
        except Exception:
            # The usual way meets the same failure, and answers and logs it.
            return None

    def _mounted(self, path: str) -> ASGIApp | None:
        if not path.startswith(self._prefixes):
            return None
        return next((app for prefix, app in self._surfaces.mounts.items() if path.startswith(prefix)), None)

    async def _answer(self, request: WireRequest) -> Answer:
        if request.method == "OPTIONS":
            return preflight(request)
        try:
            return await self._surface(request)(request)
        except OpenVodError as error:
            return json_answer({"error": {"code": public_code(error), "message": error.message}}, http_status(error))
        except (ClientDisconnected, GeneratorExit):
            raise
        except Exception as error:
            _log.exception("request %s failed: %s %s", request.request_id, request.method, request.shown_path)
            wrapped = unavailable(error)
            return json_answer({"error": {"code": wrapped.code, "message": wrapped.message}}, 500)

    def _surface(self, request: WireRequest) -> Surface:
        """Choose by what only that surface's requests have, paths of its own first (2.1, 3.4)."""
        path = request.shown_path
        if routed := self._routed(path):
            return routed
        if self._is_storage_request(request):
            return self._surfaces.cos
        if path == "/" and _is_api_call(request):
            return self._surfaces.api
        if request.method in ("GET", "HEAD"):
            return self._surfaces.playback
        return self._surfaces.cos

    def _routed(self, path: str) -> Surface | None:
        routes = self._surfaces.routes
        if path in routes or not path.startswith(self._route_prefixes):
            return routes.get(path)
        return next(routes[prefix] for prefix in self._route_prefixes if path.startswith(prefix))

    def _is_storage_request(self, request: WireRequest) -> bool:
        headers, query = request.headers, request.loose_query
        return (
            "vod-forward-cos" in headers
            or headers.get("authorization", "").startswith("q-sign-algorithm")
            or speaks_s3(request)
            or "q-sign-algorithm" in query
            # A signed link of playback has a sign too, which is a digest.
            or query.get("sign", "").startswith("q-sign-algorithm")
            or self._is_bucket_host(request.host)
        )


def _is_api_call(request: WireRequest) -> bool:
    """Return whether it names an action; a form holds the name in its body, and only API 3.0 takes forms (2.1, 2.5)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_form = request.method == "POST" and kind == "application/x-www-form-urlencoded"
    return is_form or "x-tc-action" in request.headers or "Action" in request.loose_query


async def _no_body() -> Message:
    raise ClientDisconnected
