"""Use cases of accounts: users, invitations and access tokens."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from openvod.access.account_model import AccessToken, Identity, Invite, Role, User
from openvod.access.account_ports import AccountTx, PasswordHash
from openvod.base.errors import Conflict, Denied, Exhausted, Invalid, NotFound
from openvod.base.exclusive import OneAtATime
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.signing import base64url

INVITE_SECONDS = 86_400.0
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
MOST_TOKENS = 50
TOKEN_PREFIX = "ovt_"  # noqa: S105 - what a token begins with
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_SECRET_BYTES = 32


def digest_of(secret: str) -> str:
    """Return what is stored of a secret; it has 256 random bits, so that no salt is needed."""
    return hashlib.sha256(f"openvod/account/{secret}".encode()).hexdigest()


def new_secret(entropy: Entropy) -> str:
    """Return a secret fit for addresses and cookies."""
    return base64url.encode(entropy.token(_SECRET_BYTES))


class AccountService:
    """Users and what they are given."""

    def __init__(self, uow: UnitOfWork[AccountTx], passwords: PasswordHash, clock: Clock, entropy: Entropy) -> None:
        self._uow = OneAtATime(uow, lambda tx: tx.accounts.alone())
        self._passwords = passwords
        self._clock = clock
        self._entropy = entropy

    async def users(self) -> Sequence[User]:
        """Return all users by name."""
        return await self._uow.read(lambda tx: tx.accounts.users())

    async def invite(self, role: Role, user: str = "", *, by: str) -> tuple[str, Invite]:
        """Return the secret of a new invitation; it is returned only here.

        With ``user`` it lets that one choose a new password and changes no role; without, it makes a new user of
        ``role``.
        """
        secret, now = new_secret(self._entropy), self._clock.now()

        def work(tx: AccountTx) -> Invite:
            known = _known(tx, user) if user else None
            invite = Invite(
                digest_of(secret), known.role if known else role, user, now, now + INVITE_SECONDS, by
            )  # fmt: skip
            tx.accounts.put_invite(invite)
            return invite

        return secret, await self._uow.write(work)

    async def invites(self) -> Sequence[Invite]:
        """Return the invitations that can still be taken up."""
        now = self._clock.now()
        found = await self._uow.read(lambda tx: tx.accounts.invites())
        return [each for each in found if each.expires_at > now]

    async def withdraw(self, digest: str) -> None:
        """Make an invitation worthless."""
        if not await self._uow.write(lambda tx: tx.accounts.delete_invite(digest)):
            raise NotFound("account.invite", "there is no such invitation; it may have been taken up", field="id")

    async def invited(self, secret: str) -> Invite:
        """Return the invitation of a secret; ``Denied("account.invite")``."""
        return await self._uow.read(lambda tx: _valid(tx, secret, self._clock.now()))

    async def accept(self, secret: str, name: str, password: str) -> User:
        """Take an invitation up, once. All sessions of a user whose password changes end."""
        invite = await self.invited(secret)
        check_password(password)
        name = invite.user or name.strip().lower()
        if not _NAME.fullmatch(name):
            raise Invalid(
                "account.name", "name: must have 1 to 64 of a-z, 0-9 and . _ @ -, and begin with one of a-z 0-9",
                field="name",
            )  # fmt: skip
        hashed = await self._passwords.hash(password)
        now = self._clock.now()

        def work(tx: AccountTx) -> User:
            _valid(tx, secret, now)
            tx.accounts.delete_invite(invite.digest)
            user = _accepted(tx.accounts.user(name), invite, name, hashed, now)
            tx.accounts.put_user(user)
            tx.accounts.delete_sessions_of(name)
            return user

        return await self._uow.write(work)

    async def set_role(self, name: str, role: Role) -> User:
        """Change a user's role; one admin must remain."""
        return await self._change(name, lambda user: replace(user, role=role))

    async def set_enabled(self, name: str, enabled: bool) -> User:
        """Let a user in or keep one out, whose sessions end."""
        return await self._change(name, lambda user: replace(user, enabled=enabled))

    async def remove(self, name: str) -> None:
        """Delete a user with sessions, invitations and tokens."""

        def work(tx: AccountTx) -> None:
            _known(tx, name)
            tx.accounts.delete_user(name)
            _check_admin(tx)

        await self._uow.write(work)

    async def create_token(
        self, identity: Identity, note: str, role: Role, seconds: float | None = None
    ) -> tuple[str, AccessToken]:
        """Return a new access token of a user; its secret is returned only here."""
        if not identity.role.includes(role):
            raise Denied(
                "account.role", f"role: you are {identity.role.value}; choose that or less for a token", field="role"
            )
        if identity.token_id:
            raise Denied("account.token_by_token", "tokens are made by people; sign in and make it there")
        secret, now = TOKEN_PREFIX + new_secret(self._entropy), self._clock.now()
        token = AccessToken(
            new_hex(self._entropy, 16), digest_of(secret), identity.user, note, role, now,
            None if seconds is None else now + seconds,
        )  # fmt: skip

        def work(tx: AccountTx) -> None:
            if len(tx.accounts.tokens(identity.user)) >= MOST_TOKENS:
                raise Exhausted("account.tokens", f"you have {MOST_TOKENS} tokens; delete one first")
            tx.accounts.put_token(token)

        await self._uow.write(work)
        return secret, token

    async def tokens(self, user: str) -> Sequence[AccessToken]:
        """Return a user's tokens."""
        return await self._uow.read(lambda tx: tx.accounts.tokens(user))

    async def delete_token(self, user: str, token_id: str) -> None:
        """Make a token worthless."""
        if not await self._uow.write(lambda tx: tx.accounts.delete_token(user, token_id)):
            raise NotFound("account.token", f"id: you have no token {token_id[:40]!r}; list them first", field="id")

    async def _change(self, name: str, change: Callable[[User], User]) -> User:
        def work(tx: AccountTx) -> User:
            changed = change(_known(tx, name))
            tx.accounts.put_user(changed)
            _check_admin(tx)
            if not changed.enabled:
                tx.accounts.delete_sessions_of(name)
            return changed

        return await self._uow.write(work)


def check_password(password: str) -> None:
    """Raise ``Invalid("account.password_weak")``; length is what counts."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or len(set(password)) < SHORTEST_PASSWORD // 3:
        raise Invalid(
            "account.password_weak",
            f"password: must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, and not all alike",
            field="password",
        )


def _accepted(known: User | None, invite: Invite, name: str, hashed: str, now: float) -> User:
    if invite.user:
        if known is None:
            raise Denied("account.invite", "the user of this invitation was deleted; ask for another invitation")
        return replace(known, password_hash=hashed)
    if known is not None:
        raise Conflict("account.exists", f"name: {name!r} is taken; choose another one", field="name")
    return User(name, invite.role, hashed, True, now)


def _known(tx: AccountTx, name: str) -> User:
    found = tx.accounts.user(name)
    if found is None:
        raise NotFound("account.unknown", f"name: there is no user {name[:64]!r}; list the users first", field="name")
    return found


def _valid(tx: AccountTx, secret: str, now: float) -> Invite:
    found = tx.accounts.invite(digest_of(secret))
    if found is None or found.expires_at <= now:
        raise Denied(
            "account.invite",
            "this invitation was taken up, withdrawn or is too old; ask for another, or run 'openvod console invite'",
            field="token",
        )
    return found


def _check_admin(tx: AccountTx) -> None:
    if not any(user.enabled and user.role is Role.ADMIN for user in tx.accounts.users()):
        raise Conflict("account.last_admin", "somebody has to stay admin; make another user admin first", field="role")
