"""Categories (``procedures-and-api.md`` 6.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from openvod.access.categories import TOP, CategoryService, ListedCategory
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Nothing, Request, Role

_Name = Annotated[str, Field(min_length=1, max_length=64, description="Its name.")]
_ClassId = Annotated[int, Field(ge=0, description="The category; 0 is the built-in one.")]
_CODES = {
    "category.duplicate": "FailedOperation.ClassNameDuplicate",
    "category.levels": "FailedOperation.ClassLevelLimitExceeded",
    "category.children": "FailedOperation.SubclassLimitExceeded",
    "category.not_empty": "UnsupportedOperation.ClassNotEmpty",
}
_BUILT_IN = {"category.built_in": "InvalidParameterValue.ClassId"}


class CreateClass(Request):
    """Parameters of CreateClass."""

    parent_id: int = Field(ge=TOP, description="Parent category; -1 for one at the top.")
    class_name: _Name


class ModifyClass(Request):
    """Parameters of ModifyClass."""

    class_id: _ClassId
    class_name: _Name


class DeleteClass(Request):
    """Parameters of DeleteClass."""

    class_id: _ClassId


class CreatedClass(TypedDict):
    """The answer of CreateClass."""

    ClassId: Annotated[int, Field(description="its id")]


class Category(TypedDict):
    """A category."""

    ClassId: int
    ParentId: int
    Name: str
    Level: int
    SubClassIdSet: list[int]
    ClassName: str


class Categories(TypedDict):
    """The answer of DescribeAllClass."""

    ClassInfoSet: Annotated[
        list[Category], Field(description="ClassId, ParentId, Name, Level 0-3, SubClassIdSet, ClassName")
    ]


class ClassActions:
    """Carries the actions out."""

    def __init__(self, categories: CategoryService) -> None:
        self._categories = categories

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        return (
            Action(
                "CreateClass", "Create a category.", Group.EDIT, Role.OPERATOR, Audit.LOGGED, CreateClass, CreatedClass,
                self._create,
                (*_CODES.values(), "FailedOperation.ParentIdNoFound", "InvalidParameterValue.ClassName",
                 "InvalidParameterValue.ParentId"),
                _CODES | {"category.unknown": "FailedOperation.ParentIdNoFound"},
            ),
            Action(
                "ModifyClass", "Rename a category.", Group.EDIT, Role.OPERATOR, Audit.LOGGED, ModifyClass, Nothing,
                self._modify,
                ("FailedOperation.ClassNameDuplicate", "FailedOperation.ClassNoFound", "InvalidParameterValue.ClassId",
                 "InvalidParameterValue.ClassName"),
                _CODES | _BUILT_IN | {"category.unknown": "FailedOperation.ClassNoFound"},
            ),
            Action(
                "DeleteClass", "Delete an empty category.", Group.EDIT, Role.OPERATOR, Audit.LOGGED,
                DeleteClass, Nothing, self._delete,
                ("UnsupportedOperation.ClassNotEmpty", "InvalidParameterValue.ClassId"),
                _CODES | _BUILT_IN | {"category.unknown": "InvalidParameterValue.ClassId"},
            ),
            Action(
                "DescribeAllClass", "List all categories.", Group.READ, Role.VIEWER, Audit.NOT_LOGGED,
                Request, Categories, self._describe,
            ),
        )  # fmt: skip

    async def _create(self, caller: Caller, asked: CreateClass) -> CreatedClass:
        made = await self._categories.create(caller.sub_app_id, asked.class_name, asked.parent_id)
        return {"ClassId": made.class_id}

    async def _modify(self, caller: Caller, asked: ModifyClass) -> Nothing:
        await self._categories.rename(caller.sub_app_id, asked.class_id, asked.class_name)
        return {}

    async def _delete(self, caller: Caller, asked: DeleteClass) -> Nothing:
        await self._categories.delete(caller.sub_app_id, asked.class_id)
        return {}

    async def _describe(self, caller: Caller, _: Request) -> Categories:
        return {"ClassInfoSet": [_row(each) for each in await self._categories.tree(caller.sub_app_id)]}


def _row(listed: ListedCategory) -> Category:
    return {
        "ClassId": listed.category.class_id,
        "ParentId": listed.category.parent_id,
        "Name": listed.category.name,
        "Level": listed.level,
        "SubClassIdSet": list(listed.children),
        "ClassName": listed.category.name,
    }
