"""Tokens inside our own addresses."""

from __future__ import annotations

import pytest

from openvod.base.errors import Denied
from openvod.signing.playback_token import (
    allows_evidence,
    check_segment_token,
    evidence_token,
    segment_key,
    segment_token,
)

ROOT = b"r" * 32


def test_keys_differ_by_file_and_template() -> None:
    """A key opens one stream of one file; it is 16 bytes and always the same."""
    keys = {segment_key(ROOT, file_id, definition) for file_id in ("1", "11") for definition in (1, 11, 12)}
    assert len(keys) == 6
    assert {len(key) for key in keys} == {16}
    assert segment_key(ROOT, "1", 12) == segment_key(ROOT, "1", 12) != segment_key(b"x" * 32, "1", 12)


@pytest.mark.parametrize("token", ["", "0" * 32, "ä", "9-", "9999-" + "0" * 32, "²-x", "\udcff"])
def test_key_addresses_cannot_be_guessed(token: str) -> None:
    """A FileId alone fetches no key; a key's address opens it until its moment, and no other key."""
    good = segment_token(ROOT, "1", 12, 2000)
    check_segment_token(ROOT, "1", 12, good, 1999.0)
    for file_id, given, now in (("1", token, 0.0), ("2", good, 0.0), ("1", good.replace("2000", "9000"), 0.0)):
        with pytest.raises(Denied, match="not issued here"):
            check_segment_token(ROOT, file_id, 12, given, now)
    with pytest.raises(Denied, match="expired"):
        check_segment_token(ROOT, "1", 12, good, 2001.0)


def test_evidence_opens_for_its_time_and_object_only() -> None:
    """A token opens one object until its moment; neither can be changed."""
    token = evidence_token(ROOT, "bucket/a.jpg", 2000)
    assert allows_evidence(ROOT, "bucket/a.jpg", token, 1999.0)
    assert not allows_evidence(ROOT, "bucket/a.jpg", token, 2000.5)
    assert not allows_evidence(ROOT, "bucket/b.jpg", token, 1999.0)
    assert not allows_evidence(ROOT, "bucket/a.jpg", token.replace("2000", "9000"), 1999.0)
    assert not allows_evidence(ROOT, "bucket/a.jpg", "", 1999.0)
    assert not allows_evidence(ROOT, "bucket/a.jpg", "²-x", 1999.0)
