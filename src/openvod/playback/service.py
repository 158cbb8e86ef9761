"""A cache of indexes: each is read once per file and evicted when the cache is full."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from openvod.base.errors import NotFound
from openvod.playback.index import first_wanted, next_wanted, read_index
from openvod.playback.model import Index, Piece, Range, first_seconds
from openvod.playback.ports import Bytes
from openvod.playback.segments import Segment, initialisation, part_of, plan, whole_file
from openvod.storage.model import StoredObject

#: About 24 bytes each.
_MOST_SAMPLES = 2_000_000
_MOST_FILES = 1000
#: Gaps so small are read along and left out: it costs less than another question.
_GAP = 64 * 1024


@dataclass(frozen=True)
class Package:
    """A file that is packaged: its index, its segments, its initialisation segment."""

    index: Index
    segments: Sequence[Segment]
    init: bytes


class _Key(NamedTuple):
    bucket: str
    key: str
    etag: str
    size: int


class InstantPlayback:
    """Packages stored files on request."""

    def __init__(self, storage: Bytes) -> None:
        self._storage = storage
        self._known: OrderedDict[_Key, Package | NotFound] = OrderedDict()
        self._reading: dict[_Key, asyncio.Task[Package | NotFound]] = {}

    async def package(self, stored: StoredObject) -> Package:
        """Return how a file is packaged; raises ``NotFound("playback.not_packaged")`` with reason and state."""
        key = _Key(stored.bucket, stored.key, stored.etag, stored.size)
        found = self._known.get(key)
        if found is None:
            # Concurrent requests for a new file share one read, which continues when one of them disconnects.
            task = self._reading.get(key)
            if task is None:
                task = self._reading[key] = asyncio.ensure_future(self._learn(key, stored))
            found = await asyncio.shield(task)
        else:
            self._known.move_to_end(key)
        if isinstance(found, NotFound):
            raise NotFound(found.code, found.message, **found.details)
        return found

    async def preview(self, stored: StoredObject, seconds: int) -> Sequence[Piece]:
        """Return the first seconds of a file as one progressive file; raises as :meth:`package`, and for no seconds."""
        package = await self.package(stored)
        return await asyncio.to_thread(_beginning, package.index, seconds)

    async def _learn(self, key: _Key, stored: StoredObject) -> Package | NotFound:
        try:
            found: Package | NotFound
            try:
                movie = await self._movie(stored)
                found = await asyncio.to_thread(_packaged, movie, stored.size)
            except NotFound as error:
                found = NotFound(error.code, error.message, **error.details)
            self._keep(key, found)
            return found
        finally:
            del self._reading[key]

    async def _movie(self, stored: StoredObject) -> bytes:
        wanted, hops = first_wanted(stored.size), 0
        while True:
            data = await self._bytes(stored, wanted.start, wanted.length)
            if wanted.whole:
                return data
            hops += 1
            wanted = next_wanted(stored.size, wanted, data, hops)

    async def _bytes(self, stored: StoredObject, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        return b"".join([chunk async for chunk in self._storage.read(stored, start, length)])

    def _keep(self, key: _Key, found: Package | NotFound) -> None:
        self._known[key] = found
        weight = sum(each.index.weight for each in self._known.values() if isinstance(each, Package))
        while len(self._known) > 1 and (weight > _MOST_SAMPLES or len(self._known) > _MOST_FILES):
            _, oldest = self._known.popitem(last=False)
            weight -= oldest.index.weight if isinstance(oldest, Package) else 0

    async def stream(
        self, stored: StoredObject, pieces: Sequence[Piece], start: int, length: int
    ) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes from ``start`` of what pieces of a file form."""
        together: list[Range] = []
        for piece in part_of(pieces, start, length):
            if isinstance(piece, Range) and (not together or 0 <= _gap(together[-1], piece) <= _GAP):
                together.append(piece)
                continue
            async for data in self._ranges(stored, together):
                yield data
            together = [piece] if isinstance(piece, Range) else []
            if isinstance(piece, bytes):
                yield piece
        async for data in self._ranges(stored, together):
            yield data

    async def _ranges(self, stored: StoredObject, ranges: Sequence[Range]) -> AsyncIterator[bytes]:
        """Read ranges that lie close together in one go."""
        if not ranges:
            return
        begin, end = ranges[0].start, ranges[-1].start + ranges[-1].length
        place, wanted = begin, iter(ranges)
        current: Range | None = next(wanted)
        async for chunk in self._storage.read(stored, begin, end - begin):
            while current and current.start < place + len(chunk):
                first = max(current.start, place)
                last = min(current.start + current.length, place + len(chunk))
                yield chunk[first - place : last - place]
                if last < current.start + current.length:
                    break
                current = next(wanted, None)
            place += len(chunk)


def _gap(before: Range, after: Range) -> int:
    return after.start - before.start - before.length


def _beginning(index: Index, seconds: int) -> Sequence[Piece]:
    return whole_file(first_seconds(index, seconds))


def _packaged(movie: bytes, size: int) -> Package:
    index = read_index(movie, size)
    return Package(index, plan(index), initialisation(index))
