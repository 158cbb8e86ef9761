"""What is read before it is created is created once, whoever comes first: in the services, and in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from openvod.access.account_model import Role
from openvod.access.accounts import AccountService
from openvod.access.categories import TOP, CategoryService
from openvod.access.distribution import DistributionService
from openvod.access.model import MAIN_APPLICATION_ID, Category, Group, KeyPair, StorageRegion
from openvod.access.service import AccessService, ensure_defaults
from openvod.adapters.sql.database import Database, Transaction
from openvod.adapters.system import SystemEntropy
from openvod.base.errors import Conflict, Denied, NotFound, OpenVodError
from openvod.events.endpoints import EndpointOptions, EndpointService
from openvod.events.model import PayloadFormat
from openvod.kinds.names import TemplateKind
from openvod.tasks.service import TaskService
from support.events import ManualClock, PlainBox
from support.server import run_async

_MANY = 6


class NoGuard:
    """Lets every address pass."""

    async def check(self, url: str) -> None:
        """Pass."""


class QuickPasswords:
    """Costs nothing."""

    async def hash(self, password: str) -> str:
        """Return a text."""
        return f"hash of {password}"

    async def verify(self, password: str, known: str) -> bool:
        """Compare."""
        return known == f"hash of {password}"


class Site:
    """Every administrative service over one database."""

    def __init__(self, database: Database) -> None:
        self.database, clock, entropy, box = database, ManualClock(), SystemEntropy(), PlainBox()
        run_async(database.write(lambda tx: ensure_defaults(tx.access, 1.0)))
        self.access = AccessService(database, box, clock, entropy)
        self.categories = CategoryService(database)
        self.distribution = DistributionService(database, box, clock, entropy, own_name="vod.example.test")
        self.accounts = AccountService(database, QuickPasswords(), clock, entropy)
        self.endpoints = EndpointService(database, NoGuard(), box, clock, entropy)
        self.tasks = TaskService(database, clock, entropy)

    def at_once(self, *calls: Callable[[], Awaitable[Any]]) -> list[Any]:
        """Make calls at the same moment; return values and errors in their order."""

        async def race() -> list[Any]:
            return await asyncio.gather(*[call() for call in calls], return_exceptions=True)

        told = run_async(race())
        assert all(not isinstance(each, Exception) or isinstance(each, OpenVodError) for each in told), told
        return told

    def rows(self, read: Callable[[Transaction], Any]) -> Any:
        """Return rows."""
        return run_async(self.database.read(read))


@pytest.fixture
def site(database: Database) -> Site:
    """A site with the defaults."""
    return Site(database)


def test_the_console_has_one_key(site: Site) -> None:
    """Whoever signs in first makes the console's key, once; the audit log tells of it."""
    keys = site.at_once(*[site.access.console_key] * _MANY)
    assert len({key.secret_id for key in keys}) == 1
    assert len(site.rows(lambda tx: tx.access.key_pairs())) == 1
    entries = site.rows(lambda tx: tx.access.audit_entries(0, 10))
    assert [(entry.action, keys[0].secret_id in entry.parameters) for _, entry in entries] == [
        ("CreateConsoleKey", True)
    ]


def test_applications_do_not_replace_each_other(site: Site) -> None:
    """Applications that are created at the same moment are as many afterwards."""
    names = [f"app {number}" for number in range(_MANY)]
    made = site.at_once(*[lambda name=name: site.access.create_application(name) for name in names])
    assert len({each.sub_app_id for each in made}) == _MANY
    assert {each.name for each in site.rows(lambda tx: tx.access.applications())} == {"main", *names}


def test_there_is_one_default_region(site: Site) -> None:
    """Of regions that are made the default at the same moment one is."""
    names = [f"ap-test-{number}" for number in range(_MANY)]
    site.at_once(*[lambda name=name: site.access.enable_region(name, default=True) for name in names])
    assert sum(each.is_default for each in site.rows(lambda tx: tx.access.regions())) == 1


def test_changes_of_one_key_do_not_undo_each_other(site: Site) -> None:
    """Two people who change different things of a key both succeed."""
    key = run_async(site.access.create_key())
    for enabled in (False, True) * 3:
        groups = [Group.READ] if enabled else [Group.UPLOAD]
        site.at_once(
            partial(site.access.set_key_enabled, key.secret_id, enabled),
            partial(site.access.set_key_groups, key.secret_id, groups),
        )
        found = run_async(site.access.key(key.secret_id))
        assert (found.enabled, list(found.groups)) == (enabled, groups)


