"""Applications, key pairs, storage regions and categories as values."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Application:
    """One tenant. ``status`` is ``On`` or ``Off``."""

    sub_app_id: int
    name: str
    created_at: float
    description: str = ""
    status: str = "On"


@dataclass(frozen=True)
class KeyPair:
    """A key pair. ``sealed_secret`` is the secret encrypted under the installation's root key.

    ``groups`` are what it may do (``sign``, or a group of API actions); empty means everything.
    """

    secret_id: str
    sub_app_id: int
    sealed_secret: bytes
    enabled: bool
    created_at: float
    note: str = ""
    groups: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class Category:
    """A media category (``classId``); 0 is the built-in one that needs no row. ``parent_id`` −1: at the top."""

    class_id: int
    sub_app_id: int
    name: str
    parent_id: int
