"""What every action declares of its answer, its role and its audit."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from openvod.surfaces.api.catalogue import declared_actions
from openvod.surfaces.api.declaration import Audit, Group
from support.server.answers import check_answer

ACTIONS = {action.name: action for action in declared_actions()}
_CATEGORY = {"ClassId": 1, "ParentId": -1, "Name": "a", "Level": 0, "SubClassIdSet": [], "ClassName": "a"}


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_member_has_a_meaning(name: str) -> None:
    """The reference and the description say of each member of an answer what it is."""
    assert all(ACTIONS[name].members.values()), ACTIONS[name].members


def test_reading_is_not_logged() -> None:
    """The audit log has no room for what only reads."""
    assert {each.name for each in ACTIONS.values() if each.group is Group.READ and each.audit is Audit.LOGGED} == set()


def test_answers_as_declared_pass() -> None:
    """An answer with the declared members and types is accepted."""
    check_answer("DescribeAllClass", {"ClassInfoSet": [_CATEGORY], "RequestId": "1"})


@pytest.mark.parametrize(
    "rows", [[_CATEGORY | {"ClassId": "1"}], [{"ClassId": 1}], [_CATEGORY | {"Size": 1}], None, [None]]
)
def test_wrong_declarations_fail(rows: Any) -> None:
    """A text for a number, a missing member and an undeclared one each fail the test that got the answer."""
    with pytest.raises((ValidationError, AssertionError)):
        check_answer("DescribeAllClass", {"ClassInfoSet": rows})
