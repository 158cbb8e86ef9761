"""Applications, keys, storage regions and upload signatures."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from openvod.access.model import OFF, ON, Application, Group, KeyPair
from openvod.access.service import CONSOLE_NOTE
from openvod.base.errors import Conflict
from openvod.signing import upload
from openvod.surfaces.console_api.audit import note
from openvod.surfaces.console_api.guard import Admin, Operator, Viewer
from openvod.surfaces.console_api.model import Done, Json
from openvod.surfaces.console_api.services import ConsoleServices, Services
from openvod.surfaces.console_api.text_route import TextRoute

router = APIRouter(route_class=TextRoute, prefix="/api/v1", tags=["applications"])
AppId = Annotated[int, Path(alias="subAppId", ge=0, lt=2**62)]
SecretId = Annotated[str, Path(alias="secretId", max_length=64)]
RegionName = Annotated[str, Path(max_length=40)]
_SIGNATURE_SECONDS = 3600


class ApplicationRow(Json):
    """An application; one that is off takes nothing in and plays nothing."""

    sub_app_id: int
    name: str
    description: str
    enabled: bool
    created_at: float


class Applications(Json):
    """All applications."""

    items: list[ApplicationRow]


class NewApplication(Json):
    """An application to make."""

    name: str = Field(description="1 to 40 characters.")
    description: str = ""


class ApplicationChange(Json):
    """What changes; null stays."""

    name: str | None = None
    description: str | None = None
    enabled: bool | None = None


class KeyRow(Json):
    """A key pair without its secret. ``groups``: its permissions; empty: all."""

    secret_id: str
    sub_app_id: int
    enabled: bool
    note: str
    groups: list[Group]
    created_at: float


class Keys(Json):
    """Key pairs."""

    items: list[KeyRow]


class NewKey(Json):
    """A key pair to make."""

    sub_app_id: int = 0
    note: str = Field("", max_length=100)
    groups: list[Group] = Field([], description="What it may be used for; none: everything.")


class IssuedKeyPair(Json):
    """A new key pair; ``secret_key`` is returned only here."""

    secret_id: str
    secret_key: str
    sub_app_id: int


class KeyChange(Json):
    """What changes; null stays."""

    enabled: bool | None = None
    groups: list[Group] | None = None


class RegionRow(Json):
    """A storage region; exactly one is the default."""

    name: str
    enabled: bool
    is_default: bool


class Regions(Json):
    """The storage regions that were ever enabled."""

    items: list[RegionRow]


class RegionChange(Json):
    """What changes; null stays."""

    enabled: bool | None = None
    is_default: bool | None = Field(None, description="true: new uploads go there unless they say otherwise.")


class SignatureRequest(Json):
    """What an upload from this browser may do."""

    sub_app_id: int = 0
    procedure: str = Field("", max_length=1000, description="Task flow to run, by name.")
    class_id: int = Field(0, ge=0, lt=2**31)
    storage_region: str = Field("", max_length=40)
    source_context: str = Field("", max_length=250)


class UploadSignature(Json):
    """A signature for the upload SDK's ``getSignature``."""

    signature: str
    expires_at: float


@router.get("/applications")
async def list_applications(_: Viewer, services: Services) -> Applications:
    """List all applications."""
    return Applications(items=[_application(each) for each in await services.installation.access.applications()])


@router.post("/applications")
async def create_application(asked: NewApplication, request: Request, who: Admin, services: Services) -> ApplicationRow:
    """Make an application."""
    made = await services.installation.access.create_application(asked.name, asked.description)
    await note(services, request, who, "console.CreateApplication", asked.model_dump(), made.sub_app_id)
    return _application(made)


@router.patch("/applications/{subAppId}")
async def change_application(
    app_id: AppId, asked: ApplicationChange, request: Request, who: Admin, services: Services
) -> ApplicationRow:
    """Rename an application, switch it on or off."""
    await services.installation.access.modify_application(app_id, name=asked.name, description=asked.description)
    if asked.enabled is not None:
        await services.installation.access.switch_application(app_id, ON if asked.enabled else OFF)
    changed = await services.installation.access.application(app_id)
    await note(services, request, who, "console.ChangeApplication", asked.model_dump(), changed.sub_app_id)
    return _application(changed)


@router.get("/keys")
async def list_keys(
    _: Admin, services: Services, sub_app_id: Annotated[int, Query(alias="subAppId", ge=0)] = 0
) -> Keys:
    """List key pairs, of one application or (0) of all."""
    found = [key for key in await services.installation.access.keys() if sub_app_id in (0, key.sub_app_id)]
    return Keys(items=[_key(key) for key in found])


