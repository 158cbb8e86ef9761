"""``POST /api/v1/actions/{Action}``: the server API's actions for people and their tools."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from openvod.access.account_model import Identity
from openvod.access.model import MAIN_APPLICATION_ID
from openvod.base.errors import Exhausted, OpenVodError
from openvod.base.sizes import MIB
from openvod.server.wire import apart, check_size
from openvod.surfaces.api.calls import audit_entry, carry_out, error_code, is_logged
from openvod.surfaces.api.declaration import Action
from openvod.surfaces.api.parameters import from_json
from openvod.surfaces.console_api.guard import Viewer, address_of, check_role
from openvod.surfaces.console_api.services import ConsoleServices, Services

PREFIX = "/api/v1/actions/"
_LIMIT = 10 * MIB
Endpoint = Callable[[Request, Services, Viewer], Awaitable[JSONResponse]]


def add_actions(router: APIRouter, actions: list[Action[Any, Any]]) -> None:
    """Add a route for each action."""
    for action in actions:
        router.add_api_route(
            PREFIX + action.name,
            _endpoint(action),
            methods=["POST"],
            operation_id=action.name,
            openapi_extra={"x-role": action.role.value},
            summary=action.summary,
            tags=["actions"],
            response_class=JSONResponse,
        )


def _endpoint(action: Action[Any, Any]) -> Endpoint:
    async def endpoint(request: Request, services: Services, identity: Viewer) -> JSONResponse:
        return await _answer(action, request, services, identity)

    return endpoint


async def _answer(
    action: Action[Any, Any], request: Request, services: ConsoleServices, identity: Identity
) -> JSONResponse:
    plain: dict[str, Any] = {}
    outcome, request_id = "", secrets.token_hex(16)
    try:
        body = await limited_body(request, _LIMIT)
        plain = await apart(len(body), lambda: from_json(body))
        check_role(identity, action.role)
        if not services.actions.limiter.admits(identity.actor, action.name, action.rate):
            raise Exhausted("api.rate", f"more than {action.rate} calls of {action.name} in a second; slow down")
        key = await services.installation.access.console_key()
        response = await carry_out(services.uow, action, key, plain, as_text=False)
        return JSONResponse(response | {"RequestId": request_id})
    except OpenVodError as error:
        outcome = error_code(error, action)
        error.details["api_code"] = outcome
        raise
    except Exception:
        outcome = "InternalError"
        raise
    finally:
        if is_logged(action, outcome):
            await services.people.audit.record(
                audit_entry(
                    action, plain, now=services.clock.now(), actor=identity.actor, own_application=MAIN_APPLICATION_ID,
                    outcome=outcome, request_id=request_id, address=address_of(request),
                )
            )  # fmt: skip


async def limited_body(request: Request, limit: int) -> bytes:
    """Return the body; raises ``Exhausted("request.too_large")`` past ``limit`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        check_size(len(body), limit)
    return bytes(body)
