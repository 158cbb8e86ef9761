"""The accounts' tables in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, or_

from openvod.access.account_model import AccessToken, Invite, Role, Session, User
from openvod.adapters.sql import account_schema as schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, lock_name, remove, upsert, values


class SqlAccountTables:
    """See :class:`openvod.access.account_ports.AccountTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alone(self) -> None:
        """See :meth:`openvod.access.account_ports.AccountTables.alone`."""
        lock_name(self._connection, "accounts")

    def user(self, name: str) -> User | None:
        """Return one user."""
        row = fetch_one(self._connection, schema.users, schema.users.c.name == name)
        return _user(row) if row else None

    def users(self) -> Sequence[User]:
        """Return all users by name."""
        return [_user(row) for row in fetch_all(self._connection, schema.users, order=[schema.users.c.name])]

    def put_user(self, user: User) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.users, values(user) | {"role": user.role.value})

    def delete_user(self, name: str) -> None:
        """Delete a user with sessions, invitations and tokens."""
        for table in (schema.sessions, schema.invites, schema.access_tokens):
            remove(self._connection, table, table.c.user == name)
        remove(self._connection, schema.users, schema.users.c.name == name)

    def session(self, digest: str) -> Session | None:
        """Return one session."""
        row = fetch_one(self._connection, schema.sessions, schema.sessions.c.digest == digest)
        return Session(**row._mapping) if row else None

    def put_session(self, session: Session) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.sessions, values(session))

    def delete_session(self, digest: str) -> None:
        """Delete one."""
        remove(self._connection, schema.sessions, schema.sessions.c.digest == digest)

    def delete_sessions_of(self, user: str) -> None:
        """Delete all of a user."""
        remove(self._connection, schema.sessions, schema.sessions.c.user == user)

    def invite(self, digest: str) -> Invite | None:
        """Return one invitation."""
        row = fetch_one(self._connection, schema.invites, schema.invites.c.digest == digest)
        return _invite(row) if row else None

    def invites(self) -> Sequence[Invite]:
        """Return all invitations by age."""
        rows = fetch_all(self._connection, schema.invites, order=[schema.invites.c.created_at])
        return [_invite(row) for row in rows]

    def put_invite(self, invite: Invite) -> None:
        """Insert."""
        upsert(self._connection, schema.invites, values(invite) | {"role": invite.role.value})

    def delete_invite(self, digest: str) -> bool:
        """Delete one; false when there was none."""
        return remove(self._connection, schema.invites, schema.invites.c.digest == digest) > 0

    def token(self, digest: str) -> AccessToken | None:
        """Return one token by its digest."""
        row = fetch_one(self._connection, schema.access_tokens, schema.access_tokens.c.digest == digest)
        return _token(row) if row else None

    def tokens(self, user: str) -> Sequence[AccessToken]:
        """Return a user's tokens by age."""
        table = schema.access_tokens
        return [
            _token(row) for row in fetch_all(self._connection, table, table.c.user == user, order=[table.c.created_at])
        ]

    def put_token(self, token: AccessToken) -> None:
        """Insert."""
        upsert(self._connection, schema.access_tokens, values(token) | {"role": token.role.value})

    def delete_token(self, user: str, token_id: str) -> bool:
        """Delete one of a user; false when there was none."""
        table = schema.access_tokens
        return remove(self._connection, table, table.c.user == user, table.c.token_id == token_id) > 0

    def forget_expired(self, now: float, idle_before: float) -> int:
        """Delete expired rows; return their number."""
        sessions, invites, tokens = schema.sessions, schema.invites, schema.access_tokens
        over = or_(sessions.c.expires_at <= now, sessions.c.touched_at <= idle_before)
        return (
            remove(self._connection, sessions, over)
            + remove(self._connection, invites, invites.c.expires_at <= now)
            + remove(self._connection, tokens, tokens.c.expires_at <= now)
        )


def _user(row: Any) -> User:
    return User(**(dict(row._mapping) | {"role": Role(row.role)}))


def _invite(row: Any) -> Invite:
    return Invite(**(dict(row._mapping) | {"role": Role(row.role)}))


def _token(row: Any) -> AccessToken:
    return AccessToken(**(dict(row._mapping) | {"role": Role(row.role)}))
