"""Use cases of the access room."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from openvod.access.model import (
    DEFAULT_REGION,
    MAIN_APPLICATION_ID,
    OFF,
    ON,
    REGION_SHORT_NAMES,
    Application,
    AuditEntry,
    Group,
    KeyPair,
    StorageRegion,
)
from openvod.access.ports import AccessTables, AccessTx, SecretBox
from openvod.base.errors import Conflict, Denied, Invalid, NotFound
from openvod.base.exclusive import OneAtATime
from openvod.base.identifiers import new_alphanumeric
from openvod.base.ports import Clock, Entropy, UnitOfWork

#: The note of the key by which the console acts: disabled, people who are signed in upload nothing.
CONSOLE_NOTE = "console"
_REGION_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True)
class IssuedKey:
    """A new key pair; the only moment at which the secret is visible."""

    secret_id: str
    secret_key: str
    sub_app_id: int


def main_application_id(sub_app_id: int) -> int:
    """Map the wire's 0 to the main application (``upload-protocol.md`` 1.1)."""
    return sub_app_id or MAIN_APPLICATION_ID


def signer(tables: AccessTables, secret_id: str) -> KeyPair:
    """Return the enabled key pair, or raise ``Denied("key.unknown" | "key.disabled")``."""
    key = tables.key_pair(secret_id)
    if key is None:
        raise Denied("key.unknown", f"secretId {secret_id[:64]!r} is unknown; create a key with 'openvod keys create'")
    if not key.enabled:
        raise Denied("key.disabled", f"the key with secretId {secret_id!r} is disabled; enable it or use another one")
    return key


def application_for(tables: AccessTables, key: KeyPair, requested: int) -> Application:
    """Return the application that ``key`` may use for ``requested`` (0 = the key's own).

    A key of the main application may act for every application, any other key for its own alone.
    """
    wanted = requested or key.sub_app_id
    if key.sub_app_id not in (wanted, MAIN_APPLICATION_ID):
        raise Denied("application.foreign", f"vodSubAppId {wanted} does not belong to this key; use that application's")
    application = tables.application(wanted)
    if application is None:
        raise NotFound(
            "application.unknown", f"vodSubAppId {wanted} does not exist; list them with 'openvod apps list'"
        )
    return application


def check_permitted(key: KeyPair, group: Group) -> None:
    """Raise ``Denied("key.not_permitted")`` unless the key may be used for ``group``."""
    if key.groups and group not in key.groups:
        allowed = ", ".join(key.groups)
        raise Denied("key.not_permitted", f"this key may {allowed}, not {group.value}; use one that may")


def check_is_on(application: Application) -> None:
    """Raise ``Conflict("application.off")`` for an application that takes nothing in."""
    if application.status != ON:
        raise Conflict(
            "application.off",
            f"application {application.sub_app_id} is switched off; switch it on with ModifySubAppIdStatus",
        )


def region_for(tables: AccessTables, requested: str) -> StorageRegion:
    """Return the enabled region named, or the default one when none is named."""
    for region in tables.regions():
        if region.name == requested or (not requested and region.is_default):
            if not region.enabled:
                break
            return region
    known = ", ".join(r.name for r in tables.regions() if r.enabled)
    raise Invalid("region.not_enabled", f"storageRegion {requested!r} is not enabled; enabled are: {known}")


def ensure_defaults(tables: AccessTables, now: float) -> None:
    """Create the main application and the default region on a new database."""
    if tables.application(MAIN_APPLICATION_ID) is not None and tables.regions():
        return
    tables.alone()
    if tables.application(MAIN_APPLICATION_ID) is None:
        tables.put_application(Application(MAIN_APPLICATION_ID, "main", now))
    if not tables.regions():
        tables.put_region(StorageRegion(DEFAULT_REGION, enabled=True, is_default=True))