@router.post("/keys")
async def create_key(asked: NewKey, request: Request, who: Admin, services: Services) -> IssuedKeyPair:
    """Make a key pair. Its secret is shown now and never again."""
    if asked.note == CONSOLE_NOTE:
        raise Conflict("key.note", f"note: {CONSOLE_NOTE!r} names the console's own key; choose another", field="note")
    made = await services.installation.access.create_key(asked.sub_app_id, asked.note, asked.groups)
    noted = {"secretId": made.secret_id, "groups": [group.value for group in asked.groups]}
    await note(services, request, who, "console.CreateKey", noted, made.sub_app_id)
    return IssuedKeyPair(secret_id=made.secret_id, secret_key=made.secret_key, sub_app_id=made.sub_app_id)


@router.patch("/keys/{secretId}")
async def change_key(secret_id: SecretId, asked: KeyChange, request: Request, who: Admin, services: Services) -> KeyRow:
    """Enable, disable or limit a key pair."""
    if asked.enabled is not None:
        await services.installation.access.set_key_enabled(secret_id, asked.enabled)
    if asked.groups is not None:
        await services.installation.access.set_key_groups(secret_id, asked.groups)
    changed = await services.installation.access.key(secret_id)
    noted = {"secretId": secret_id} | asked.model_dump(mode="json", by_alias=True)
    await note(services, request, who, "console.ChangeKey", noted, changed.sub_app_id)
    return _key(changed)


@router.delete("/keys/{secretId}")
async def delete_key(secret_id: SecretId, request: Request, who: Admin, services: Services) -> Done:
    """Delete a disabled key pair permanently."""
    await services.installation.access.delete_key(secret_id)
    await note(services, request, who, "console.DeleteKey", {"secretId": secret_id})
    return Done()


@router.get("/regions")
async def list_regions(_: Viewer, services: Services) -> Regions:
    """List storage regions."""
    return await _regions(services)


@router.put("/regions/{name}")
async def change_region(
    name: RegionName, asked: RegionChange, request: Request, who: Admin, services: Services
) -> Regions:
    """Enable or disable a storage region, or make it the default; what a disabled one holds stays."""
    if asked.enabled or (asked.is_default and asked.enabled is None):
        await services.installation.access.open_region(name)
    if asked.is_default:
        await services.installation.access.make_default_region(name)
    if asked.enabled is False:
        await services.installation.access.disable_region(name)
    await note(services, request, who, "console.ChangeRegion", {"name": name} | asked.model_dump(by_alias=True))
    return await _regions(services)


@router.post("/upload-signatures")
async def sign_upload(asked: SignatureRequest, request: Request, who: Operator, services: Services) -> UploadSignature:
    """Sign an upload from this browser, as an app server does for its users."""
    application = await services.installation.access.application(asked.sub_app_id)
    key = await services.installation.access.console_key()
    now = services.clock.now()
    parameters: Mapping[str, str | int] = {
        "secretId": key.secret_id,
        "currentTimeStamp": int(now),
        "expireTime": int(now) + _SIGNATURE_SECONDS,
        "random": secrets.randbits(32),
        "vodSubAppId": application.sub_app_id,
        "procedure": asked.procedure,
        "classId": asked.class_id,
        "storageRegion": asked.storage_region,
        "sourceContext": asked.source_context,
    }
    given = {name: value for name, value in parameters.items() if value != ""}
    noted = {"procedure": asked.procedure, "classId": asked.class_id}
    await note(services, request, who, "console.SignUpload", noted, application.sub_app_id)
    signature = upload.mint(given, services.installation.access.secret_of(key))
    return UploadSignature(signature=signature, expires_at=int(now) + _SIGNATURE_SECONDS)


async def _regions(services: ConsoleServices) -> Regions:
    found = await services.installation.access.regions()
    return Regions(items=[RegionRow(name=r.name, enabled=r.enabled, is_default=r.is_default) for r in found])


def _application(found: Application) -> ApplicationRow:
    return ApplicationRow(
        sub_app_id=found.sub_app_id, name=found.name, description=found.description, enabled=found.status == ON,
        created_at=found.created_at,
    )  # fmt: skip


def _key(key: KeyPair) -> KeyRow:
    return KeyRow(
        secret_id=key.secret_id, sub_app_id=key.sub_app_id, enabled=key.enabled, note=key.note,
        groups=list(key.groups), created_at=key.created_at,
    )  # fmt: skip
