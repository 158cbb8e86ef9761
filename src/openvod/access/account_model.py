"""People of an installation as values: users, sessions, invitations and access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A user's role; each includes the rights of those before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """Return whether this role includes the rights of ``other``."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class User:
    """A person with an account. ``password_hash`` is empty until the invitation is accepted."""

    name: str
    role: Role
    password_hash: str
    enabled: bool
    created_at: float


@dataclass(frozen=True)
class Session:
    """A signed-in browser; ``digest`` is that of the secret in its cookie."""

    digest: str
    user: str
    created_at: float
    touched_at: float
    expires_at: float
    address: str


@dataclass(frozen=True)
class Invite:
    """Leave to choose a password once, for a new user (``user`` empty) or for one that there is."""

    digest: str
    role: Role
    user: str
    created_at: float
    expires_at: float
    created_by: str


@dataclass(frozen=True)
class AccessToken:
    """A user's tool. It may do what ``role`` may, and never more than its user."""

    token_id: str
    digest: str
    user: str
    note: str
    role: Role
    created_at: float
    expires_at: float | None


@dataclass(frozen=True)
class Identity:
    """Who asks: a user, by a session or by a token.

    ``actor`` stands in the audit log. ``csrf`` has to come with every change that a session asks for; empty for tokens.
    """

    user: str
    role: Role
    actor: str
    csrf: str = ""
    session_digest: str = ""
    token_id: str = ""
