"""CRC-64/XZ, the checksum that storage answers carry (cos-storage.md 4.4)."""

from __future__ import annotations

from typing import Any

import pytest

from openvod.storage.crc64 import CRC64
from unit.signing.vectors import conformance, vector_id

DOCUMENT = conformance("crc64")


@pytest.mark.parametrize("vector", DOCUMENT["vectors"], ids=vector_id)
def test_values(vector: dict[str, Any]) -> None:
    """The platform's CRC-64 equals the specification's values."""
    assert str(CRC64.calc(vector["text"].encode() * vector["repeat"])) == vector["crc64"]


@pytest.mark.parametrize("vector", DOCUMENT["combined"], ids=vector_id)
def test_parts_combine(vector: dict[str, Any]) -> None:
    """Two parts' values give the value of their concatenation, also with an empty part."""
    first, second = vector["first"].encode(), vector["second"].encode()
    assert str(CRC64.combine(CRC64.calc(first), CRC64.calc(second), len(second))) == vector["crc64"]
