"""Signatures that the platform mints into its own answers (events.md 2.1, upload-protocol.md 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from openvod.signing import event, verify_content
from unit.signing.vectors import conformance, vector_id

EVENTS = conformance("event-signature")["vectors"]


@pytest.mark.parametrize("vector", EVENTS, ids=vector_id)
def test_event_sign(vector: dict[str, Any]) -> None:
    """Sign equals the vector exactly when key and expiry are the ones it was made with."""
    made = event.event_sign(vector["signKey"], vector["t"])
    assert (made == vector["sign"]) is (vector.get("reason") != "mismatch")


def test_verify_content() -> None:
    """The official vector: Base64 of the raw digest, then the text that it signs."""
    made = verify_content.mint("6367c48dd193d56ea7b0baad25b19455e529f5ee", "7031868222808505913", 1_488_160_264)
    assert made == "MylkSwWYp2xsScWXoqc9il8Hq+lFeHBUaW1lPTE0ODgxNjAyNjQmRmlsZUlkPTcwMzE4NjgyMjI4MDg1MDU5MTM="
