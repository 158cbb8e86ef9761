"""Domains that media is played from, and who may play (``procedures-and-api.md`` 6.7, 10)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from openvod.access.model import AddressPolicy, Distribution, Domain, RefererPolicy
from openvod.access.ports import AccessTx
from openvod.base.errors import Conflict, Exhausted, Invalid, NotFound
from openvod.base.exclusive import OneAtATime
from openvod.base.identifiers import new_alphanumeric
from openvod.base.ports import Clock, Entropy, SecretBox, UnitOfWork
from openvod.signing.addresses import read_address

MOST_DOMAINS, MOST_REFERERS, MOST_ADDRESSES = 20, 400, 200
_PLAY_KEY_LENGTH = 20
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PLAY_KEY = re.compile(r"[A-Za-z0-9]{8,20}")
_LINK_KEY = re.compile(r"[!-~]{8,40}")
_REFERER = re.compile(r"[!-.0-~]{1,255}(/[!-~]{0,255})?")


@dataclass(frozen=True)
class PolicyChanges:
    """What to change of a domain; ``None`` stays. Keys are in the clear; an empty ``backup_key`` takes it away."""

    referers: RefererPolicy | None = None
    addresses: AddressPolicy | None = None
    links_enabled: bool | None = None
    link_key: str | None = None
    backup_key: str | None = None


class DistributionService:
    """Use cases. ``own_name`` is the host name of the installation's public URL, which every application has."""

    def __init__(
        self, uow: UnitOfWork[AccessTx], box: SecretBox, clock: Clock, entropy: Entropy, *, own_name: str
    ) -> None:
        self._uow = OneAtATime(uow, lambda tx: tx.access.alone())
        self._beside = uow
        self._box = box
        self._clock = clock
        self._entropy = entropy
        self._own_name = own_name

    @property
    def own_name(self) -> str:
        """The installation's own host name."""
        return self._own_name

    async def domains(self, sub_app_id: int) -> Sequence[Domain]:
        """Return an application's domains, the installation's own first."""
        stored = await self._uow.read(lambda tx: tx.access.domains(sub_app_id))
        if any(each.name == self._own_name for each in stored):
            return sorted(stored, key=lambda each: each.name != self._own_name)
        application = await self._uow.read(lambda tx: tx.access.application(sub_app_id))
        return [Domain(sub_app_id, self._own_name, application.created_at if application else 0.0), *stored]

    async def create(self, sub_app_id: int, name: str) -> None:
        """Add a domain; raises ``Invalid("domain.name")``, ``Conflict("domain.exists")``, ``Exhausted``."""
        _check_name(name)

        def work(tx: AccessTx) -> None:
            stored = tx.access.domains(sub_app_id)
            if name == self._own_name or tx.access.domain(sub_app_id, name):
                raise Conflict("domain.exists", f"domain {name} exists already")
            if len(stored) >= MOST_DOMAINS:
                raise Exhausted("domain.quota", f"an application has at most {MOST_DOMAINS} domains; delete one first")
            tx.access.put_domain(Domain(sub_app_id, name, self._clock.now()))

        await self._uow.write(work)

    async def delete(self, sub_app_id: int, name: str) -> None:
        """Remove a domain with its policies; neither the installation's own nor the default one."""

        def work(tx: AccessTx) -> None:
            if name == self._own_name:
                raise Conflict("domain.in_use", f"{name} is the platform's own address and cannot be deleted")
            if tx.access.distribution(sub_app_id).domain == name:
                raise Conflict("domain.in_use", f"{name} is the default domain; make another one the default first")
            if tx.access.domain(sub_app_id, name) is None:
                raise _unknown(name)
            tx.access.delete_domain(sub_app_id, name)

        await self._uow.write(work)

    async def modify(self, sub_app_id: int, name: str, changes: PolicyChanges) -> None:
        """Change a domain's policies."""
        _check_changes(changes)

        def work(tx: AccessTx) -> None:
            domain = self._domain(tx, sub_app_id, name)
            links = domain.links
            if changes.link_key:
                links = replace(links, sealed_key=self._box.seal(changes.link_key, _link_label(domain)))
            if changes.links_enabled is not None:
                links = replace(links, enabled=changes.links_enabled)
            if changes.backup_key is not None:
                sealed = self._box.seal(changes.backup_key, _link_label(domain)) if changes.backup_key else b""
                links = replace(links, sealed_backup_key=sealed)
            if links.enabled and not links.sealed_key:
                raise Invalid("domain.policy", "EncryptedKey is needed to enable UrlSignatureAuthPolicy")
            tx.access.put_domain(
                replace(
                    domain,
                    referers=changes.referers or domain.referers,
                    addresses=changes.addresses or domain.addresses,
                    links=links,
                )
            )

        await self._uow.write(work)

    async def distribution(self, sub_app_id: int) -> tuple[Distribution, str]:
        """Return what an application's addresses begin with, and its play key; the first asking makes one."""
        found = await self._uow.read(lambda tx: tx.access.distribution(sub_app_id))
        if not found.sealed_play_key:
            found = await self._uow.write(lambda tx: self._with_play_key(tx, sub_app_id, ""))
        return found, self._box.open(found.sealed_play_key, f"play-key/{sub_app_id}")

    async def modify_distribution(self, sub_app_id: int, *, domain: str, scheme: str, play_key: str) -> None:
        """Change what is not empty."""
        if play_key and not _PLAY_KEY.fullmatch(play_key):
            raise Invalid("domain.play_key", "PlayKey must have 8 to 20 letters and digits", field="PlayKey")

        def work(tx: AccessTx) -> None:
            if domain:
                self._domain(tx, sub_app_id, domain)
            found = self._with_play_key(tx, sub_app_id, play_key)
            chosen = "" if domain == self._own_name else domain or found.domain
            tx.access.put_distribution(replace(found, domain=chosen, scheme=scheme or found.scheme))

        await self._uow.write(work)

    def link_keys(self, domain: Domain) -> tuple[str, str]:
        """Return a domain's KEY and the one that is accepted beside it; empty when there is none."""
        first, second = (
            self._box.open(sealed, _link_label(domain)) if sealed else ""
            for sealed in (domain.links.sealed_key, domain.links.sealed_backup_key)
        )
        return first, second

    async def admit_address(self, link: str, address: str, most: int, expires_at: float) -> bool:
        """Return whether an address may use a link with a limit of ``most`` addresses; record it when it may."""
        place = _counted_address(address)
        return await self._beside.write(lambda tx: tx.access.admit_link_address(link, place, most, expires_at))

    async def forget_expired_links(self) -> int:
        """Delete the recorded addresses of expired links; return how many."""
        now = self._clock.now()
        return await self._uow.write(lambda tx: tx.access.forget_link_addresses(now))

    def _domain(self, tx: AccessTx, sub_app_id: int, name: str) -> Domain:
        found = tx.access.domain(sub_app_id, name)
        if found is None and name == self._own_name:
            return Domain(sub_app_id, name, self._clock.now())
        if found is None:
            raise _unknown(name)
        return found

    def _with_play_key(self, tx: AccessTx, sub_app_id: int, play_key: str) -> Distribution:
        found = tx.access.distribution(sub_app_id)
        if play_key or not found.sealed_play_key:
            key = play_key or new_alphanumeric(self._entropy, _PLAY_KEY_LENGTH)
            found = replace(found, sealed_play_key=self._box.seal(key, f"play-key/{sub_app_id}"))
            tx.access.put_distribution(found)
        return found


