"""Indexes at hand: read once, for all who ask, and from the ranges that are needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openvod.base.errors import NotFound, Unavailable
from openvod.playback.model import Piece, Range
from openvod.playback.segments import fragment, length_of
from openvod.playback.service import InstantPlayback
from openvod.storage.model import Extent, StoredObject
from support.corpus.build import AAC, H264, heard, seen
from support.media.packaged import clip, filled


class _Store:
    """Objects in memory that count what is read of them, in chunks of an odd size."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []
        self.broken = False

    async def read(self, stored: StoredObject, start: int, length: int) -> AsyncIterator[bytes]:
        self.asked.append((start, length))
        await asyncio.sleep(0)
        if self.broken:
            raise Unavailable("storage.blob_short", "gone")
        assert start >= 0
        assert start + length <= stored.size
        for place in range(start, start + length, 999):
            yield self.data[place : min(place + 999, start + length)]


def _stored(data: bytes, etag: str = "e") -> StoredObject:
    return StoredObject("b-1", "b/d/film.mp4", len(data), etag, 0, {}, (Extent("x", 0, len(data)),), 0.0)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Five seconds, index last."""
    path: Path = tmp_path_factory.mktemp("film") / "film.mp4"
    return clip(path, *seen(seconds=5), *heard(5), *H264, *AAC)


def test_an_index_is_read_once(film: bytes) -> None:
    """A hundred viewers at once and one later cost one reading, of little more than the index."""
    store = _Store(film)
    instant = InstantPlayback(store)

    async def work() -> None:
        packages = await asyncio.gather(*(instant.package(_stored(film)) for _ in range(100)))
        packages.append(await instant.package(_stored(film)))
        assert len({id(package) for package in packages}) == 1

    asyncio.run(work())
    assert len(store.asked) <= 5
    assert sum(length for _, length in store.asked) < len(film) / 4


def test_a_refusal_is_remembered_and_a_failure_is_not(film: bytes) -> None:
    """A file that is no MP4 is looked at once; a store that failed is asked again."""
    junk = _Store(b"junk" * 1000)
    instant = InstantPlayback(junk)

    async def refused() -> None:
        for _ in range(3):
            with pytest.raises(NotFound):
                await instant.package(_stored(junk.data))

    asyncio.run(refused())
    assert len(junk.asked) == 1
    store = _Store(film)
    store.broken = True
    instant = InstantPlayback(store)

    async def recovers() -> None:
        with pytest.raises(Unavailable):
            await instant.package(_stored(film))
        store.broken = False
        await instant.package(_stored(film))

    asyncio.run(recovers())


def test_other_bytes_have_an_index_of_their_own(film: bytes) -> None:
    """A replaced file is read anew."""
    instant = InstantPlayback(_Store(film))

    async def work() -> bool:
        return await instant.package(_stored(film)) is await instant.package(_stored(film, "other"))

    assert not asyncio.run(work())


def test_segments_are_streamed_from_few_reads(film: bytes) -> None:
    """What comes out are the segment's bytes in any range, and what lies together is read together."""
    store = _Store(film)
    instant = InstantPlayback(store)

    async def part(start: int, length: int) -> tuple[bytes, bytes]:
        package = await instant.package(_stored(film))
        pieces = fragment(package.segments[1])
        store.asked.clear()
        found = b"".join([chunk async for chunk in instant.stream(_stored(film), pieces, start, length)])
        return found, filled(pieces, film)[start : start + length]

    async def whole_length() -> int:
        return length_of(fragment((await instant.package(_stored(film))).segments[1]))

    size = asyncio.run(whole_length())
    for start, length in ((0, size), (5, 10), (size // 2, 4000), (size - 3, 3)):
        found, expected = asyncio.run(part(start, length))
        assert found == expected
        assert len(store.asked) <= 1


def test_gaps_are_left_out(film: bytes) -> None:
    """Bytes between the samples that belong to nobody are not sent, whether they are read along or not."""
    store = _Store(film)
    instant = InstantPlayback(store)

    async def work() -> bytes:
        # Two neighbours, one far away, as tracks that lie apart have it.
        pieces: list[Piece] = [b"head", Range(100, 50), Range(200, 50), Range(len(film) - 40, 40)]
        return b"".join([chunk async for chunk in instant.stream(_stored(film), pieces, 0, length_of(pieces))])

    assert asyncio.run(work()) == b"head" + film[100:150] + film[200:250] + film[-40:]
