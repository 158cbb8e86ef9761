"""When memory is given back to the system."""

from __future__ import annotations

import pytest

from openvod.app.allocator import should_trim
from openvod.base.sizes import MIB


@pytest.mark.parametrize(
    ("floor", "last", "now", "expected"),
    [
        (100, 150, 150, True),
        (100, 150, 140, True),
        (100, 150, 160, False),
        (100, 110, 110, False),
        (100, 100, 90, False),
    ],
)
def test_memory_is_given_back_when_quiet(floor: int, last: int, now: int, expected: bool) -> None:
    """What grew since the last time and grows no more is given back; while it grows it is in use."""
    assert should_trim(floor * MIB, last * MIB, now * MIB) is expected
