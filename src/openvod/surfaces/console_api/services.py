"""What the routes reach, and how they come by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, cast

from fastapi import Depends, Request

from openvod.access.account_ports import AccountTx
from openvod.access.accounts import AccountService
from openvod.access.audit import AuditLog
from openvod.access.distribution import DistributionService
from openvod.access.ports import AccessTx
from openvod.access.service import AccessService
from openvod.access.sessions import SessionService
from openvod.base.ports import Clock, UnitOfWork
from openvod.events.endpoints import EndpointService
from openvod.events.feed import EventFeed
from openvod.events.ports import EventTx
from openvod.media.figures import Figures
from openvod.media.review_queue import ReviewQueue, ReviewTx
from openvod.media.states import FileStates
from openvod.processing.flow_records import FlowTx
from openvod.processing.preview import PlanPreviews
from openvod.processing.service import ProcessingService
from openvod.surfaces.api.declaration import Action
from openvod.surfaces.api.limiter import RateLimiter
from openvod.tasks.service import TaskService


class ConsoleTx(AccessTx, AccountTx, ReviewTx, FlowTx, EventTx, Protocol):
    """A transaction over everything."""


@dataclass(frozen=True)
class ConsoleServices:
    """Services. ``public_url`` has no slash at its end; ``ended`` tells that the platform is ending.

    ``wait`` returns once an application's log is longer than a sequence, or after so many seconds.
    """

    uow: UnitOfWork[ConsoleTx]
    accounts: AccountService
    sessions: SessionService
    access: AccessService
    distribution: DistributionService
    audit: AuditLog
    actions: Sequence[Action[Any, Any]]
    limiter: RateLimiter
    endpoints: EndpointService
    feed: EventFeed
    tasks: TaskService
    processing: ProcessingService
    previews: PlanPreviews
    reviews: ReviewQueue
    states: FileStates
    figures: Figures
    clock: Clock
    public_url: str
    ended: Callable[[], bool]
    wait: Callable[[int, int, float], Awaitable[object]]


def services_of(request: Request) -> ConsoleServices:
    """Return the application's services."""
    return cast("ConsoleServices", request.app.state.services)


Services = Annotated[ConsoleServices, Depends(services_of)]
