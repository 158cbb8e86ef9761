"""What may be asked of a list of files (``procedures-and-api.md`` 6.3, SearchMedia)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from openvod.media.model import MediaAsset

#: Files that paging can reach; a query with more matches must be narrowed down.
REACHABLE = 5000
NOT_REVIEWED = ""


class Span(NamedTuple):
    """Moments (Unix seconds) from ``start`` on and before ``end``; ``None`` is open."""

    start: float | None = None
    end: float | None = None


ALWAYS = Span()


@dataclass(frozen=True)
class MediaQuery:
    """Which files of an application, and in which order. Values inside one member are alternatives, empty means any.

    ``now`` decides what has expired. ``text`` is looked for in names and descriptions. ``reviews`` are suggestions of
    the newest review, :data:`NOT_REVIEWED` for none. With ``names``, ``descriptions`` or ``text`` the best match comes
    first (the whole text, then a beginning, then any place), else the order is that of creation. ``nothing``: whatever
    is asked for, no file has it.
    """

    sub_app_id: int
    now: float = 0.0
    file_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    text: str = ""
    class_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()
    created: Span = ALWAYS
    expires: Span = ALWAYS
    newest_first: bool = True
    nothing: bool = False
    offset: int = 0
    limit: int = 10


class Found(NamedTuple):
    """A page of what matched, and how many there are, counted up to :data:`REACHABLE`."""

    total: int
    assets: Sequence[MediaAsset]
