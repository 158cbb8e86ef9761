"""Invitations to the console, which the command line creates without a server."""

from __future__ import annotations

import contextlib

from openvod.access.account_model import Role
from openvod.app.services import Services
from openvod.base.errors import NotFound
from openvod.surfaces.console_api.people import invite_link

#: The creator of the first start's invitation.
_FIRST_START = "openvod serve"


async def invitation(services: Services, role: Role, user: str, by: str) -> str:
    """Return a link for choosing a password, valid once and for a day."""
    secret, _ = await services.access.accounts.invite(role, user, by=by)
    return invite_link(services.base.public_url, secret)


async def first_invitation(services: Services) -> str:
    """Return a link for the first admin, which replaces the previous start's; empty when a user exists."""
    accounts = services.access.accounts
    if await accounts.users():
        return ""
    for earlier in await accounts.invites():
        if earlier.created_by == _FIRST_START:
            with contextlib.suppress(NotFound):
                await accounts.withdraw(earlier.digest)
    return await invitation(services, Role.ADMIN, "", _FIRST_START)
