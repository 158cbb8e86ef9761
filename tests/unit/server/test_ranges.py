"""Byte ranges and preconditions (cos-storage.md 4.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvod.base.errors import Invalid
from openvod.server.ranges import ByteRange, http_date, precondition_status, select_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ByteRange(0, 100, False)),
        ("bytes=0-", ByteRange(0, 100, True)),
        ("bytes=99-", ByteRange(99, 1, True)),
        ("bytes=-1000", ByteRange(0, 100, True)),
        ("bytes=5-4", ByteRange(0, 100, False)),
        ("bytes=-", ByteRange(0, 100, False)),
        ("lines=1-2", ByteRange(0, 100, False)),
        ("bytes=1-2,4-5", ByteRange(0, 100, False)),
    ],
)
def test_ranges(header: str, expected: ByteRange) -> None:
    """Each form of the header chooses the bytes that RFC 9110 says."""
    assert select_range(header, 100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_impossible_ranges(header: str, size: int) -> None:
    """What lies outside is refused with the size."""
    with pytest.raises(Invalid, match=r"request\.range"):
        select_range(header, size)


@given(st.text(max_size=30), st.integers(min_value=0, max_value=10**6))
def test_no_header_breaks_it(header: str, size: int) -> None:
    """Any text gives a range inside the object or a refusal."""
    try:
        chosen = select_range(header, size)
    except Invalid:
        return
    assert chosen.start >= 0
    assert chosen.start + chosen.length <= size


def test_etags_outrank_dates() -> None:
    """An ETag condition decides alone; dates decide without one."""
    past, future = http_date(1000), http_date(10**9)
    assert precondition_status({"if-none-match": '"a"', "if-modified-since": past}, "a", 5000) == 304
    assert precondition_status({"if-none-match": '"b"', "if-modified-since": future}, "a", 5000) is None
    assert precondition_status({"if-modified-since": future}, "a", 5000) == 304
    assert precondition_status({"if-modified-since": "nonsense"}, "a", 5000) is None
    assert precondition_status({"if-match": "*"}, "a", 5000) is None
    assert precondition_status({"if-unmodified-since": past}, "a", 5000) == 412
