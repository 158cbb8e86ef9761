"""Categories of media: a tree per application (``procedures-and-api.md`` 6.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from openvod.access.model import Category
from openvod.access.ports import AccessTx
from openvod.base.errors import Conflict, Exhausted, Invalid, NotFound
from openvod.base.exclusive import OneAtATime
from openvod.base.ports import UnitOfWork

#: The parent id of top-level categories.
TOP = -1
BUILT_IN_ID, BUILT_IN_NAME = 0, "其他"
MAX_LEVELS, MAX_CHILDREN, MAX_NAME = 4, 500, 64


@dataclass(frozen=True)
class ListedCategory:
    """A category in its tree: ``level`` 0 at the top, ids of its ``children``."""

    category: Category
    level: int
    children: tuple[int, ...]


class CategoryService:
    """Use cases of categories."""

    def __init__(self, uow: UnitOfWork[AccessTx]) -> None:
        self._uow = OneAtATime(uow, lambda tx: tx.access.alone())

    async def create(self, sub_app_id: int, name: str, parent_id: int = TOP) -> Category:
        """Create one below ``parent_id``; raises ``category.…`` for a bad name, parent, depth or number."""
        _check_name(name)

        def work(tx: AccessTx) -> Category:
            known = _by_id(tx, sub_app_id)
            if parent_id != TOP and parent_id not in known:
                raise NotFound("category.unknown", f"ParentId {parent_id} does not exist; create it, or use -1")
            if parent_id == BUILT_IN_ID or (parent_id != TOP and _level(known, parent_id) + 1 >= MAX_LEVELS):
                raise Exhausted(
                    "category.levels", f"categories have at most {MAX_LEVELS} levels; choose another parent"
                )
            siblings = [each for each in known.values() if each.parent_id == parent_id]
            if len(siblings) >= MAX_CHILDREN:
                raise Exhausted("category.children", f"a category has at most {MAX_CHILDREN} others in it")
            _check_unique(siblings, name)
            return tx.access.add_category(sub_app_id, name, parent_id)

        return await self._uow.write(work)

    async def rename(self, sub_app_id: int, class_id: int, name: str) -> None:
        """Rename one."""
        _check_name(name)

        def work(tx: AccessTx) -> None:
            known = _by_id(tx, sub_app_id)
            found = _changeable(known, class_id)
            _check_unique([e for e in known.values() if e.parent_id == found.parent_id and e != found], name)
            tx.access.put_category(replace(found, name=name))

        await self._uow.write(work)

    async def delete(self, sub_app_id: int, class_id: int) -> None:
        """Delete one that holds neither files nor other categories."""

        def work(tx: AccessTx) -> None:
            known = _by_id(tx, sub_app_id)
            _changeable(known, class_id)
            if any(each.parent_id == class_id for each in known.values()):
                raise Conflict("category.not_empty", f"ClassId {class_id} has categories in it; delete them first")
            if tx.access.is_category_used(sub_app_id, class_id):
                raise Conflict("category.not_empty", f"ClassId {class_id} has files in it; move them first")
            tx.access.delete_category(sub_app_id, class_id)

        await self._uow.write(work)

    async def tree(self, sub_app_id: int) -> Sequence[ListedCategory]:
        """Return all categories, the built-in one first."""
        known = await self._uow.read(lambda tx: _by_id(tx, sub_app_id))
        children: dict[int, list[int]] = {}
        for each in known.values():
            children.setdefault(each.parent_id, []).append(each.class_id)
        return [
            ListedCategory(each, _level(known, each.class_id), tuple(children.get(each.class_id, ())))
            for each in known.values()
        ]


def within(categories: Sequence[Category], class_id: int) -> frozenset[int]:
    """Return a category's id with those of all below it."""
    found = {class_id}
    while more := {c.class_id for c in categories if c.parent_id in found and c.class_id not in found}:
        found |= more
    return frozenset(found)


def name_and_path(categories: Sequence[Category], class_id: int) -> tuple[str, str]:
    """Return ``ClassName`` and ``ClassPath``, the names from the top joined by ``-`` (``events.md`` 4.1).

    A deleted category is shown as the built-in one.
    """
    known = {each.class_id: each for each in categories}
    names: list[str] = []
    while class_id in known and len(names) < MAX_LEVELS:
        names.insert(0, known[class_id].name)
        class_id = known[class_id].parent_id
    return (names[-1], "-".join(names)) if names else (BUILT_IN_NAME, BUILT_IN_NAME)


def _by_id(tx: AccessTx, sub_app_id: int) -> Mapping[int, Category]:
    built_in = Category(BUILT_IN_ID, sub_app_id, BUILT_IN_NAME, TOP)
    return {BUILT_IN_ID: built_in} | {each.class_id: each for each in tx.access.categories(sub_app_id)}


def _level(known: Mapping[int, Category], class_id: int) -> int:
    level, parent = 0, known[class_id].parent_id
    while parent in known and level < MAX_LEVELS:
        level, parent = level + 1, known[parent].parent_id
    return level


def _changeable(known: Mapping[int, Category], class_id: int) -> Category:
    if class_id not in known:
        raise NotFound("category.unknown", f"ClassId {class_id} does not exist in this application")
    if class_id == BUILT_IN_ID:
        raise Invalid("category.built_in", "ClassId 0 is built in; it can be neither changed nor deleted")
    return known[class_id]


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= MAX_NAME:
        raise Invalid("category.name", f"the category's name must have 1 to {MAX_NAME} characters")


def _check_unique(siblings: Sequence[Category], name: str) -> None:
    if any(each.name == name for each in siblings):
        raise Conflict("category.duplicate", f"a category {name!r} exists beside it; choose another name")
