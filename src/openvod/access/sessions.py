"""Signing in, and identifying callers by session cookie or access token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from openvod.access.account_model import Identity, Role, Session, User
from openvod.access.account_ports import AccountTx, PasswordHash
from openvod.access.accounts import TOKEN_PREFIX, digest_of, new_secret
from openvod.access.throttle import Tries
from openvod.base.errors import Denied
from openvod.base.ports import Clock, Entropy, UnitOfWork

#: A session's use is written down at most so often.
_TOUCH_SECONDS = 60.0


@dataclass(frozen=True)
class SessionLimits:
    """How long sessions last: without use, and in all."""

    idle_seconds: float
    total_seconds: float


def csrf_of(secret: str) -> str:
    """Return the CSRF token of a session; the cookie's secret cannot be derived from it."""
    return hashlib.sha256(f"openvod/csrf/{secret}".encode()).hexdigest()


class SessionService:
    """Signs users in and out, and identifies callers."""

    def __init__(
        self,
        uow: UnitOfWork[AccountTx],
        passwords: PasswordHash,
        clock: Clock,
        entropy: Entropy,
        limits: SessionLimits,
    ) -> None:
        self._uow = uow
        self._passwords = passwords
        self._clock = clock
        self._entropy = entropy
        self._limits = limits
        self._tries = Tries(clock)

    async def sign_in(self, name: str, password: str, address: str) -> tuple[str, Identity]:
        """Return the secret of a new session and who it is.

        Raises ``Denied("account.credentials")``, alike for unknown names and wrong passwords, also in time, and
        ``Exhausted("account.tries")``.
        """
        name = name.strip().lower()
        self._tries.check(name, address)
        self._tries.begin(name, address)
        user = await self._uow.read(lambda tx: tx.accounts.user(name))
        matches = await self._passwords.verify(password, user.password_hash if user else "")
        if user is None or not user.enabled or not matches:
            raise Denied("account.credentials", "name or password is wrong, or the user is disabled", field="password")
        self._tries.succeeded(name, address)
        return await self.open(user, address)

    async def open(self, user: User, address: str) -> tuple[str, Identity]:
        """Begin a session for a user who has proved who it is."""
        secret, now = new_secret(self._entropy), self._clock.now()
        session = Session(digest_of(secret), user.name, now, now, now + self._limits.total_seconds, address)
        await self._uow.write(lambda tx: tx.accounts.put_session(session))
        return secret, _by_session(user, session, secret)

    async def by_session(self, secret: str) -> Identity:
        """Return who has a session's secret; ``Denied("account.session")``."""
        found = await self._uow.read(lambda tx: self._session(tx, digest_of(secret)))
        if found is None:
            raise Denied("account.session", "you are not signed in, or were away for too long; sign in")
        user, session = found
        now = self._clock.now()
        if now - session.touched_at >= _TOUCH_SECONDS:
            await self._uow.write(lambda tx: _touch(tx, session.digest, now))
        return _by_session(user, session, secret)

    async def by_token(self, secret: str) -> Identity:
        """Return who has a token's secret; ``Denied("account.token_unknown")``."""

        def work(tx: AccountTx) -> Identity | None:
            token = tx.accounts.token(digest_of(secret)) if secret.startswith(TOKEN_PREFIX) else None
            if token is None or (token.expires_at is not None and token.expires_at <= self._clock.now()):
                return None
            user = tx.accounts.user(token.user)
            if user is None or not user.enabled:
                return None
            role = token.role if user.role.includes(token.role) else user.role
            return Identity(user.name, role, f"token:{user.name}/{token.token_id}", token_id=token.token_id)

        found = await self._uow.read(work)
        if found is None:
            raise Denied(
                "account.token_unknown", "Authorization: the token is unknown, deleted or expired; make another one"
            )
        return found

    async def still_holds(self, identity: Identity) -> bool:
        """Return whether a session or token is still valid, with the role that it had."""

        def work(tx: AccountTx) -> Role | None:
            if identity.session_digest:
                found = self._session(tx, identity.session_digest)
                return found[0].role if found else None
            tokens = {each.token_id: each for each in tx.accounts.tokens(identity.user)}
            token, user = tokens.get(identity.token_id), tx.accounts.user(identity.user)
            if token is None or user is None or not user.enabled:
                return None
            expired = token.expires_at is not None and token.expires_at <= self._clock.now()
            return None if expired else min(token.role, user.role, key=list(Role).index)

        return await self._uow.read(work) is identity.role

    async def sign_out(self, identity: Identity) -> None:
        """End a session."""
        await self._uow.write(lambda tx: tx.accounts.delete_session(identity.session_digest))

    async def sign_out_everywhere(self, user: str) -> None:
        """End all sessions of a user."""
        await self._uow.write(lambda tx: tx.accounts.delete_sessions_of(user))

    async def forget_expired(self) -> int:
        """Delete expired sessions and tokens; return how many."""
        now = self._clock.now()
        return await self._uow.write(lambda tx: tx.accounts.forget_expired(now, now - self._limits.idle_seconds))

    def _session(self, tx: AccountTx, digest: str) -> tuple[User, Session] | None:
        session = tx.accounts.session(digest)
        now = self._clock.now()
        if session is None or session.expires_at <= now or session.touched_at + self._limits.idle_seconds <= now:
            return None
        user = tx.accounts.user(session.user)
        return (user, session) if user and user.enabled else None


def _touch(tx: AccountTx, digest: str, now: float) -> None:
    if (session := tx.accounts.session(digest)) is not None:
        tx.accounts.put_session(replace(session, touched_at=now))


def _by_session(user: User, session: Session, secret: str) -> Identity:
    return Identity(user.name, user.role, f"user:{user.name}", csrf_of(secret), session.digest)