def _link_label(domain: Domain) -> str:
    return f"link-key/{domain.sub_app_id}/{domain.name}"


def _counted_address(address: str) -> str:
    """Return what counts as one address: of IPv6 the network of 64 bits, in which one device takes many."""
    found = read_address(address)
    if found is None:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid("domain.name", f"Domain {name[:80]!r} must be a host name in lower case, without scheme and port")


def _check_changes(changes: PolicyChanges) -> None:
    for name, key in (("EncryptedKey", changes.link_key), ("BackupEncryptedKey", changes.backup_key)):
        if key and not _LINK_KEY.fullmatch(key):
            raise Invalid("domain.policy", f"{name} must have 8 to 40 visible ASCII characters", field=name)
    if referers := changes.referers:
        if referers.enabled and not referers.referers:
            raise Invalid("domain.policy", "RefererAuthPolicy.Referers must name at least one when enabled")
        for entry in referers.referers:
            if "://" in entry or not _REFERER.fullmatch(entry):
                raise Invalid("domain.policy", f"Referers: {entry[:80]!r} must be like example.com or *.example.com")
    if addresses := changes.addresses:
        if addresses.enabled and not addresses.networks:
            raise Invalid("domain.policy", "IPFilterPolicy.IPList must name at least one when enabled")
        for entry in addresses.networks:
            _check_network(entry)


def _check_network(entry: str) -> None:
    try:
        ipaddress.ip_network(entry, strict=False)
    except ValueError as error:
        raise Invalid("domain.policy", f"IPList: {entry[:60]!r} is neither an address nor a network") from error


def _unknown(name: str) -> NotFound:
    return NotFound("domain.unknown", f"domain {name[:80]!r} does not exist; create it with CreateVodDomain")
