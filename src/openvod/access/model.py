"""Applications, key pairs, storage regions, categories and domains as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The main application exists from the first start; ``vodSubAppId`` absent or 0 means it (``upload-protocol.md`` 1.1).
MAIN_APPLICATION_ID = 1_500_000_001
#: The number in every full bucket name (``cos-storage.md`` 1.1); fits an int32, which Android needs.
STORAGE_APP_ID = 1_250_000_000
DEFAULT_REGION = "ap-chongqing"
#: Old short names, which responses carry beside the new ones (``upload-protocol.md`` 2.3).
REGION_SHORT_NAMES = {
    "ap-chongqing": "cq",
    "ap-beijing": "bj",
    "ap-beijing-1": "tj",
    "ap-shanghai": "sh",
    "ap-guangzhou": "gz",
    "ap-nanjing": "nj",
    "ap-chengdu": "cd",
    "ap-hongkong": "hk",
    "ap-taipei": "tpe",
    "ap-singapore": "sgp",
    "ap-jakarta": "jkt",
    "ap-seoul": "kr",
    "ap-bangkok": "th",
    "ap-tokyo": "jp",
    "ap-mumbai": "in",
    "na-siliconvalley": "usw",
    "na-ashburn": "use",
    "na-toronto": "ca",
    "eu-frankfurt": "ger",
    "eu-moscow": "ru",
    "sa-saopaulo": "sao",
}


#: Places on the wire (``procedures-and-api.md`` 8) outside mainland China; all other known ones are inside.
_OUTSIDE_MAINLAND = frozenset(
    ("ap-hongkong", "ap-taipei", "ap-singapore", "ap-jakarta", "ap-seoul", "ap-bangkok", "ap-tokyo", "ap-mumbai")
)


class Group(StrEnum):
    """What a key may be used for: signing uploads, or a group of API actions."""

    SIGN = "sign"
    UPLOAD = "upload"
    READ = "read"
    EDIT = "edit"
    PROCESS = "process"
    EVENTS = "events"
    MANAGE = "manage"


ON, OFF = "On", "Off"


@dataclass(frozen=True)
class Application:
    """One tenant. ``status`` is ``On`` or ``Off``; an application that is off takes nothing in and plays nothing."""

    sub_app_id: int
    name: str
    created_at: float
    description: str = ""
    status: str = ON


@dataclass(frozen=True)
class KeyPair:
    """A key pair. ``sealed_secret`` is the secret encrypted under the installation's root key.

    ``groups`` are what it may be used for; empty means everything.
    """

    secret_id: str
    sub_app_id: int
    sealed_secret: bytes
    enabled: bool
    created_at: float
    note: str = ""
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True)
class StorageRegion:
    """A storage region; exactly one is the default."""

    name: str
    enabled: bool
    is_default: bool

    @property
    def short_name(self) -> str:
        """The old short region name; the first letters of each label where no table names one."""
        return REGION_SHORT_NAMES.get(self.name) or "".join(label[0] for label in self.name.split("-") if label)

    @property
    def is_on_the_mainland(self) -> bool:
        """Return the wire's ``Area``."""
        return self.name.startswith("ap-") and self.name not in _OUTSIDE_MAINLAND


@dataclass(frozen=True)
class AuditEntry:
    """Who did what: a call that changed something or was refused.

    ``parameters`` is JSON without secrets, cut; ``outcome`` the wire's error code, empty when it was carried out.
    """

    at: float
    secret_id: str
    sub_app_id: int
    action: str
    parameters: str
    outcome: str
    request_id: str
    address: str


@dataclass(frozen=True)
class Category:
    """A media category (``classId``); 0 is the built-in one that needs no row. ``parent_id`` −1: at the top."""

    class_id: int
    sub_app_id: int
    name: str
    parent_id: int


@dataclass(frozen=True)
class RefererPolicy:
    """Which pages may show media: an allow list or a block list of referers without scheme."""

    enabled: bool = False
    allow_listed: bool = False
    referers: tuple[str, ...] = ()
    blank_allowed: bool = True


@dataclass(frozen=True)
class AddressPolicy:
    """From where media may be played: an allow list or a block list of addresses and networks."""

    enabled: bool = False
    allow_listed: bool = False
    networks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkPolicy:
    """Whether links must be signed. The keys are encrypted under the installation's root key.

    Links of either key open; the second makes it possible to change the first while links of it are about.
    """

    enabled: bool = False
    sealed_key: bytes = b""
    sealed_backup_key: bytes = b""


@dataclass(frozen=True)
class Domain:
    """A host name under which an application's media is played."""

    sub_app_id: int
    name: str
    created_at: float
    referers: RefererPolicy = RefererPolicy()
    addresses: AddressPolicy = AddressPolicy()
    links: LinkPolicy = LinkPolicy()


@dataclass(frozen=True)
class Distribution:
    """What an application's addresses begin with; empty texts: the installation's own.

    ``sealed_play_key`` signs player signatures (10.3), encrypted under the installation's root key.
    """

    sub_app_id: int
    domain: str = ""
    scheme: str = ""
    sealed_play_key: bytes = b""
