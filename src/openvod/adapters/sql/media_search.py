"""Searches for files as SQL, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, case, exists, false, func, literal, or_, select

from openvod.adapters.sql.schema import media_assets
from openvod.media.query import REACHABLE, MediaQuery, Span

_c = media_assets.c
_WHOLE, _BEGINNING, _ANYWHERE = 0, 1, 2


def conditions_of(query: MediaQuery, dialect: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a search, combined with AND."""
    # ``+ 0`` keeps SQLite from scanning the application's files when the search names ids.
    owner = _c.sub_app_id + 0 if query.file_ids else _c.sub_app_id
    where = [owner == query.sub_app_id, _c.expires_at > query.now, *([false()] if query.nothing else [])]
    where += [column.in_(wanted) for column, wanted in _alternatives(query) if wanted]
    where += [or_(*(column.icontains(text, autoescape=True) for column, text in texts)) for texts in _texts(query)]
    if query.name_prefixes:
        where.append(or_(*(_c.name.istartswith(prefix, autoescape=True) for prefix in query.name_prefixes)))
    if query.tags:
        where.append(_tagged(query.tags, dialect))
    return [*where, *_within(_c.created_at, query.created), *_within(_c.expires_at, query.expires)]


def count_of(where: Sequence[ColumnElement[bool]]) -> Select[int]:
    """Count matches up to the last page that can be requested, so that the cost does not grow with the library."""
    some = select(literal(1)).select_from(media_assets).where(*where).limit(REACHABLE)
    return select(func.count()).select_from(some.subquery())


def order_of(query: MediaQuery) -> list[ColumnElement[Any]]:
    """Return the order; the id comes last, so that pages neither repeat nor skip files with equal times."""
    texts = [pair for pairs in _texts(query) for pair in pairs]
    if texts:
        return [_rank(texts), _c.created_at.desc(), _c.file_id.desc()]
    if query.newest_first:
        return [_c.created_at.desc(), _c.file_id.desc()]
    return [_c.created_at.asc(), _c.file_id.asc()]


def _alternatives(query: MediaQuery) -> Sequence[tuple[Column[Any], Sequence[object]]]:
    return (
        (_c.file_id, query.file_ids),
        (_c.class_id, query.class_ids),
        (_c.category, query.categories),
        (_c.type, query.types),
        (_c.region, query.regions),
        (_c.status, query.statuses),
        (_c.review, query.reviews),
    )


def _texts(query: MediaQuery) -> list[list[tuple[Column[Any], str]]]:
    """Return pairs of columns and texts; each column must contain one of its texts."""
    found = [
        [(_c.name, text) for text in query.names],
        [(_c.description, text) for text in query.descriptions],
        [(_c.name, query.text), (_c.description, query.text)] if query.text else [],
    ]
    return [texts for texts in found if texts]


def _rank(texts: Sequence[tuple[Column[Any], str]]) -> ColumnElement[int]:
    whole = or_(*(func.lower(column) == func.lower(text) for column, text in texts))
    beginning = or_(*(column.istartswith(text, autoescape=True) for column, text in texts))
    return case((whole, _WHOLE), (beginning, _BEGINNING), else_=_ANYWHERE)


def _tagged(tags: Sequence[str], dialect: str) -> ColumnElement[bool]:
    unnest = func.json_array_elements_text if dialect == "postgresql" else func.json_each
    each = unnest(_c.tags).table_valued("value")
    return exists(select(literal(1)).select_from(each).where(each.c.value.in_(tags)))


def _within(column: Column[Any], span: Span) -> list[ColumnElement[bool]]:
    bounds = [column >= span.start] if span.start is not None else []
    return bounds + ([column < span.end] if span.end is not None else [])
