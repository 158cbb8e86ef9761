"""The gate of playback: applications that are off, and the protection of domains (``procedures-and-api.md`` 10)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from openvod.access.distribution import DistributionService
from openvod.access.model import ON, Domain
from openvod.access.ports import AccessTx
from openvod.base.errors import Denied
from openvod.base.ports import Clock, UnitOfWork
from openvod.signing.hotlink import SignedLink, check_address, check_link, check_referer
from openvod.web.wire import WireRequest

#: Changed policies take effect within this time; a request costs no question of the database.
_REMEMBERED_SECONDS = 1.0
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Rules:
    """What holds for an application's media under one host name."""

    is_on: bool
    domain: Domain
    link_key: str
    learnt_at: float


@dataclass(frozen=True)
class Pass:
    """An admitted request; with a signed link, what else of the media it opens."""

    link: SignedLink | None = None
    key: str = ""

    def query_for(self, directory: str) -> str:
        """Return the query that opens files of another directory, empty where none is needed."""
        return self.link.query(self.key, directory) if self.link else ""


class PlaybackGate:
    """Admits requests for published media."""

    def __init__(self, uow: UnitOfWork[AccessTx], distribution: DistributionService, clock: Clock) -> None:
        self._uow = uow
        self._distribution = distribution
        self._clock = clock
        self._known: dict[tuple[int, str], _Rules] = {}

    async def admit(self, request: WireRequest, sub_app_id: int) -> Pass:
        """Let a request for an application's media pass, or raise ``Denied("hotlink.…" | "application.off")``."""
        rules = await self._rules(sub_app_id, _host_name(request.host))
        if not rules.is_on:
            raise Denied("application.off", "this application is switched off")
        domain = rules.domain
        if domain.addresses.enabled:
            policy = domain.addresses
            check_address(request.caller.address, policy.networks, allow_listed=policy.allow_listed)
        if domain.referers.enabled:
            listed = domain.referers
            check_referer(
                request.headers.get("referer", ""), listed.referers,
                allow_listed=listed.allow_listed, blank_allowed=listed.blank_allowed,
            )  # fmt: skip
        if not domain.links.enabled:
            return Pass()
        return Pass(check_link(rules.link_key, _raw_path(request), request.query, self._clock.now()), rules.link_key)

    async def link_key(self, sub_app_id: int, host: str) -> str:
        """Return the KEY of links under a host name, empty where none are needed; ``Denied("application.off")``."""
        rules = await self._rules(sub_app_id, host.lower())
        if not rules.is_on:
            raise Denied("application.off", "this application is switched off")
        return rules.link_key if rules.domain.links.enabled else ""

    async def _rules(self, sub_app_id: int, host: str) -> _Rules:
        known = self._known.get((sub_app_id, host))
        if known is None or known.learnt_at < time.monotonic() - _REMEMBERED_SECONDS:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            known = self._known[sub_app_id, host] = await self._learn(sub_app_id, host)
        return known

    async def _learn(self, sub_app_id: int, host: str) -> _Rules:
        domains = await self._distribution.domains(sub_app_id)
        application = await self._uow.read(lambda tx: tx.access.application(sub_app_id))
        domain = _domain_of(domains, host)
        is_on = application is not None and application.status == ON
        return _Rules(is_on, domain, self._distribution.link_key(domain), time.monotonic())


def _domain_of(domains: Sequence[Domain], host: str) -> Domain:
    """Return the domain of a host name; another name of this machine has the rules of the first, its own."""
    return next((each for each in domains if each.name == host), domains[0])


def _host_name(host: str) -> str:
    """Return the name without its port, in lower case."""
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.rpartition(":")[0] or host
    return name.lower().rstrip(".")


def _raw_path(request: WireRequest) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")
