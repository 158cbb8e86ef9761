"""What an action of API 3.0 declares: its parameters, its answer, its errors (``procedures-and-api.md`` 6).

From a declaration come validation, permission, role, rate limit, audit, the reference and the OpenAPI description;
nothing parses by hand, and no table elsewhere lists actions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar, get_type_hints

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from openvod.access.account_model import Role as Role
from openvod.access.model import Application, KeyPair
from openvod.access.model import Group as Group
from openvod.base.wire import Wire


class Request(Wire):
    """Parameters that every action takes. ``sub_app_id`` 0 is the key's own application."""

    sub_app_id: int = Field(0, ge=0, description="Application; 0 or absent: the key's own.")
    ext_info: str = Field("", max_length=2_100_000, description="Kept for the original's own use; ignored.")


class Nothing(TypedDict):
    """The answer of an action that only confirms."""


class Audit(Enum):
    """Whether the audit log keeps calls of an action: those that changed something, and those that were refused."""

    LOGGED = True
    NOT_LOGGED = False


Q = TypeVar("Q", bound=Request)
A = TypeVar("A", bound=Mapping[str, Any])


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
class Action(Generic[Q, A]):
    """One action.

    ``group`` is what a key must be permitted, ``role`` the least role of a person who calls through the console;
    ``answer`` is a ``TypedDict`` whose members say in ``Field(description=…)`` what they mean; ``errors`` are the
    declared codes beyond the generic ones; ``codes`` overrides the wire's code of our errors; ``rate`` is in calls per
    second and key; ``installation``: it changes all applications, so that only keys of the main one may call it;
    ``also`` is what else the request may hold, checked by the rooms below.
    """

    name: str
    summary: str
    group: Group
    role: Role
    audit: Audit
    request: type[Q]
    answer: type[A]
    run: Callable[[Caller, Q], Awaitable[A]]
    errors: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    rate: int = 20
    installation: bool = False
    also: type[BaseModel] | None = None

    @property
    def members(self) -> Mapping[str, str]:
        """The meaning of each member of the answer."""
        return {name: _meaning(hint) for name, hint in get_type_hints(self.answer, include_extras=True).items()}


def _meaning(hint: Any) -> str:
    found = (each.description for each in getattr(hint, "__metadata__", ()) if isinstance(each, FieldInfo))
    return next(found, None) or ""


#: Parameters that many actions share.
FileId = Annotated[str, Field(max_length=64, description="The file.")]
Offset = Annotated[int, Field(ge=0, description="How many to leave out at the beginning.")]
Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
#: Members that many answers share.
TotalCount = Annotated[int, Field(description="how many match")]
