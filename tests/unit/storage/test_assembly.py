"""Complete's decisions as values (cos-storage.md 4.3, 4.4)."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvod.base.errors import Invalid
from openvod.storage.crc64 import CRC64
from openvod.storage.model import (
    CompletedPart,
    Extent,
    Part,
    assemble,
    digest_of_list,
    merge_extents,
    run_of,
    stride_from,
)

MIB = 1024 * 1024


def _part(number: int, body: bytes, blob: str = "b", offset: int | None = None) -> Part:
    at = (number - 1) * MIB if offset is None else offset
    return Part("u", number, len(body), hashlib.md5(body).hexdigest(), CRC64.calc(body), blob, at, 0.0)


def test_grid_parts_make_one_extent() -> None:
    """Equal parts lie one after another, so that the object is one run of one file."""
    parts = {n: _part(n, bytes([n]) * MIB) for n in range(1, 5)}
    made = assemble([CompletedPart(n, p.etag) for n, p in parts.items()], parts)
    assert made.extents == (Extent("b", 0, 4 * MIB),)
    assert made.crc64 == CRC64.calc(b"".join(bytes([n]) * MIB for n in parts))
    assert made.etag.endswith("-4")


def test_only_the_last_part_may_be_small() -> None:
    """A small part in the middle is EntityTooSmall, as the last one it is welcome."""
    small, large = _part(1, b"x"), _part(2, b"y")
    with pytest.raises(Invalid, match=r"storage\.part_too_small"):
        assemble([CompletedPart(1, small.etag), CompletedPart(2, large.etag)], {1: small, 2: large})
    assert assemble([CompletedPart(1, small.etag)], {1: small}).size == 1


@given(st.lists(st.integers(min_value=0, max_value=5), min_size=1, max_size=20))
def test_merging_keeps_every_byte_in_order(lengths: list[int]) -> None:
    """Merged extents name the same bytes in the same order, and no two neighbours could be merged further."""
    position, extents = 0, []
    for index, length in enumerate(lengths):
        extents.append(Extent("ab"[index % 3 == 0], position, length))
        position += length
    merged = merge_extents(extents)
    assert [(e.blob_id, i) for e in extents for i in range(e.offset, e.offset + e.length)] == [
        (e.blob_id, i) for e in merged for i in range(e.offset, e.offset + e.length)
    ]
    assert all((a.blob_id, a.offset + a.length) != (b.blob_id, b.offset) for a, b in pairwise(merged))


def test_the_grid_is_guessed_from_what_cannot_be_a_short_last_part() -> None:
    """Part 1 and whole mebibytes fix the grid; another odd size does not."""
    assert stride_from(1, 12345) == 12345
    assert stride_from(7, 8 * MIB) == 8 * MIB
    assert stride_from(7, 12345) == 0


def test_a_list_is_recognised_by_numbers_and_etags() -> None:
    """Repetitions of Complete are told from other lists."""
    first = [CompletedPart(1, "a"), CompletedPart(2, "b")]
    assert digest_of_list(first) == digest_of_list(list(first))
    assert digest_of_list(first) != digest_of_list(first[:1])


@pytest.mark.parametrize(
    ("extents", "start", "length", "run"),
    [
        ([Extent("a", 5, 10)], 2, 3, Extent("a", 7, 3)),
        ([Extent("a", 5, 10), Extent("a", 15, 10)], 8, 4, Extent("a", 13, 4)),
        ([Extent("a", 5, 10), Extent("a", 16, 10)], 0, 4, None),
        ([Extent("a", 5, 10), Extent("b", 15, 10)], 0, 4, None),
        ([Extent("a", 5, 10)], 0, 0, None),
        ([], 0, 4, None),
    ],
)
def test_a_run_is_named_for_an_object_in_one_piece(
    extents: list[Extent], start: int, length: int, run: Extent | None
) -> None:
    """Bytes can be sent from one file only where the whole object lies in one piece of one blob."""
    assert run_of(extents, start, length) == run
