"""What accounts ask of a database and of a password hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from openvod.access.account_model import AccessToken, Invite, Session, User


class AccountTables(Protocol):
    """Rows of accounts inside one transaction."""

    def alone(self) -> None:
        """Keep other transactions that ask the same out until this one ends."""
        ...

    def user(self, name: str) -> User | None:
        """Return one user."""
        ...

    def users(self) -> Sequence[User]:
        """Return all users by name."""
        ...

    def put_user(self, user: User) -> None:
        """Insert or replace."""
        ...

    def delete_user(self, name: str) -> None:
        """Delete a user with sessions, invitations and tokens."""
        ...

    def session(self, digest: str) -> Session | None:
        """Return one session."""
        ...

    def put_session(self, session: Session) -> None:
        """Insert or replace."""
        ...

    def delete_session(self, digest: str) -> None:
        """Delete one."""
        ...

    def delete_sessions_of(self, user: str) -> None:
        """Delete all of a user."""
        ...

    def invite(self, digest: str) -> Invite | None:
        """Return one invitation."""
        ...

    def invites(self) -> Sequence[Invite]:
        """Return all invitations by age."""
        ...

    def put_invite(self, invite: Invite) -> None:
        """Insert."""
        ...

    def delete_invite(self, digest: str) -> bool:
        """Delete an invitation; false if there was none: of two concurrent acceptances one gets false."""
        ...

    def token(self, digest: str) -> AccessToken | None:
        """Return one token by its digest."""
        ...

    def tokens(self, user: str) -> Sequence[AccessToken]:
        """Return a user's tokens by age."""
        ...

    def put_token(self, token: AccessToken) -> None:
        """Insert."""
        ...

    def delete_token(self, user: str, token_id: str) -> bool:
        """Delete one of a user; false when there was none."""
        ...

    def forget_expired(self, now: float, idle_before: float) -> int:
        """Delete sessions, invitations and tokens whose time is over; return how many."""
        ...


class AccountTx(Protocol):
    """A transaction that reaches the accounts."""

    @property
    def accounts(self) -> AccountTables:
        """The accounts' tables."""
        ...


class PasswordHash(Protocol):
    """A slow, salted hash of passwords."""

    async def hash(self, password: str) -> str:
        """Return a hash with all that is needed to verify it."""
        ...

    async def verify(self, password: str, known: str) -> bool:
        """Return whether the hash ``known`` is of ``password``; an empty hash costs the same time and never matches."""
        ...
