"""Decisions of the access room that need no database: roles, groups of keys, regions, tries, what a log may show."""

from __future__ import annotations

import json

import pytest

from openvod.access.account_model import Role
from openvod.access.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD, check_password, digest_of
from openvod.access.audit import presentable
from openvod.access.categories import name_and_path, within
from openvod.access.model import OFF, Application, Category, Group, KeyPair, StorageRegion
from openvod.access.service import check_is_on, check_permitted
from openvod.access.sessions import csrf_of
from openvod.base.errors import Conflict, Denied, Invalid


@pytest.mark.parametrize(
    ("role", "included"),
    [(Role.VIEWER, {Role.VIEWER}), (Role.OPERATOR, {Role.VIEWER, Role.OPERATOR}), (Role.ADMIN, set(Role))],
)
def test_roles_include_what_is_below(role: Role, included: set[Role]) -> None:
    """A role may do what those before it may, and nothing of those behind it."""
    assert {other for other in Role if role.includes(other)} == included


@pytest.mark.parametrize("group", Group)
def test_keys_are_limited_to_their_groups(group: Group) -> None:
    """A key without groups may do everything; a key with groups may do those, and the refusal names them."""
    unlimited = KeyPair("AKID", 1, b"", True, 0.0)
    check_permitted(unlimited, group)
    limited = KeyPair("AKID", 1, b"", True, 0.0, groups=(Group.READ, Group.EVENTS))
    if group in limited.groups:
        check_permitted(limited, group)
    else:
        with pytest.raises(Denied, match=rf"read, events, not {group.value}") as caught:
            check_permitted(limited, group)
        assert caught.value.code == "key.not_permitted"


def test_an_application_that_is_off_takes_nothing_in() -> None:
    """Only the status decides."""
    check_is_on(Application(7, "a", 0.0))
    with pytest.raises(Conflict) as caught:
        check_is_on(Application(7, "a", 0.0, status=OFF))
    assert caught.value.code == "application.off"


@pytest.mark.parametrize(
    ("name", "short", "mainland"),
    [
        ("ap-chongqing", "cq", True),
        ("ap-hongkong", "hk", False),
        ("na-ashburn", "use", False),
        ("my-own-place", "mop", False),
        ("-odd-", "o", False),
    ],
)
def test_regions_on_the_wire(name: str, short: str, mainland: bool) -> None:
    """Short names come from the wire's table, for others from their letters; Area is told from the name."""
    region = StorageRegion(name, enabled=True, is_default=False)
    assert (region.short_name, region.is_on_the_mainland) == (short, mainland)


@pytest.mark.parametrize(
    ("password", "passes"),
    [
        ("correct horse", True), ("一二三四五六七八九十十二", True), ("abcd" * 3, True),
        ("x" * LONGEST_PASSWORD, False), ("abcdefghijk", False),
        ("aaaaaaaaaaaaaaaaaaab", False), ("abcdefgh" * 26, False), ("", False),
    ],
)  # fmt: skip
def test_passwords(password: str, passes: bool) -> None:
    """Length and variety count, not kinds of characters."""
    assert SHORTEST_PASSWORD == 12
    if passes:
        check_password(password)
    else:
        with pytest.raises(Invalid, match="12 to 200 characters"):
            check_password(password)


def test_digests_of_one_secret_differ_by_purpose() -> None:
    """What a page is told to send back leads neither to the cookie's secret nor to the stored digest."""
    assert len({"secret", digest_of("secret"), csrf_of("secret"), digest_of("secret2"), csrf_of("secret2")}) == 5


def test_the_log_shows_no_secret() -> None:
    """Secrets are blotted out at every depth, long texts cut with their length, everything together to 4000."""
    shown = json.loads(presentable({"SignKey": "s", "a": [{"PlayKey": "s", "b": "x" * 201}], "c": 1, "d": "ä" * 200}))
    assert shown == {
        "SignKey": "***",
        "a": [{"PlayKey": "***", "b": "x" * 200 + "… (201 characters)"}],
        "c": 1,
        "d": "ä" * 200,
    }
    assert len(presentable({str(n): "y" * 199 for n in range(99)})) == 4000


_TREE = [Category(n, 7, f"c{n}", parent) for n, parent in ((1, -1), (2, 1), (3, 2), (4, 1), (5, -1), (6, 99))]


@pytest.mark.parametrize(
    ("class_id", "below", "path"),
    [
        (1, {1, 2, 3, 4}, ("c1", "c1")),
        (3, {3}, ("c3", "c1-c2-c3")),
        (6, {6}, ("c6", "c6")),
        (0, {0}, ("其他", "其他")),
        (77, {77}, ("其他", "其他")),
    ],
)
def test_categories_in_their_tree(class_id: int, below: set[int], path: tuple[str, str]) -> None:
    """A category stands for all below it; its path names it from the top; a vanished one is the built-in one."""
    assert within(_TREE, class_id) == below
    assert name_and_path(_TREE, class_id) == path


def test_a_circle_of_categories_ends() -> None:
    """Rows that name each other as parents, which no use case makes, hang no reader."""
    circle = [Category(1, 7, "a", 2), Category(2, 7, "b", 1)]
    assert within(circle, 1) == {1, 2}
    assert name_and_path(circle, 1)[1] == "b-a-b-a"
