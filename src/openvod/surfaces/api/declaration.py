"""What an action of API 3.0 declares: its parameters, its answer, its errors (``procedures-and-api.md`` 6).

From a declaration come validation, permission, rate limit and the reference documentation; nothing parses by hand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, Field

from openvod.access.model import Application, KeyPair
from openvod.access.model import Group as Group
from openvod.base.wire import Wire

Response = Mapping[str, Any]


class Request(Wire):
    """Parameters that every action takes. ``sub_app_id`` 0 is the key's own application."""

    sub_app_id: int = Field(0, ge=0, description="Application; 0 or absent: the key's own.")
    ext_info: str = Field("", max_length=2_100_000, description="Kept for the original's own use; ignored.")


Q = TypeVar("Q", bound=Request)


@dataclass(frozen=True)
class Caller:
    """Who calls: the key and the application that it acts for."""

    key: KeyPair
    application: Application

    @property
    def secret_id(self) -> str:
        """The key's id."""
        return self.key.secret_id

    @property
    def sub_app_id(self) -> int:
        """The application's id."""
        return self.application.sub_app_id


@dataclass(frozen=True)
class Action(Generic[Q]):
    """One action.

    ``response`` describes the members of the answer; ``errors`` are the declared codes beyond the generic ones;
    ``codes`` overrides the wire's code of our errors; ``rate`` is in calls per second and key; ``installation``: it
    touches all applications, so that only keys of the main one may call it; ``also`` is what else the request may hold,
    checked by the rooms below.
    """

    name: str
    summary: str
    group: Group
    request: type[Q]
    run: Callable[[Caller, Q], Awaitable[Response]]
    response: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    rate: int = 20
    installation: bool = False
    also: type[BaseModel] | None = None


#: Parameters that many actions share.
FileId = Annotated[str, Field(max_length=64, description="The file.")]
Offset = Annotated[int, Field(ge=0, description="How many to leave out at the beginning.")]
Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
