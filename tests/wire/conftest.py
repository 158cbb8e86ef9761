"""Fixtures of wire tests."""

from __future__ import annotations

import pytest

from support.server.wire import Applied, Wire


@pytest.fixture
def applied(wire: Wire) -> Applied:
    """A fresh session."""
    return wire.apply()
