"""Lists of objects: in order of key, groups by a delimiter counted as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openvod.storage.model import StoredObject

#: Behind every key of a group.
_LAST = "\U0010ffff"
#: Returns up to so many objects with keys after a cursor, in their order.
Page = Callable[[str, int], Sequence[StoredObject]]


@dataclass(frozen=True)
class Listing:
    """One page: objects, common prefixes, and where the next one begins (empty: this was the last)."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...]
    following: str = ""


@dataclass(frozen=True)
class ListQuery:
    """What a client asks for; ``after`` is the last key or common prefix that it knows."""

    prefix: str
    delimiter: str = ""
    after: str = ""
    limit: int = 1000


def list_objects(page: Page, query: ListQuery, allows: Callable[[str], bool]) -> Listing:
    """Collect a page of what ``allows`` lets be seen; each common prefix costs one question."""
    objects: list[StoredObject] = []
    prefixes: list[str] = []
    cursor, last = _start(query), ""
    while room := query.limit + 1 - len(objects) - len(prefixes):
        rows = page(cursor, room)
        for row in rows:
            cursor = row.key
            if not allows(row.key):
                continue
            if len(objects) + len(prefixes) == query.limit:
                return Listing(tuple(objects), tuple(prefixes), last)
            group = _group(row.key, query)
            if group:
                prefixes.append(group)
                cursor, last = group + _LAST, group
                break
            objects.append(row)
            last = row.key
        else:
            if len(rows) < room:
                break
    return Listing(tuple(objects), tuple(prefixes))


def _start(query: ListQuery) -> str:
    """Continue after a whole common prefix when it was the last entry of the page."""
    group = _group(query.after, query) if query.after.startswith(query.prefix) else ""
    return group + _LAST if group and group == query.after else query.after


def _group(key: str, query: ListQuery) -> str:
    if not query.delimiter:
        return ""
    end = key.find(query.delimiter, len(query.prefix))
    return key[: end + len(query.delimiter)] if end >= 0 else ""
