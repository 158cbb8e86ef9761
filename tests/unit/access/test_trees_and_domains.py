"""Categories keep the shape of a tree; domains keep policies that can be held."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from openvod.access.categories import MAX_CHILDREN, CategoryService
from openvod.access.distribution import MOST_DOMAINS, DistributionService, PolicyChanges
from openvod.access.model import AddressPolicy, RefererPolicy
from openvod.adapters.sql.database import Database
from openvod.adapters.system import SystemEntropy
from support.events import ManualClock, PlainBox
from support.server import run_async

Refused = Callable[[Coroutine[Any, Any, Any]], str]


@pytest.fixture
def categories(database: Database) -> CategoryService:
    """The service."""
    return CategoryService(database)


@pytest.fixture
def domains(database: Database) -> DistributionService:
    """The service of an installation that is reached as ``vod.example.com``."""
    return DistributionService(database, PlainBox(), ManualClock(), SystemEntropy(), own_name="vod.example.com")


def test_a_tree_of_categories(categories: CategoryService, app: int, refused: Refused) -> None:
    """Four levels, different names beside each other, the built-in one unchanged, none deleted that holds others."""
    ids = [-1]
    for level in range(4):
        ids.append(run_async(categories.create(app, f"level {level}", ids[-1])).class_id)
    assert refused(categories.create(app, "too deep", ids[-1])) == "category.levels"
    assert refused(categories.create(app, "below the built-in one", 0)) == "category.levels"
    assert refused(categories.create(app, "level 0")) == "category.duplicate"
    assert refused(categories.create(app, "orphan", 99_999)) == "category.unknown"
    assert refused(categories.create(app, "n" * 65)) == refused(categories.rename(app, ids[1], "")) == "category.name"
    assert refused(categories.rename(app, 0, "mine")) == refused(categories.delete(app, 0)) == "category.built_in"
    assert refused(categories.delete(app, ids[1])) == "category.not_empty"
    run_async(categories.rename(app, ids[1], "top"))
    run_async(categories.delete(app, ids[4]))
    tree = run_async(categories.tree(app))
    assert [(each.category.name, each.level) for each in tree] == [
        ("其他", 0),
        ("top", 0),
        ("level 1", 1),
        ("level 2", 2),
    ]
    assert [each.children for each in tree] == [(), (ids[2],), (ids[3],), ()]


def test_categories_of_others_are_unknown(categories: CategoryService, app: int, refused: Refused) -> None:
    """An application neither sees nor changes what belongs to another."""
    mine = run_async(categories.create(app, "mine"))
    assert refused(categories.rename(app + 50_000, mine.class_id, "theirs")) == "category.unknown"
    assert [each.category.class_id for each in run_async(categories.tree(app + 50_000))] == [0]


def test_a_category_has_a_bounded_number_of_children(
    categories: CategoryService, app: int, database: Database, refused: Refused
) -> None:
    """One more than 500 is refused."""
    run_async(
        database.write(lambda tx: [tx.access.add_category(app, str(n), -1) for n in range(MAX_CHILDREN - 1)] and None)
    )
    assert refused(categories.create(app, "one more")) == "category.children"


def test_domains_of_an_application(domains: DistributionService, app: int, refused: Refused) -> None:
    """The installation's own name stands first and stays; the default domain stays while it is that."""
    run_async(domains.create(app, "media.example.org"))
    assert [each.name for each in run_async(domains.domains(app))] == ["vod.example.com", "media.example.org"]
    assert refused(domains.create(app, "media.example.org")) == "domain.exists"
    assert refused(domains.create(app, "vod.example.com")) == "domain.exists"
    run_async(domains.modify_distribution(app, domain="media.example.org", scheme="https", play_key=""))
    assert refused(domains.delete(app, "media.example.org")) == "domain.in_use"
    run_async(domains.modify_distribution(app, domain="vod.example.com", scheme="", play_key=""))
    found, _ = run_async(domains.distribution(app))
    assert (found.domain, found.scheme) == ("", "https")
    run_async(domains.delete(app, "media.example.org"))
    assert refused(domains.delete(app, "media.example.org")) == "domain.unknown"
    assert refused(domains.delete(app, "vod.example.com")) == "domain.in_use"


@pytest.mark.parametrize(
    "name", ["", "Upper.example", "http://a", "a:80", "a..b", "-a", "a-", "a" * 64, "a." * 127, "é"]
)
def test_what_is_no_host_name(domains: DistributionService, app: int, refused: Refused, name: str) -> None:
    """Names are host names in lower case."""
    assert refused(domains.create(app, name)) == "domain.name"


def test_domains_have_a_quota(domains: DistributionService, app: int, refused: Refused) -> None:
    """Twenty per application."""
    for number in range(MOST_DOMAINS):
        run_async(domains.create(app, f"d{number}"))
    assert refused(domains.create(app, "one-more")) == "domain.quota"


@pytest.mark.parametrize(
    "changes",
    [
        PolicyChanges(links_enabled=True),
        PolicyChanges(link_key="short"),
        PolicyChanges(backup_key="with a blank"),
        PolicyChanges(referers=RefererPolicy(enabled=True)),
        PolicyChanges(referers=RefererPolicy(referers=("https://a.com",))),
        PolicyChanges(addresses=AddressPolicy(enabled=True)),
        PolicyChanges(addresses=AddressPolicy(networks=("10.0.0.0/33",))),
    ],
)
def test_policies_that_cannot_be_held(
    domains: DistributionService, app: int, refused: Refused, changes: PolicyChanges
) -> None:
    """A policy that is enabled without its list or key, and entries that are none, are refused."""
    assert refused(domains.modify(app, "vod.example.com", changes)) == "domain.policy"


def test_the_keys_of_links_change(domains: DistributionService, app: int) -> None:
    """A backup key comes and goes beside the first one; what is not named stays."""

    def keys(changes: PolicyChanges) -> tuple[str, str]:
        run_async(domains.modify(app, "vod.example.com", changes))
        (domain,) = run_async(domains.domains(app))
        return domains.link_keys(domain)

    assert keys(PolicyChanges(link_key="first-key", links_enabled=True)) == ("first-key", "")
    assert keys(PolicyChanges(backup_key="second-key")) == ("first-key", "second-key")
    assert keys(PolicyChanges(referers=RefererPolicy())) == ("first-key", "second-key")
    assert keys(PolicyChanges(link_key="third-key", backup_key="")) == ("third-key", "")


def test_play_keys(domains: DistributionService, app: int, refused: Refused) -> None:
    """The first question makes one, and it stays until another is set."""
    _, made = run_async(domains.distribution(app))
    assert (len(made), run_async(domains.distribution(app))[1]) == (20, made)
    run_async(domains.modify_distribution(app, domain="", scheme="", play_key="12345678"))
    assert run_async(domains.distribution(app))[1] == "12345678"
    assert refused(domains.modify_distribution(app, domain="", scheme="", play_key="1234567")) == "domain.play_key"
    assert (
        refused(domains.modify_distribution(app, domain="foreign.example", scheme="", play_key="")) == "domain.unknown"
    )


def test_addresses_of_a_link(domains: DistributionService) -> None:
    """A link for two addresses admits two, each as often as it comes; of IPv6 a network of 64 bits is one address."""

    def admitted(address: str) -> bool:
        return run_async(domains.admit_address("link", address, 2, 500.0))

    assert [admitted(each) for each in ("10.0.0.1", "10.0.0.1", "2001:db8::1", "2001:db8::ffff", "10.0.0.2")] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert not admitted("2001:db8:0:1::1")
