"""The gate of playback: applications that are off, and the protection of domains (``procedures-and-api.md`` 10)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from openvod.access.distribution import DistributionService
from openvod.access.model import ON, Domain
from openvod.access.ports import AccessTx
from openvod.base.errors import Denied
from openvod.base.ports import Clock, UnitOfWork
from openvod.server.wire import WireRequest
from openvod.signing.hotlink import SignedLink, check_address, check_link, check_referer
from openvod.signing.play_token import PARAMETER, SESSION_COOKIE, PlayToken, Presented, check_play_token, play_token

#: Changed policies take effect within this time; a request costs no question of the database.
_REMEMBERED_SECONDS = 1.0
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Rules:
    """The playback rules of an application under one host name."""

    is_on: bool
    domain: Domain
    link_keys: Sequence[str]
    learnt_at: float


@dataclass(frozen=True)
class Pass:
    """An admitted request: by what, and what else of the media it opens."""

    grant: SignedLink | PlayToken | None = None
    key: str = ""
    address: str = ""

    @property
    def preview(self) -> int:
        """Seconds that may be played; 0: all."""
        return self.grant.preview if self.grant else 0

    def query_for(self, directory: str) -> str:
        """Return the query that opens files of another directory under the same limits, empty where none is needed."""
        if isinstance(self.grant, PlayToken):
            return _query(self.key, replace(self.grant, path=directory))
        return self.grant.query(directory) if self.grant else ""

    def query_for_file(self, path: str) -> str:
        """Return the query that opens one whole file, for segments of a preview; it cannot be handed on."""
        bound = PlayToken(path, self.grant.expires if self.grant else 0, address=self.address)
        if isinstance(self.grant, PlayToken):
            bound = replace(bound, session=self.grant.session, referer=self.grant.referer)
        return _query(self.key, bound)


def _query(key: str, token: PlayToken) -> str:
    return f"{PARAMETER}={play_token(key, token)}"


class PlaybackGate:
    """Admits requests for published media."""

    def __init__(self, uow: UnitOfWork[AccessTx], distribution: DistributionService, clock: Clock) -> None:
        self._uow = uow
        self._distribution = distribution
        self._clock = clock
        self._known: dict[tuple[int, str], _Rules] = {}
        self._admitted: set[tuple[str, str]] = set()

    async def admit(self, request: WireRequest, sub_app_id: int) -> Pass:
        """Let a request for an application's media pass, or raise ``Denied("hotlink.…" | "application.off")``."""
        rules = await self._rules(sub_app_id, _host_name(request.host))
        admitted = _check(request, rules, self._clock.now())
        if counted := self._to_count(request, admitted):
            await self._admit_address(request.argument("sign") or "", admitted.address, counted)
        return admitted

    def admit_at_once(self, request: WireRequest, sub_app_id: int) -> Pass | None:
        """Do the same by what is remembered; ``None`` when the database must be asked."""
        rules = self._remembered(sub_app_id, _host_name(request.host))
        admitted = _check(request, rules, self._clock.now()) if rules else None
        return None if admitted is None or self._to_count(request, admitted) else admitted

    def _to_count(self, request: WireRequest, admitted: Pass) -> SignedLink | None:
        """Return the link whose addresses are limited, unless it let this one in before."""
        link = admitted.grant
        if not isinstance(link, SignedLink) or not link.most_addresses:
            return None
        return None if (request.argument("sign") or "", admitted.address) in self._admitted else link

    async def _admit_address(self, sign: str, address: str, link: SignedLink) -> None:
        """Count one more address that uses a link; those let in once need no more question (``rlimit``)."""
        if not await self._distribution.admit_address(sign, address, link.most_addresses, link.expires):
            raise Denied("hotlink.addresses", f"this link is in use from {link.most_addresses} addresses already")
        if len(self._admitted) >= _MOST_REMEMBERED:
            self._admitted.clear()
        self._admitted.add((sign, address))

    async def link_key(self, sub_app_id: int, host: str) -> str:
        """Return the KEY that signs links under a host name, empty where none are needed.

        Raises ``Denied("application.off")``.
        """
        rules = await self._rules(sub_app_id, host.lower())
        if not rules.is_on:
            raise Denied("application.off", "this application is switched off")
        return rules.link_keys[0] if rules.domain.links.enabled and rules.link_keys else ""

    async def _rules(self, sub_app_id: int, host: str) -> _Rules:
        known = self._remembered(sub_app_id, host)
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            known = self._known[sub_app_id, host] = await self._learn(sub_app_id, host)
        return known

    def _remembered(self, sub_app_id: int, host: str) -> _Rules | None:
        known = self._known.get((sub_app_id, host))
        return known if known and known.learnt_at >= time.monotonic() - _REMEMBERED_SECONDS else None

    async def _learn(self, sub_app_id: int, host: str) -> _Rules:
        domains = await self._distribution.domains(sub_app_id)
        application = await self._uow.read(lambda tx: tx.access.application(sub_app_id))
        domain = _domain_of(domains, host)
        is_on = application is not None and application.status == ON
        keys = [key for key in self._distribution.link_keys(domain) if key]
        return _Rules(is_on, domain, keys, time.monotonic())


def _check(request: WireRequest, rules: _Rules, now: float) -> Pass:
    """Hold a request against the rules; raises ``Denied``."""
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
    return _by_grant(request, rules, now) if domain.links.enabled else Pass()


def _by_grant(request: WireRequest, rules: _Rules, now: float) -> Pass:
    address = request.caller.address
    if text := request.argument(PARAMETER):
        presented = Presented(
            request.raw_path, address, request.cookies.get(SESSION_COOKIE, ""), request.headers.get("referer", "")
        )
        token, key = check_play_token(rules.link_keys, text, presented, now)
        return Pass(token, key, address)
    link = check_link(rules.link_keys, request.raw_path, request.query, now)
    return Pass(link, link.key, address)


def _domain_of(domains: Sequence[Domain], host: str) -> Domain:
    """Return the domain of a host name; another name of this machine has the rules of the first, its own."""
    return next((each for each in domains if each.name == host), domains[0])


def _host_name(host: str) -> str:
    """Return the name without its port, in lower case."""
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.rpartition(":")[0] or host
    return name.lower().rstrip(".")
