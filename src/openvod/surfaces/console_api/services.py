"""The services that the routes call, and the dependency that hands them over."""

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
class ConsolePeople:
    """Who is signed in, who may be, and what they did."""

    accounts: AccountService
    sessions: SessionService
    audit: AuditLog


@dataclass(frozen=True)
class ConsoleInstallation:
    """Applications with their keys, and their domains."""

    access: AccessService
    distribution: DistributionService


@dataclass(frozen=True)
class ConsoleMedia:
    """Files, the tasks that process them, and the reviews that wait for somebody."""

    states: FileStates
    tasks: TaskService
    processing: ProcessingService
    previews: PlanPreviews
    reviews: ReviewQueue
    figures: Figures


@dataclass(frozen=True)
class ConsoleEvents:
    """Where events go, and the log of them.

    ``wait`` returns once an application's log is longer than a sequence, or after so many seconds; ``ended`` is true
    while the platform shuts down.
    """

    endpoints: EndpointService
    feed: EventFeed
    wait: Callable[[int, int, float], Awaitable[object]]
    ended: Callable[[], bool]


@dataclass(frozen=True)
class ConsoleActions:
    """The actions of API 3.0, and how often each person may call one."""

    all: Sequence[Action[Any, Any]]
    limiter: RateLimiter


@dataclass(frozen=True)
class ConsoleServices:
    """What the routes call, by subject. ``public_url`` has no slash at its end."""

    uow: UnitOfWork[ConsoleTx]
    clock: Clock
    public_url: str
    people: ConsolePeople
    installation: ConsoleInstallation
    media: ConsoleMedia
    events: ConsoleEvents
    actions: ConsoleActions


def services_of(request: Request) -> ConsoleServices:
    """Return the application's services."""
    return cast("ConsoleServices", request.app.state.services)


Services = Annotated[ConsoleServices, Depends(services_of)]
