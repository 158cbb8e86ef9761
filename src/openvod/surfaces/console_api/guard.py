"""Who asks, whether it is really they, and whether they may."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from openvod.access.account_model import Identity, Role
from openvod.base.errors import Denied
from openvod.surfaces.console_api.services import ConsoleServices, Services

CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD"})
_PLAIN_COOKIE, _SECURE_COOKIE = "openvod_session", "__Host-openvod_session"
_by_cookie = APIKeyCookie(name=_PLAIN_COOKIE, auto_error=False, scheme_name="session", description=(
    f"Set by signing in; over https its name is {_SECURE_COOKIE}. Changes also need the header {CSRF_HEADER}."
))  # fmt: skip
_by_token = HTTPBearer(auto_error=False, scheme_name="token", description="An access token, `ovt_…`.")


def cookie_name(services: ConsoleServices) -> str:
    """Return the session cookie's name; over https one that no other host name can set."""
    return _SECURE_COOKIE if _is_secure(services) else _PLAIN_COOKIE


def set_cookie(response: Response, services: ConsoleServices, secret: str) -> None:
    """Hand a session's secret to the browser, which shows it to no script; empty takes it away."""
    response.set_cookie(
        cookie_name(services), secret, path="/", httponly=True, samesite="strict", secure=_is_secure(services),
        max_age=None if secret else 0,
    )  # fmt: skip


def address_of(request: Request) -> str:
    """Return the peer's address."""
    return request.client.host if request.client else ""


def check_origin(request: Request, services: ConsoleServices) -> None:
    """Refuse a change that a page of another origin asks for."""
    origin = request.headers.get("origin")
    own = {services.public_url, f"{urlsplit(services.public_url).scheme}://{request.headers.get('host', '')}"}
    foreign_site = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if (origin is not None and origin not in own) or (origin is None and foreign_site):
        raise Denied(
            "account.origin", f"Origin: changes come from pages of {services.public_url} only; open the console there",
            field="Origin",
        )  # fmt: skip


async def identify(request: Request, services: Services) -> Identity:
    """Return the identity of the caller; raises ``Denied("account.…")``."""
    authorization = request.headers.get("authorization", "")
    if authorization:
        kind, _, secret = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise Denied("account.token_unknown", "Authorization: send 'Bearer ' and an access token")
        return await services.people.sessions.by_token(secret.strip())
    identity = await services.people.sessions.by_session(request.cookies.get(cookie_name(services), ""))
    if request.method not in _SAFE:
        check_origin(request, services)
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), identity.csrf.encode()):
            raise Denied(
                "account.csrf", f"{CSRF_HEADER}: send the csrfToken that GET /api/v1/session returns", field=CSRF_HEADER
            )
    return identity


def check_role(identity: Identity, wanted: Role) -> None:
    """Raise ``Denied("account.role")`` unless somebody may do what ``wanted`` may."""
    if not identity.role.includes(wanted):
        raise Denied("account.role", f"this needs the role {wanted.value}, you are {identity.role.value}; ask an admin")


async def viewer(
    identity: Annotated[Identity, Depends(identify)],
    _cookie: Annotated[object, Security(_by_cookie)] = None,
    _token: Annotated[object, Security(_by_token)] = None,
) -> Identity:
    """Let everybody pass who is known."""
    return identity


async def operator(identity: Annotated[Identity, Depends(viewer)]) -> Identity:
    """Let operators and admins pass."""
    check_role(identity, Role.OPERATOR)
    return identity


async def admin(identity: Annotated[Identity, Depends(viewer)]) -> Identity:
    """Let admins pass."""
    check_role(identity, Role.ADMIN)
    return identity


#: The role that a dependency asks for, for the description.
ROLE_OF_GUARD = {viewer: Role.VIEWER, operator: Role.OPERATOR, admin: Role.ADMIN}
Viewer = Annotated[Identity, Depends(viewer)]
Operator = Annotated[Identity, Depends(operator)]
Admin = Annotated[Identity, Depends(admin)]


def _is_secure(services: ConsoleServices) -> bool:
    return services.public_url.startswith("https:")
