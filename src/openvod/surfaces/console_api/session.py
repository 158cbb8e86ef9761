"""Signing in and out, invitations taken up, and the user's own access tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from openvod.access.account_model import AccessToken, Identity, Role
from openvod.base.errors import Denied
from openvod.surfaces.console_api.audit import note, note_refused
from openvod.surfaces.console_api.guard import Viewer, address_of, check_origin, set_cookie
from openvod.surfaces.console_api.model import Done, Json
from openvod.surfaces.console_api.services import ConsoleServices, Services
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["session"])
_LONGEST_TOKEN_SECONDS = 10 * 366 * 86_400


class SignIn(Json):
    """Who signs in."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=200)


class Me(Json):
    """Who is signed in. ``csrf_token`` has to come as ``X-CSRF-Token`` with every change; empty with access tokens."""

    name: str
    role: Role
    csrf_token: str


class InviteState(Json):
    """An invitation that can be taken up; ``name`` is empty when a new user is to choose one."""

    name: str
    role: Role
    expires_at: float


class Invited(Json):
    """The secret of an invitation."""

    token: str = Field(max_length=100)


class Acceptance(Invited):
    """A password, and for new users a name."""

    name: str = Field("", max_length=64)
    password: str = Field(max_length=200, description="At least 12 characters.")


class TokenRequest(Json):
    """An access token to make."""

    note: str = Field("", max_length=100, description="What it is for.")
    role: Role = Field(Role.VIEWER, description="At most your own.")
    seconds: float | None = Field(
        None, gt=0, le=_LONGEST_TOKEN_SECONDS, description="How long it lasts; null: for ever."
    )


class TokenRow(Json):
    """An access token without its secret; times in Unix seconds."""

    id: str
    note: str
    role: Role
    created_at: float
    expires_at: float | None


class NewToken(TokenRow):
    """An access token; ``secret`` is returned only here."""

    secret: str


class Tokens(Json):
    """The user's access tokens."""

    items: list[TokenRow]


@router.post("/session")
async def sign_in(asked: SignIn, request: Request, response: Response, services: Services) -> Me:
    """Sign in: sets the session's cookie."""
    check_origin(request, services)
    try:
        secret, identity = await services.people.sessions.sign_in(asked.name, asked.password, address_of(request))
    except Denied as error:
        # Refusals for too many tries are left out: they have no limit of their own.
        await note_refused(services, request, f"user:{asked.name}", "console.SignIn", error.code)
        raise
    return await _signed_in(response, services, secret, identity, request)


@router.get("/session")
async def who_am_i(identity: Viewer) -> Me:
    """Tell who is signed in."""
    return _me(identity)


@router.delete("/session")
async def sign_out(response: Response, identity: Viewer, services: Services) -> Done:
    """Sign out."""
    if identity.session_digest:
        await services.people.sessions.sign_out(identity)
    set_cookie(response, services, "")
    return Done()


@router.delete("/sessions")
async def sign_out_everywhere(response: Response, identity: Viewer, services: Services) -> Done:
    """End all of one's sessions."""
    _check_person(identity)
    await services.people.sessions.sign_out_everywhere(identity.user)
    set_cookie(response, services, "")
    return Done()


@router.post("/invites/look")
async def look_at_invite(asked: Invited, services: Services) -> InviteState:
    """Tell for whom an invitation is, without taking it up."""
    found = await services.people.accounts.invited(asked.token)
    return InviteState(name=found.user, role=found.role, expires_at=found.expires_at)


@router.post("/invites/accept")
async def accept_invite(asked: Acceptance, request: Request, response: Response, services: Services) -> Me:
    """Take an invitation up: choose a password, and be signed in."""
    check_origin(request, services)
    user = await services.people.accounts.accept(asked.token, asked.name, asked.password)
    secret, identity = await services.people.sessions.open(user, address_of(request))
    return await _signed_in(response, services, secret, identity, request)


@router.get("/tokens")
async def list_tokens(identity: Viewer, services: Services) -> Tokens:
    """List one's own access tokens."""
    return Tokens(items=[TokenRow(**_row(each)) for each in await services.people.accounts.tokens(identity.user)])


@router.post("/tokens")
async def create_token(asked: TokenRequest, request: Request, identity: Viewer, services: Services) -> NewToken:
    """Make an access token for a tool of one's own."""
    secret, token = await services.people.accounts.create_token(identity, asked.note, asked.role, asked.seconds)
    await note(services, request, identity, "console.CreateToken", {"id": token.token_id, "role": token.role.value})
    return NewToken(**_row(token), secret=secret)


@router.delete("/tokens/{id}")
async def delete_token(
    token_id: Annotated[str, Path(alias="id", max_length=40)], request: Request, identity: Viewer, services: Services
) -> Done:
    """Make an access token worthless."""
    await services.people.accounts.delete_token(identity.user, token_id)
    await note(services, request, identity, "console.DeleteToken", {"id": token_id})
    return Done()


def _check_person(identity: Identity) -> None:
    if not identity.session_digest:
        raise Denied("account.role", "this is for people who are signed in, not for access tokens")


async def _signed_in(
    response: Response, services: ConsoleServices, secret: str, identity: Identity, request: Request
) -> Me:
    set_cookie(response, services, secret)
    await note(services, request, identity, "console.SignIn", {})
    return _me(identity)


def _me(identity: Identity) -> Me:
    return Me(name=identity.user, role=identity.role, csrf_token=identity.csrf)


def _row(token: AccessToken) -> dict[str, object]:
    return {
        "id": token.token_id,
        "note": token.note,
        "role": token.role,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
