"""Event notification (``events.md`` 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from openvod.events.codec import pulled_event
from openvod.events.endpoints import EndpointService
from openvod.events.model import EventConfig, Transport
from openvod.events.pull import MOST_EVENTS, PullService
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Nothing, Request, Role

_QUICK = 100
_Switch = Literal["ON", "OFF"]
_BAD_VALUE = {
    code: "InvalidParameterValue"
    for code in ("address.url", "address.refused", "callback.sign_key", "event.handle", "event.handles")
}


class ConfirmEvents(Request):
    """Parameters of ConfirmEvents."""

    event_handles: tuple[str, ...] = Field(
        min_length=1, max_length=MOST_EVENTS, description="EventHandle of each event to confirm, within its 30 s."
    )


class ModifyEventConfig(Request):
    """Parameters of ModifyEventConfig; what is absent stays."""

    mode: Literal["PUSH", "PULL"] | None = Field(None, description="Who acts: the platform or the app server.")
    notification_url: str | None = Field(
        None, max_length=2048, description="Where the default endpoint posts; empty: nowhere."
    )
    upload_media_complete_event_switch: _Switch | None = Field(None, description="Whether NewFileUpload is sent.")
    delete_media_complete_event_switch: _Switch | None = Field(None, description="Whether FileDeleted is sent.")
    persistence_complete_event_switch: _Switch | None = Field(None, description="Whether PersistenceComplete is sent.")
    sign_key: str | None = Field(None, max_length=32, description="Key of Sign and T; letters and digits.")


@with_config(ConfigDict(extra="allow"))
class EventContent(TypedDict):
    """An event, and the handle that confirms it; the member of its type has its content."""

    EventHandle: str
    EventType: str


class PulledEvents(TypedDict):
    """The answer of PullEvents."""

    EventSet: Annotated[
        list[EventContent], Field(description="EventContent objects with EventHandle; empty when nothing came")
    ]


class EventConfigInfo(TypedDict):
    """The answer of DescribeEventConfig."""

    Mode: Annotated[str, Field(description="PUSH or PULL")]
    NotificationUrl: Annotated[str, Field(description="where they are posted, or empty")]
    UploadMediaCompleteEventSwitch: Annotated[str, Field(description="ON or OFF")]
    DeleteMediaCompleteEventSwitch: Annotated[str, Field(description="ON or OFF")]
    PersistenceCompleteEventSwitch: Annotated[str, Field(description="ON or OFF")]


class EventsState(TypedDict):
    """The answer of DescribeEventsState."""

    CountOfEventsToPull: Annotated[int, Field(description="how many")]


@dataclass(frozen=True)
class EventServices:
    """What the actions of events call."""

    endpoints: EndpointService
    pull: PullService


class EventActions:
    """Carries the actions out."""

    def __init__(self, endpoints: EndpointService, pull: PullService) -> None:
        self._endpoints = endpoints
        self._pull = pull

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        return (
            Action(
                "PullEvents", "Take up to 16 events; waits up to 5 s for the first.", Group.EVENTS, Role.OPERATOR,
                Audit.NOT_LOGGED, Request, PulledEvents, self._take, rate=_QUICK,
            ),
            Action(
                "ConfirmEvents", "Confirm events, all of the call or none; unconfirmed ones come again after 30 s.",
                Group.EVENTS, Role.OPERATOR, Audit.LOGGED, ConfirmEvents, Nothing, self._confirm,
                ("InvalidParameterValue",), _BAD_VALUE, _QUICK, ),
            Action(
                "ModifyEventConfig", "Change how an application gets its events.", Group.EVENTS, Role.ADMIN,
                Audit.LOGGED, ModifyEventConfig, Nothing, self._modify, ("InvalidParameterValue",), _BAD_VALUE,
            ),
            Action(
                "DescribeEventConfig", "Tell how an application gets its events.", Group.EVENTS,
                Role.OPERATOR, Audit.LOGGED, Request, EventConfigInfo, self._describe,
                rate=_QUICK,
            ),
            Action(
                "DescribeEventsState", "Tell about how many events wait to be pulled.", Group.EVENTS,
                Role.VIEWER, Audit.LOGGED, Request, EventsState, self._state,
            ),
        )  # fmt: skip

    async def _take(self, caller: Caller, _: Request) -> PulledEvents:
        pulled = await self._pull.pull(caller.sub_app_id)
        events = [pulled_event(each.event, each.handle) for each in pulled]
        return {"EventSet": cast("list[EventContent]", events)}

    async def _confirm(self, caller: Caller, asked: ConfirmEvents) -> Nothing:
        await self._pull.confirm(caller.sub_app_id, asked.event_handles)
        return {}

    async def _modify(self, caller: Caller, asked: ModifyEventConfig) -> Nothing:
        await self._endpoints.modify(
            caller.sub_app_id,
            url=asked.notification_url,
            sign_key=asked.sign_key,
            config=lambda present: _changed(present, asked),
        )
        return {}

    async def _describe(self, caller: Caller, _: Request) -> EventConfigInfo:
        config, endpoint = await self._endpoints.config(caller.sub_app_id)
        return {
            "Mode": config.transport.value.upper(),
            "NotificationUrl": endpoint.url if endpoint else "",
            "UploadMediaCompleteEventSwitch": _switch(config.upload_switch),
            "DeleteMediaCompleteEventSwitch": _switch(config.delete_switch),
            "PersistenceCompleteEventSwitch": _switch(config.persistence_switch),
        }

    async def _state(self, caller: Caller, _: Request) -> EventsState:
        return {"CountOfEventsToPull": await self._pull.waiting(caller.sub_app_id)}


def _changed(present: EventConfig, asked: ModifyEventConfig) -> EventConfig:
    changes: dict[str, Any] = {
        "transport": Transport(asked.mode.lower()) if asked.mode else None,
        "upload_switch": _is_on(asked.upload_media_complete_event_switch),
        "delete_switch": _is_on(asked.delete_media_complete_event_switch),
        "persistence_switch": _is_on(asked.persistence_complete_event_switch),
    }
    return replace(present, **{name: value for name, value in changes.items() if value is not None})


def _is_on(switch: _Switch | None) -> bool | None:
    return None if switch is None else switch == "ON"


def _switch(on: bool) -> str:
    return "ON" if on else "OFF"
