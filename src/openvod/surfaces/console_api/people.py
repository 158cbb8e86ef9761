"""Users and invitations, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from openvod.access.account_model import Role, User
from openvod.surfaces.console_api.audit import note
from openvod.surfaces.console_api.guard import Admin
from openvod.surfaces.console_api.model import Done, Json
from openvod.surfaces.console_api.services import Services
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["users"])
Name = Annotated[str, Path(max_length=64, description="The user.")]


class UserRow(Json):
    """A user."""

    name: str
    role: Role
    enabled: bool
    created_at: float


class Users(Json):
    """All users."""

    items: list[UserRow]


class UserChange(Json):
    """What changes; null stays."""

    role: Role | None = None
    enabled: bool | None = None


class InviteRequest(Json):
    """Whom to invite."""

    role: Role = Field(Role.VIEWER, description="Of a new user.")
    user: str = Field("", max_length=64, description="A user who is to choose a new password; empty: a new user.")


class InviteRow(Json):
    """An invitation that can still be taken up."""

    id: str
    role: Role
    user: str
    created_by: str
    expires_at: float


class NewInvite(InviteRow):
    """An invitation; ``link`` is returned only here and can be used once."""

    link: str


class Invites(Json):
    """All invitations that can still be taken up."""

    items: list[InviteRow]


@router.get("/users")
async def list_users(_: Admin, services: Services) -> Users:
    """List the users."""
    return Users(items=[_row(user) for user in await services.people.accounts.users()])


@router.patch("/users/{name}")
async def change_user(name: Name, asked: UserChange, request: Request, identity: Admin, services: Services) -> UserRow:
    """Change a user's role, let one in or keep one out."""
    users = {user.name: user for user in await services.people.accounts.users()}
    changed = users.get(name)
    if asked.role is not None or changed is None:
        changed = await services.people.accounts.set_role(name, asked.role or Role.VIEWER)
    if asked.enabled is not None:
        changed = await services.people.accounts.set_enabled(name, asked.enabled)
    await note(services, request, identity, "console.ChangeUser", {"name": name} | asked.model_dump(mode="json"))
    return _row(changed)


@router.delete("/users/{name}")
async def delete_user(name: Name, request: Request, identity: Admin, services: Services) -> Done:
    """Delete a user with sessions and tokens."""
    await services.people.accounts.remove(name)
    await note(services, request, identity, "console.DeleteUser", {"name": name})
    return Done()


@router.get("/invites")
async def list_invites(_: Admin, services: Services) -> Invites:
    """List the invitations that can still be taken up."""
    found = await services.people.accounts.invites()
    return Invites(
        items=[
            InviteRow(
                id=each.digest[:_ID], role=each.role, user=each.user, created_by=each.created_by,
                expires_at=each.expires_at,
            )
            for each in found
        ]
    )  # fmt: skip


@router.post("/invites")
async def create_invite(asked: InviteRequest, request: Request, identity: Admin, services: Services) -> NewInvite:
    """Invite a new user, or let one choose a new password."""
    secret, invite = await services.people.accounts.invite(asked.role, asked.user, by=identity.user)
    await note(services, request, identity, "console.Invite", {"role": invite.role.value, "user": invite.user})
    return NewInvite(
        id=invite.digest[:_ID], role=invite.role, user=invite.user, created_by=invite.created_by,
        expires_at=invite.expires_at, link=invite_link(services.public_url, secret),
    )  # fmt: skip


@router.delete("/invites/{id}")
async def withdraw_invite(
    invite_id: Annotated[str, Path(alias="id", max_length=64)], request: Request, identity: Admin, services: Services
) -> Done:
    """Make an invitation worthless."""
    known = {each.digest[:_ID]: each.digest for each in await services.people.accounts.invites()}
    await services.people.accounts.withdraw(known.get(invite_id, ""))
    await note(services, request, identity, "console.WithdrawInvite", {"id": invite_id})
    return Done()


#: So much of an invitation's digest names it.
_ID = 16


def invite_link(public_url: str, secret: str) -> str:
    """Return the address at which an invitation is taken up; what follows # reaches no server's log."""
    return f"{public_url}/console/#/invite/{secret}"


def _row(user: User) -> UserRow:
    return UserRow(name=user.name, role=user.role, enabled=user.enabled, created_at=user.created_at)
