"""The audit log: what the console's own changes leave there, and its list."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from openvod.access.account_model import Identity
from openvod.access.audit import presentable
from openvod.access.model import MAIN_APPLICATION_ID, AuditEntry
from openvod.surfaces.console_api.guard import Admin, address_of
from openvod.surfaces.console_api.model import Json, Limit
from openvod.surfaces.console_api.services import ConsoleServices, Services
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["audit"])


class AuditRow(Json):
    """Who did what; ``at`` in Unix seconds. ``actor``: ``user:NAME``, ``token:NAME/ID`` or a SecretId."""

    number: int
    at: float
    actor: str
    sub_app_id: int
    action: str
    parameters: str = Field(description="JSON without secrets, cut.")
    outcome: str
    address: str


class AuditRows(Json):
    """A page from the newest on; ``next_cursor`` is 0 on the last one."""

    items: list[AuditRow]
    next_cursor: int


@router.get("/audit")
async def list_audit(
    _: Admin, services: Services, cursor: Annotated[int, Query(ge=0, lt=2**62)] = 0, limit: Limit = 50
) -> AuditRows:
    """List what was changed or refused."""
    found = await services.people.audit.entries(cursor, limit + 1)
    rows = [
        AuditRow(
            number=number, at=entry.at, actor=entry.secret_id, sub_app_id=entry.sub_app_id, action=entry.action,
            parameters=entry.parameters, outcome=entry.outcome, address=entry.address,
        )
        for number, entry in found[:limit]
    ]  # fmt: skip
    return AuditRows(items=rows, next_cursor=rows[-1].number if len(found) > limit else 0)


async def note(
    services: ConsoleServices,
    request: Request,
    identity: Identity,
    action: str,
    parameters: Mapping[str, Any],
    sub_app_id: int = MAIN_APPLICATION_ID,
) -> None:
    """Write down a change that was carried out."""
    await _record(services, request, identity.actor, action, parameters, sub_app_id, "")


async def note_refused(services: ConsoleServices, request: Request, actor: str, action: str, outcome: str) -> None:
    """Write down what was refused to somebody who is not known."""
    await _record(services, request, actor, action, {}, MAIN_APPLICATION_ID, outcome)


async def _record(
    services: ConsoleServices,
    request: Request,
    actor: str,
    action: str,
    parameters: Mapping[str, Any],
    sub_app_id: int,
    outcome: str,
) -> None:
    shown = presentable(parameters)
    address = address_of(request)
    await services.people.audit.record(
        AuditEntry(services.clock.now(), actor, sub_app_id, action, shown, outcome, secrets.token_hex(16), address)
    )