def test_a_category_is_created_once(site: Site) -> None:
    """Of categories with one name in one place the first is made, the others are refused."""
    told = site.at_once(*[lambda: site.categories.create(MAIN_APPLICATION_ID, "films", TOP)] * _MANY)
    assert sum(isinstance(each, Category) for each in told) == 1
    assert {each.code for each in told if isinstance(each, Conflict)} == {"category.duplicate"}


def test_a_play_key_is_made_once(site: Site) -> None:
    """Everybody who asks for an application's play key gets the one that stays."""
    told = site.at_once(*[lambda: site.distribution.distribution(MAIN_APPLICATION_ID)] * _MANY)
    assert len({play_key for _, play_key in told}) == 1


def test_a_name_is_taken_once(site: Site) -> None:
    """Of invitations that are taken up under one name one succeeds."""
    invites = [run_async(site.accounts.invite(Role.ADMIN, by="a test"))[0] for _ in range(_MANY)]
    password = "a long enough password"
    told = site.at_once(*[lambda secret=secret: site.accounts.accept(secret, "anna", password) for secret in invites])
    assert sum(not isinstance(each, Exception) for each in told) == 1
    assert {each.code for each in told if isinstance(each, Conflict | Denied)} == {"account.exists"}


def test_somebody_stays_admin(site: Site) -> None:
    """Two admins who lock each other out at the same moment do not both succeed."""
    for name in ("anna", "bert"):
        secret, _ = run_async(site.accounts.invite(Role.ADMIN, by="a test"))
        run_async(site.accounts.accept(secret, name, "a long enough password"))
    told = site.at_once(
        lambda: site.accounts.set_enabled("anna", False), lambda: site.accounts.set_role("bert", Role.VIEWER)
    )
    assert [each.code for each in told if isinstance(each, OpenVodError)] == ["account.last_admin"]


def test_an_endpoint_is_added_once(site: Site) -> None:
    """Of endpoints with one name the first is added, the others are refused; the default one is made once."""
    options = EndpointOptions(PayloadFormat.CURRENT)
    add = [lambda: site.endpoints.add(MAIN_APPLICATION_ID, "crm", "http://127.0.0.1:9/", options)] * _MANY
    told = site.at_once(*add)
    assert sum(not isinstance(each, Exception) for each in told) == 1
    site.at_once(*[lambda: site.endpoints.set_url(MAIN_APPLICATION_ID, "http://127.0.0.1:9/")] * _MANY)
    assert len(site.rows(lambda tx: tx.endpoints.endpoints())) == 2


def test_templates_get_numbers_of_their_own(site: Site) -> None:
    """Templates that are created at the same moment are as many afterwards."""
    body = {"Container": "mp4", "RemoveAudio": 1, "VideoTemplate": {"Codec": "libx264", "Fps": 0, "Bitrate": 0}}
    told = site.at_once(*[lambda: site.tasks.create_template(1, TemplateKind.TRANSCODE, body)] * _MANY)
    assert len({each.definition for each in told}) == _MANY


def test_a_task_is_shown(site: Site) -> None:
    """Reading needs no lock, which a reading transaction could not have."""
    with pytest.raises(NotFound, match="task"):
        run_async(site.tasks.show("none"))


@pytest.mark.parametrize(
    "put",
    [
        lambda tx: tx.access.put_key_pair(KeyPair(f"AKID{tx.n()}", 1, b"", True, 1.0, "console")),
        lambda tx: tx.access.put_region(StorageRegion(f"ap-{tx.n()}", enabled=True, is_default=True)),
        lambda tx: tx.access.put_category(Category(100 + tx.n(), 1, "films", TOP)),
    ],
    ids=["the console's key", "the default region", "a category's name"],
)
def test_the_database_knows_it_too(site: Site, put: Callable[[Any], None]) -> None:
    """Whatever code would write it twice, the database refuses the second."""

    class Numbered:
        def __init__(self, tx: Transaction, number: int) -> None:
            self.access = tx.access
            self.n = lambda: number

    def twice(tx: Transaction) -> None:
        for number in range(2):
            put(Numbered(tx, number))

    with pytest.raises((IntegrityError, OpenVodError)):
        run_async(site.database.write(twice))
