"""The console's API as one ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from openvod.surfaces.api.declaration import Action
from openvod.surfaces.console_api import (
    applications,
    audit,
    endpoints,
    events,
    links,
    media,
    people,
    session,
    stream,
    tasks,
)
from openvod.surfaces.console_api.actions import add_actions
from openvod.surfaces.console_api.description import api_routes, describe
from openvod.surfaces.console_api.envelope import Envelope
from openvod.surfaces.console_api.problems import add_handlers
from openvod.surfaces.console_api.services import ConsoleServices
from openvod.surfaces.console_api.text_route import TextRoute

DESCRIPTION_PATH = "/api/openapi.json"
_ROUTERS = (session, people, applications, endpoints, events, tasks, media, links, audit, stream)


def console_api(services: ConsoleServices, version: str) -> FastAPI:
    """Build the application over services."""
    app = _routed(services.actions.all)
    app.state.services = services

    # It takes a third of a second to make, which a start need not wait for, and the event loop must not.
    @cache
    def document() -> dict[str, Any]:
        return describe(app, services.actions.all, version)

    @app.get(DESCRIPTION_PATH, include_in_schema=False)
    async def description() -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(document), headers={"Cache-Control": "no-cache"})

    return app


def description_of(actions: Sequence[Action[Any, Any]], version: str) -> dict[str, Any]:
    """Return the OpenAPI description without any service."""
    return describe(_routed(actions), actions, version)


def _routed(actions: Sequence[Action[Any, Any]]) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    router = APIRouter(route_class=TextRoute)
    add_actions(router, list(actions))
    for each in (*(module.router for module in _ROUTERS), router):
        app.router.routes.extend(each.routes)
    add_handlers(app)
    app.add_middleware(Envelope)
    _name_operations(app)
    return app


def _name_operations(app: FastAPI) -> None:
    """Name operations by their functions, which generated clients make their methods of."""
    for route in api_routes(app):
        route.operation_id = route.operation_id or route.name
