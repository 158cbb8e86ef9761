"""The services of accounts, applications and domains."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urlsplit

from openvod.access.accounts import AccountService
from openvod.access.audit import AuditLog
from openvod.access.categories import CategoryService
from openvod.access.distribution import DistributionService
from openvod.access.service import AccessService
from openvod.access.sessions import SessionLimits, SessionService
from openvod.app.foundation import Foundation


class AccessServices:
    """Services for users, applications, keys and domains."""

    def __init__(self, base: Foundation) -> None:
        self._base = base

    @cached_property
    def applications(self) -> AccessService:
        """Applications, keys and regions."""
        return AccessService(self._base.database, self._base.box, self._base.clock, self._base.entropy)

    @cached_property
    def distribution(self) -> DistributionService:
        """Domains and hotlink protection."""
        own_name = urlsplit(self._base.media_url).hostname or ""
        return DistributionService(
            self._base.database, self._base.box, self._base.clock, self._base.entropy, own_name=own_name
        )

    @cached_property
    def accounts(self) -> AccountService:
        """The console's users."""
        return AccountService(self._base.database, self._base.passwords(), self._base.clock, self._base.entropy)

    @cached_property
    def sessions(self) -> SessionService:
        """Signing in to the console."""
        console = self._base.settings.console
        limits = SessionLimits(console.idle_seconds, console.session_seconds)
        return SessionService(self._base.database, self._base.passwords(), self._base.clock, self._base.entropy, limits)

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log."""
        return AuditLog(self._base.database, self._base.clock)

    @cached_property
    def categories(self) -> CategoryService:
        """Categories of media."""
        return CategoryService(self._base.database)
