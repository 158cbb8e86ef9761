"""Storage regions and applications (``procedures-and-api.md`` 6.5, 6.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from openvod.access.distribution import DistributionService
from openvod.access.model import MAIN_APPLICATION_ID, REGION_SHORT_NAMES, Application, StorageRegion
from openvod.access.service import AccessService
from openvod.base.errors import Invalid
from openvod.events.codec import iso_time
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Nothing, Offset, Request, Role, TotalCount

_Region = Annotated[str, Field(min_length=1, max_length=40, description="A region, such as ap-chongqing.")]
_Description = Annotated[str, Field(max_length=300, description="Remark.")]
_TextName = Annotated[str, Field(min_length=1, max_length=40, description="Its name.")]
_MAX_SUB_APP_IDS = 200


class NamedRegion(Request):
    """Parameters of CreateStorageRegion and ModifyDefaultStorageRegion."""

    storage_region: _Region


class Tag(Request):
    """A tag of an application, accepted from old callers and not kept."""

    tag_key: str = Field("", description="Name.")
    tag_value: str = Field("", description="Value.")


class CreateSubAppId(Request):
    """Parameters of CreateSubAppId."""

    name: _TextName
    description: _Description = ""
    type: Literal["AllInOne"] = Field("AllInOne", description="The only edition that there is.")
    mode: Literal["fileid"] = Field("fileid", description="How files are named: by FileId.")
    storage_region: str = Field("", description="An enabled region; regions belong to the installation.")
    tags: tuple[Tag, ...] = Field((), max_length=50, description="Accepted, and not kept.")


class DescribeSubAppIds(Request):
    """Parameters of DescribeSubAppIds."""

    name: str = Field("", max_length=40, description="Only the one of this name.")
    tags: tuple[Tag, ...] = Field((), max_length=50, description="Matches none: tags are not kept.")
    offset: Offset = 0
    limit: Annotated[int, Field(ge=1, le=_MAX_SUB_APP_IDS, description="How many at most.")] = _MAX_SUB_APP_IDS


class ModifySubAppIdInfo(Request):
    """Parameters of ModifySubAppIdInfo."""

    sub_app_id: int = Field(ge=1, description="The application to change.")
    name: _TextName | None = None
    description: _Description | None = None


class ModifySubAppIdStatus(Request):
    """Parameters of ModifySubAppIdStatus."""

    sub_app_id: int = Field(ge=1, description="The application to switch.")
    status: Literal["On", "Off", "Destroyed"] = Field(description="On or Off; nothing is destroyed by a call.")


class RegionInfo(TypedDict):
    """A storage region."""

    Region: str
    Description: str
    Status: str
    IsDefault: bool
    Area: str


class StorageRegions(TypedDict):
    """The answer of DescribeStorageRegions."""

    StorageRegionInfos: Annotated[
        list[RegionInfo], Field(description="Region, Description, Status opened|unopened, IsDefault, Area")
    ]


class CreatedSubAppId(TypedDict):
    """The answer of CreateSubAppId."""

    SubAppId: Annotated[int, Field(description="its id")]


class SubAppInfo(TypedDict):
    """An application."""

    SubAppId: int
    SubAppIdName: str
    Name: str
    Description: str
    CreateTime: str
    Status: str
    Mode: str
    StorageRegions: list[str]
    Tags: list[dict[str, Any]]


class SubAppIds(TypedDict):
    """The answer of DescribeSubAppIds."""

    TotalCount: TotalCount
    SubAppIdInfoSet: Annotated[
        list[SubAppInfo],
        Field(description="SubAppId, SubAppIdName, Name, Description, CreateTime, Status, Mode, StorageRegions, Tags"),
    ]


@dataclass(frozen=True)
class InstallationServices:
    """What the actions of applications, regions and domains call; ``own_scheme`` is that of the public URL."""

    access: AccessService
    distribution: DistributionService
    own_scheme: str


class RegionActions:
    """Carries the actions of regions out."""

    def __init__(self, access: AccessService) -> None:
        self._access = access

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        errors = ("InvalidParameterValue.StorageRegion", "ResourceNotFound", "InvalidParameter")
        return (
            Action(
                "DescribeStorageRegions", "List storage regions.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED, Request,
                StorageRegions, self._describe,
            ),
            Action(
                "CreateStorageRegion", "Enable a storage region.", Group.MANAGE, Role.ADMIN, Audit.LOGGED, NamedRegion,
                Nothing, self._create, errors, installation=True,
            ),
            Action(
                "ModifyDefaultStorageRegion", "Make an enabled region the default one.", Group.MANAGE, Role.ADMIN,
                Audit.LOGGED, NamedRegion, Nothing, self._make_default, errors, installation=True,
            ),
        )  # fmt: skip

    async def _describe(self, _: Caller, __: Request) -> StorageRegions:
        stored = {region.name: region for region in await self._access.regions()}
        names = sorted(stored.keys() | REGION_SHORT_NAMES.keys())
        listed = [stored.get(name) or StorageRegion(name, enabled=False, is_default=False) for name in names]
        return {"StorageRegionInfos": [_region_row(region) for region in listed]}

    async def _create(self, _: Caller, asked: NamedRegion) -> Nothing:
        await self._access.open_region(asked.storage_region)
        return {}

    async def _make_default(self, _: Caller, asked: NamedRegion) -> Nothing:
        await self._access.make_default_region(asked.storage_region)
        return {}


class ApplicationActions:
    """Carries the actions of applications out."""

    def __init__(self, access: AccessService) -> None:
        self._access = access

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        main = {"application.main": "FailedOperation"}
        return (
            Action(
                "CreateSubAppId", "Create an application.", Group.MANAGE, Role.ADMIN, Audit.LOGGED, CreateSubAppId,
                CreatedSubAppId, self._create,
                ("InvalidParameterValue.Name", "InvalidParameterValue.Description", "LimitExceeded"),
                installation=True,
            ),
            Action(
                "DescribeSubAppIds", "List the applications that the key may act for.", Group.READ, Role.VIEWER,
                Audit.NOT_LOGGED, DescribeSubAppIds, SubAppIds, self._describe,
                ("ResourceNotFound",),
            ),
            Action(
                "ModifySubAppIdInfo", "Rename or describe an application.", Group.MANAGE, Role.ADMIN, Audit.LOGGED,
                ModifySubAppIdInfo, Nothing, self._modify,
                ("InvalidParameterValue.SubAppId", "InvalidParameterValue.Name", "InvalidParameterValue.Description"),
            ),
            Action(
                "ModifySubAppIdStatus", "Switch an application on or off.", Group.MANAGE, Role.ADMIN, Audit.LOGGED,
                ModifySubAppIdStatus, Nothing, self._switch, ("InvalidParameterValue.SubAppId",
                "FailedOperation"), main, installation=True, ),
        )  # fmt: skip

    async def _create(self, _: Caller, asked: CreateSubAppId) -> CreatedSubAppId:
        if asked.storage_region and asked.storage_region not in await self._enabled_regions():
            raise Invalid(
                "region.not_enabled", f"StorageRegion {asked.storage_region[:40]!r} is not enabled; leave it out"
            )
        created = await self._access.create_application(asked.name, asked.description)
        return {"SubAppId": created.sub_app_id}

    async def _describe(self, caller: Caller, asked: DescribeSubAppIds) -> SubAppIds:
        mine = [each for each in await self._access.applications() if _may_see(caller, each)]
        found = [each for each in mine if asked.name in ("", each.name) and not asked.tags]
        regions = await self._enabled_regions()
        page = found[asked.offset : asked.offset + asked.limit]
        return {"TotalCount": len(found), "SubAppIdInfoSet": [_application_row(each, regions) for each in page]}

    async def _modify(self, caller: Caller, asked: ModifySubAppIdInfo) -> Nothing:
        await self._access.modify_application(caller.sub_app_id, name=asked.name, description=asked.description)
        return {}

    async def _switch(self, caller: Caller, asked: ModifySubAppIdStatus) -> Nothing:
        if asked.status == "Destroyed":
            raise Invalid("api.unsupported", "applications are not destroyed by a call; switch it Off")
        await self._access.switch_application(caller.sub_app_id, asked.status)
        return {}

    async def _enabled_regions(self) -> Sequence[str]:
        return [region.name for region in await self._access.regions() if region.enabled]


def _may_see(caller: Caller, application: Application) -> bool:
    return caller.key.sub_app_id in (MAIN_APPLICATION_ID, application.sub_app_id)


def _region_row(region: StorageRegion) -> RegionInfo:
    return {
        "Region": region.name,
        "Description": region.name,
        "Status": "opened" if region.enabled else "unopened",
        "IsDefault": region.is_default,
        "Area": "Chinese Mainland" if region.is_on_the_mainland else "Outside Chinese Mainland",
    }


def _application_row(application: Application, regions: Sequence[str]) -> SubAppInfo:
    return {
        "SubAppId": application.sub_app_id,
        "SubAppIdName": application.name,
        "Name": application.name,
        "Description": application.description,
        "CreateTime": iso_time(application.created_at),
        "Status": application.status,
        "Mode": "fileid",
        "StorageRegions": list(regions),
        "Tags": [],
    }
