"""Lists of objects: every key once, groups once, in order, whatever the page's size."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from openvod.storage.listing import ListQuery, list_objects
from openvod.storage.model import StoredObject

_OBJECT = StoredObject("b", "", 1, "e", 0, {}, (), 1.0)
_keys = st.sets(st.text("ab/中\U0010fffe", min_size=1, max_size=6), max_size=25)


def _pages(keys: set[str], query: ListQuery, denied: str = "\0") -> list[str]:
    """Return what all pages tell, objects and groups of each in their order."""
    told: list[str] = []

    def page(after: str, limit: int) -> list[StoredObject]:
        found = sorted(key for key in keys if key.startswith(query.prefix) and key > after)
        return [replace(_OBJECT, key=key) for key in found[:limit]]

    for _ in range(len(keys) + 2):
        found = list_objects(page, query, lambda key: not key.startswith(denied))
        entries = [each.key for each in found.objects] + list(found.prefixes)
        assert len(entries) <= query.limit
        told += sorted(entries)
        if not found.following:
            return told
        assert found.following == max(entries)
        query = replace(query, after=found.following)
    raise AssertionError("it does not end")


@given(keys=_keys, prefix=st.sampled_from(["", "a", "a/", "/"]), delimiter=st.sampled_from(["", "/", "ab"]),
       limit=st.integers(1, 5))  # fmt: skip
def test_every_key_and_every_group_once(keys: set[str], prefix: str, delimiter: str, limit: int) -> None:
    """Pages of any size together are what sorting and grouping all keys at once makes."""
    wanted: set[str] = set()
    for key in (key for key in keys if key.startswith(prefix)):
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        wanted.add(key[: end + len(delimiter)] if end >= 0 else key)
    assert _pages(keys, ListQuery(prefix, delimiter, "", limit)) == sorted(wanted)


def test_what_may_not_be_seen_is_not_counted() -> None:
    """Keys that the credential does not cover take no place on a page."""
    assert _pages({"a1", "b1", "b2", "c1"}, ListQuery("", "", "", 1), denied="b") == ["a1", "c1"]