class AccessService:
    """Administration of applications, keys, regions and categories."""

    def __init__(self, uow: UnitOfWork[AccessTx], box: SecretBox, clock: Clock, entropy: Entropy) -> None:
        self._uow = OneAtATime(uow, lambda tx: tx.access.alone())
        self._box = box
        self._clock = clock
        self._entropy = entropy

    async def create_application(self, name: str, description: str = "") -> Application:
        """Create an application; ``name`` 1 to 40 characters, ``description`` at most 300."""
        _check_application(name, description)

        def work(tx: AccessTx) -> Application:
            newest = max(a.sub_app_id for a in tx.access.applications())
            application = Application(newest + 1, name, self._clock.now(), description)
            tx.access.put_application(application)
            return application

        return await self._uow.write(work)

    async def applications(self) -> Sequence[Application]:
        """List all applications."""
        return await self._uow.read(lambda tx: tx.access.applications())

    async def application(self, sub_app_id: int) -> Application:
        """Return an application (0: the main one)."""
        return await self._uow.read(lambda tx: _application(tx, sub_app_id))

    async def modify_application(
        self, sub_app_id: int, *, name: str | None = None, description: str | None = None
    ) -> None:
        """Change what is given."""

        def work(tx: AccessTx) -> None:
            found = _application(tx, sub_app_id)
            changed = replace(
                found,
                name=found.name if name is None else name,
                description=found.description if description is None else description,
            )
            _check_application(changed.name, changed.description)
            tx.access.put_application(changed)

        await self._uow.write(work)

    async def switch_application(self, sub_app_id: int, status: str) -> None:
        """Switch an application ``On`` or ``Off``; the main one stays on."""
        if status not in (ON, OFF):
            raise Invalid("application.status", f"the status must be {ON} or {OFF}")
        if status == OFF and main_application_id(sub_app_id) == MAIN_APPLICATION_ID:
            raise Conflict("application.main", "the main application cannot be switched off")
        await self._uow.write(
            lambda tx: tx.access.put_application(replace(_application(tx, sub_app_id), status=status))
        )

    async def create_key(self, sub_app_id: int = 0, note: str = "", groups: Sequence[Group] = ()) -> IssuedKey:
        """Create a key pair for ``groups`` (none: everything); the secret is returned here and never again."""
        secret_id = "AKID" + new_alphanumeric(self._entropy, 32)
        secret_key = new_alphanumeric(self._entropy, 40)
        wanted = main_application_id(sub_app_id)
        sealed = self._box.seal(secret_key, secret_id)

        def work(tx: AccessTx) -> None:
            _application(tx, wanted)
            tx.access.put_key_pair(KeyPair(secret_id, wanted, sealed, True, self._clock.now(), note, tuple(groups)))

        await self._uow.write(work)
        return IssuedKey(secret_id, secret_key, wanted)

    async def console_key(self) -> KeyPair:
        """Return the key by which people who are signed in act; it is made when it is needed first."""
        found = await self._uow.read(_console_key)
        return found if found is not None else await self._uow.write(self._made_console_key)

    def _made_console_key(self, tx: AccessTx) -> KeyPair:
        if found := _console_key(tx):
            return found
        secret_id, now = "AKID" + new_alphanumeric(self._entropy, 32), self._clock.now()
        sealed = self._box.seal(new_alphanumeric(self._entropy, 40), secret_id)
        made = KeyPair(secret_id, MAIN_APPLICATION_ID, sealed, True, now, CONSOLE_NOTE)
        tx.access.put_key_pair(made)
        parameters = json.dumps({"note": CONSOLE_NOTE, "secretId": secret_id})
        tx.access.add_audit_entry(
            AuditEntry(now, secret_id, MAIN_APPLICATION_ID, "CreateConsoleKey", parameters, "", "", "")
        )
        return made

    def secret_of(self, key: KeyPair) -> str:
        """Return a key's secret, for signing with it here."""
        return self._box.open(key.sealed_secret, key.secret_id)

    async def keys(self) -> Sequence[KeyPair]:
        """List all key pairs (sealed)."""
        return await self._uow.read(lambda tx: tx.access.key_pairs())

    async def key(self, secret_id: str) -> KeyPair:
        """Return one key pair (sealed)."""
        return await self._uow.read(lambda tx: _key(tx, secret_id))

    async def set_key_enabled(self, secret_id: str, enabled: bool) -> None:
        """Enable or disable a key pair."""
        await self._uow.write(lambda tx: tx.access.put_key_pair(replace(_key(tx, secret_id), enabled=enabled)))

    async def set_key_groups(self, secret_id: str, groups: Sequence[Group]) -> None:
        """Limit what a key pair may be used for; none: everything."""
        await self._uow.write(lambda tx: tx.access.put_key_pair(replace(_key(tx, secret_id), groups=tuple(groups))))

    async def delete_key(self, secret_id: str) -> None:
        """Delete a disabled key pair; an enabled one is refused, so that nothing in use vanishes by a slip."""

        def work(tx: AccessTx) -> None:
            if _key(tx, secret_id).enabled:
                raise Conflict("key.enabled", f"key {secret_id!r} is enabled; disable it first, then delete it")
            tx.access.delete_key_pair(secret_id)

        await self._uow.write(work)

    async def regions(self) -> Sequence[StorageRegion]:
        """List the storage regions."""
        return await self._uow.read(lambda tx: tx.access.regions())

    async def enable_region(self, name: str, *, default: bool = False) -> None:
        """Enable a storage region, and make it the default if asked."""
        if not name or not set(name) <= _REGION_ALPHABET:
            raise Invalid("region.name", f"region {name!r} must consist of a-z, 0-9 and '-', like 'ap-chongqing'")

        def work(tx: AccessTx) -> None:
            existing = {r.name: r for r in tx.access.regions()}
            if default:
                for region in existing.values():
                    tx.access.put_region(replace(region, is_default=False))
            was_default = name in existing and existing[name].is_default
            tx.access.put_region(StorageRegion(name, enabled=True, is_default=default or was_default))

        await self._uow.write(work)

    async def open_region(self, name: str) -> None:
        """Enable one of the wire's regions; ``Invalid("region.not_enabled")`` names those that there are."""
        if name not in REGION_SHORT_NAMES and name not in {region.name for region in await self.regions()}:
            known = ", ".join(sorted(REGION_SHORT_NAMES))
            raise Invalid("region.not_enabled", f"StorageRegion {name[:40]!r} is unknown; known are: {known}")
        await self.enable_region(name)

    async def make_default_region(self, name: str) -> None:
        """Make an enabled region the default one."""
        await self._uow.read(lambda tx: region_for(tx.access, name or "?"))
        await self.enable_region(name, default=True)

    async def disable_region(self, name: str) -> None:
        """Disable a storage region; the default one is refused."""

        def work(tx: AccessTx) -> None:
            region = next((r for r in tx.access.regions() if r.name == name), None)
            if region is None:
                raise NotFound("region.unknown", f"region {name!r} is not known; list them with 'openvod regions list'")
            if region.is_default:
                raise Conflict("region.default", f"region {name!r} is the default; make another one the default first")
            tx.access.put_region(replace(region, enabled=False))

        await self._uow.write(work)


def _console_key(tx: AccessTx) -> KeyPair | None:
    return next((key for key in tx.access.key_pairs() if key.note == CONSOLE_NOTE), None)


def _check_application(name: str, description: str) -> None:
    if not 1 <= len(name) <= 40:
        raise Invalid("application.name", "the application's name must have 1 to 40 characters", field="Name")
    if len(description) > 300:
        raise Invalid(
            "application.description",
            "the application's description must have at most 300 characters",
            field="Description",
        )


def _application(tx: AccessTx, sub_app_id: int) -> Application:
    found = tx.access.application(main_application_id(sub_app_id))
    if found is None:
        raise NotFound("application.unknown", f"SubAppId {sub_app_id} does not exist; see 'openvod apps list'")
    return found


def _key(tx: AccessTx, secret_id: str) -> KeyPair:
    found = tx.access.key_pair(secret_id)
    if found is None:
        raise NotFound("key.unknown", f"secretId {secret_id!r} does not exist; list keys with 'openvod keys list'")
    return found
