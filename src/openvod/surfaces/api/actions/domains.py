"""Domains, hotlink protection and the default distribution (``procedures-and-api.md`` 6.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from openvod.access.distribution import MOST_ADDRESSES, MOST_DOMAINS, MOST_REFERERS, DistributionService, PolicyChanges
from openvod.access.model import AddressPolicy, Domain, RefererPolicy
from openvod.base.wire import Wire
from openvod.events.codec import iso_time
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Nothing, Offset, Request, Role, TotalCount

_Status = Literal["Enabled", "Disabled"]
_ListKind = Literal["", "Black", "White"]
_Domain = Annotated[str, Field(min_length=1, max_length=253, description="A host name.")]
_CODES = {
    "domain.policy": "InvalidParameter",
    "domain.name": "InvalidParameterValue.Domain",
    "domain.exists": "InvalidParameterValue.Domain",
    "domain.in_use": "FailedOperation",
    "domain.quota": "LimitExceeded",
    "domain.unknown": "ResourceNotFound",
}


class RefererAuthPolicy(Wire):
    """Which pages may show the media."""

    status: _Status = Field(description="Enabled or Disabled.")
    auth_type: _ListKind = Field("", description="Whether the list allows (White) or blocks (Black).")
    referers: tuple[str, ...] = Field((), max_length=MOST_REFERERS, description="example.com, *.example.com, a.com/p.")
    blank_referer_allowed: Literal["", "Yes", "No"] = Field("", description="Whether requests without one are served.")


class UrlSignatureAuthPolicy(Wire):
    """Whether links must be signed with the KEY."""

    status: _Status = Field(description="Enabled or Disabled.")
    encrypted_key: str = Field("", max_length=40, description="The KEY, 8 to 40 visible ASCII characters.")
    backup_encrypted_key: str | None = Field(
        None, max_length=40, description="A second KEY whose links open too, while one replaces the other; empty: none."
    )


class IPFilterPolicy(Wire):
    """From which addresses the media may be played."""

    status: _Status = Field(description="Enabled or Disabled.")
    filter_type: _ListKind = Field("", description="Whether the list allows (White) or blocks (Black).")
    ip_list: tuple[str, ...] = Field(
        (), alias="IPList", max_length=MOST_ADDRESSES, description="Addresses and networks."
    )


class QUICConfig(Wire):
    """Accepted from the SDKs and ignored; QUIC is the task of a proxy in front of the platform."""

    status: _Status = Field("Disabled", description="Only Disabled is offered.")


class DescribeVodDomains(Request):
    """Parameters of DescribeVodDomains."""

    domains: tuple[str, ...] = Field((), max_length=MOST_DOMAINS, description="Only those of these names.")
    offset: Offset = 0
    limit: Annotated[int, Field(ge=1, le=MOST_DOMAINS, description="How many at most.")] = MOST_DOMAINS


class ModifyVodDomainConfig(Request):
    """Parameters of ModifyVodDomainConfig; what is absent stays."""

    domain: _Domain
    referer_auth_policy: RefererAuthPolicy | None = None
    url_signature_auth_policy: UrlSignatureAuthPolicy | None = None
    ip_filter_policy: IPFilterPolicy | None = Field(None, alias="IPFilterPolicy")
    quic_config: QUICConfig | None = Field(None, alias="QUICConfig")


class CreateVodDomain(Request):
    """Parameters of CreateVodDomain."""

    domain: _Domain
    accelerate_area: str = Field("", description="Accepted; the platform is where it is.")
    type: Literal["", "VOD"] = Field("", description="The only type that there is.")


class DeleteVodDomain(Request):
    """Parameters of DeleteVodDomain."""

    domain: _Domain


class ModifyDefaultDistributionConfig(Request):
    """Parameters of ModifyDefaultDistributionConfig; what is absent stays."""

    domain: str = Field("", max_length=253, description="Domain that media addresses name from now on.")
    scheme: Literal["", "HTTP", "HTTPS"] = Field("", description="Scheme of media addresses.")
    play_key: str = Field("", max_length=20, description="Key of player signatures, 8 to 20 letters and digits.")


class UrlSignatureAuthPolicyInfo(TypedDict):
    """Whether links must be signed, and with which keys."""

    Status: str
    EncryptedKey: str
    BackupEncryptedKey: str


class RefererAuthPolicyInfo(TypedDict):
    """Which pages may show the media."""

    Status: str
    AuthType: str
    Referers: list[str]
    BlankRefererAllowed: str


class IPFilterPolicyInfo(TypedDict):
    """From which addresses the media may be played."""

    Status: str
    FilterType: str
    IPList: list[str]


class QUICConfigInfo(TypedDict):
    """Whether the domain speaks QUIC."""

    Status: str


class DomainInfo(TypedDict):
    """A domain with its protection."""

    Domain: str
    AccelerateAreaInfos: list[dict[str, Any]]
    DeployStatus: str
    HTTPSConfig: dict[str, Any] | None
    UrlSignatureAuthPolicy: UrlSignatureAuthPolicyInfo
    RefererAuthPolicy: RefererAuthPolicyInfo
    CreateTime: str
    QUICConfig: QUICConfigInfo
    IPFilterPolicy: IPFilterPolicyInfo
    Type: str


class Domains(TypedDict):
    """The answer of DescribeVodDomains."""

    TotalCount: TotalCount
    DomainSet: Annotated[
        list[DomainInfo],
        Field(description="Domain, DeployStatus, RefererAuthPolicy, UrlSignatureAuthPolicy, IPFilterPolicy, …"),
    ]


class DefaultDistribution(TypedDict):
    """The answer of DescribeDefaultDistributionConfig."""

    Domain: Annotated[str, Field(description="host name")]
    Scheme: Annotated[str, Field(description="HTTP or HTTPS")]
    PlayKey: Annotated[str, Field(description="key of player signatures")]
    DomainName: Annotated[str, Field(description="the same as Domain")]


class DomainActions:
    """Carries the actions out."""

    def __init__(self, distribution: DistributionService, own_scheme: str) -> None:
        self._distribution = distribution
        self._own_scheme = own_scheme.upper()

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        bad_domain = ("InvalidParameterValue.Domain", "ResourceNotFound")
        return (
            Action(
                "DescribeVodDomains", "List an application's domains with their protection.", Group.READ, Role.ADMIN,
                Audit.NOT_LOGGED, DescribeVodDomains, Domains, self._describe,
                ("InvalidParameterValue.Limit", "InvalidParameterValue.Offset"),
            ),
            Action(
                "ModifyVodDomainConfig", "Change a domain's protection; it takes effect within a second.",
                Group.MANAGE, Role.ADMIN, Audit.LOGGED, ModifyVodDomainConfig, Nothing, self._modify,
                ("InvalidParameter", *bad_domain), _CODES,
            ),
            Action(
                "CreateVodDomain", "Add a domain whose DNS leads here.", Group.MANAGE, Role.ADMIN, Audit.LOGGED,
                CreateVodDomain, Nothing, self._create, (*bad_domain, "LimitExceeded"), _CODES,
            ),
            Action(
                "DeleteVodDomain", "Remove a domain with its protection.", Group.MANAGE, Role.ADMIN, Audit.LOGGED,
                DeleteVodDomain, Nothing, self._delete, (*bad_domain, "FailedOperation"), _CODES,
            ),
            Action(
                "DescribeDefaultDistributionConfig", "Tell what media addresses begin with.", Group.READ, Role.ADMIN,
                Audit.NOT_LOGGED, Request, DefaultDistribution, self._describe_default, ("ResourceNotFound",),
            ),
            Action(
                "ModifyDefaultDistributionConfig", "Change what media addresses begin with.", Group.MANAGE,
                Role.ADMIN, Audit.LOGGED, ModifyDefaultDistributionConfig, Nothing, self._modify_default,
                (*bad_domain, "InvalidParameterValue.PlayKey"), _CODES | {
                    "domain.play_key": "InvalidParameterValue.PlayKey",
                },
            ),
        )  # fmt: skip

    async def _describe(self, caller: Caller, asked: DescribeVodDomains) -> Domains:
        listed = await self._distribution.domains(caller.sub_app_id)
        found = [each for each in listed if not asked.domains or each.name in asked.domains]
        page = found[asked.offset : asked.offset + asked.limit]
        return {"TotalCount": len(found), "DomainSet": [self._row(each) for each in page]}

    async def _modify(self, caller: Caller, asked: ModifyVodDomainConfig) -> Nothing:
        links = asked.url_signature_auth_policy
        changes = PolicyChanges(
            referers=_referers(asked.referer_auth_policy),
            addresses=_addresses(asked.ip_filter_policy),
            links_enabled=links.status == "Enabled" if links else None,
            link_key=links.encrypted_key if links else None,
            backup_key=links.backup_encrypted_key if links else None,
        )
        await self._distribution.modify(caller.sub_app_id, asked.domain, changes)
        return {}

    async def _create(self, caller: Caller, asked: CreateVodDomain) -> Nothing:
        await self._distribution.create(caller.sub_app_id, asked.domain)
        return {}

    async def _delete(self, caller: Caller, asked: DeleteVodDomain) -> Nothing:
        await self._distribution.delete(caller.sub_app_id, asked.domain)
        return {}

    async def _describe_default(self, caller: Caller, _: Request) -> DefaultDistribution:
        found, play_key = await self._distribution.distribution(caller.sub_app_id)
        name = found.domain or self._distribution.own_name
        return {"Domain": name, "Scheme": found.scheme or self._own_scheme, "PlayKey": play_key, "DomainName": name}

    async def _modify_default(self, caller: Caller, asked: ModifyDefaultDistributionConfig) -> Nothing:
        await self._distribution.modify_distribution(
            caller.sub_app_id, domain=asked.domain, scheme=asked.scheme, play_key=asked.play_key
        )
        return {}

    def _row(self, domain: Domain) -> DomainInfo:
        referers, addresses = domain.referers, domain.addresses
        link_key, backup_key = self._distribution.link_keys(domain)
        return {
            "Domain": domain.name,
            "AccelerateAreaInfos": [],
            "DeployStatus": "Online",
            "HTTPSConfig": None,
            "UrlSignatureAuthPolicy": {
                "Status": _status(domain.links.enabled),
                "EncryptedKey": link_key,
                "BackupEncryptedKey": backup_key,
            },
            "RefererAuthPolicy": {
                "Status": _status(referers.enabled),
                "AuthType": _list_kind(referers.allow_listed),
                "Referers": list(referers.referers),
                "BlankRefererAllowed": "Yes" if referers.blank_allowed else "No",
            },
            "CreateTime": iso_time(domain.created_at),
            "QUICConfig": {"Status": "Disabled"},
            "IPFilterPolicy": {
                "Status": _status(addresses.enabled),
                "FilterType": _list_kind(addresses.allow_listed),
                "IPList": list(addresses.networks),
            },
            "Type": "VOD",
        }


def _referers(policy: RefererAuthPolicy | None) -> RefererPolicy | None:
    if policy is None:
        return None
    allowed = policy.auth_type == "White"
    return RefererPolicy(policy.status == "Enabled", allowed, policy.referers, policy.blank_referer_allowed != "No")


def _addresses(policy: IPFilterPolicy | None) -> AddressPolicy | None:
    if policy is None:
        return None
    return AddressPolicy(policy.status == "Enabled", policy.filter_type == "White", policy.ip_list)


def _status(enabled: bool) -> str:
    return "Enabled" if enabled else "Disabled"


def _list_kind(allowed: bool) -> str:
    return "White" if allowed else "Black"
