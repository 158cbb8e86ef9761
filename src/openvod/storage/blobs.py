"""What the storage room asks of a blob store: a small core that every store has, and abilities that some have.

A store is handed over as :class:`Blobs`. A caller that profits from an ability looks for it there and has a fallback
where it is None; nothing else in the platform knows which store is in use.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from openvod.storage.installation import Witness
from openvod.storage.model import Extent, Quarantined, Received


class DirectBody(Protocol):
    """A body that the store reads from the connection itself. One reader, in one thread at a time."""

    @property
    def left(self) -> int:
        """Bytes that are still to come."""
        ...

    def read_into(self, buffer: memoryview) -> int:
        """Read what has arrived into ``buffer`` without waiting; return its size, possibly 0.

        Raises ``ClientDisconnected``.
        """
        ...

    async def readable(self) -> None:
        """Wait for more bytes; raises ``Invalid`` when none arrive within the stall time-out."""
        ...


class Body(Protocol):
    """The body of a request while it arrives."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield its pieces."""
        ...

    def direct(self) -> DirectBody | None:
        """Return the body for direct reading (the fast path), None when only iteration works; call before iterating."""
        ...


class BlobStore(Protocol):
    """The core: byte strings by id, written once. What :meth:`put` returned survives a crash."""

    async def put(self, blob_id: str, body: Body, *, length: int | None, limit: int) -> Received:
        """Write ``body`` as a new blob and make it durable.

        ``length`` is the announced size in bytes, None when unknown. Raises ``Invalid("storage.size_differs")`` when
        fewer or more bytes arrive and ``Exhausted("storage.too_large")`` past ``limit`` bytes. After an error or a
        cancellation no bytes stay.
        """
        ...

    def read(self, blob_id: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes of a blob from ``start``.

        Raises ``Unavailable("storage.blob_missing")`` for an absent blob, ``Unavailable("storage.blob_short")`` for one
        that ends earlier.
        """
        ...

    async def delete(self, blob_id: str) -> None:
        """Delete a blob; a missing one is not an error."""
        ...

    async def list(self) -> Sequence[str]:
        """Return the ids of all blobs, without those in quarantine."""
        ...

    def witness(self) -> Witness:
        """Return the id of the installation that the store belongs to, and whether it holds blobs."""
        ...

    def identify(self, installation_id: str) -> None:
        """Durably make this the store of an installation."""
        ...


class WritesAtOffset(Protocol):
    """Ability: many writers fill one blob at the same time, each its own range.

    Fallback: every part of a multipart upload becomes a blob of its own.
    """

    async def put_at(self, blob_id: str, offset: int, body: Body, *, length: int | None, limit: int) -> Received:
        """As :meth:`BlobStore.put`, from ``offset`` of a blob that is created when it is absent."""
        ...


class ReclaimsRanges(Protocol):
    """Ability: parts of a blob are freed while the rest stays. Fallback: they take space until the blob is deleted."""

    async def erase(self, blob_id: str, offset: int, length: int) -> None:
        """Free the space of a range and keep the other bytes. A missing blob is not an error."""
        ...

    async def keep_only(self, blob_id: str, extents: Sequence[Extent]) -> int:
        """Free everything outside ``extents``, and end the blob with the last of them; return the bytes freed."""
        ...

    async def slack(self, blob_id: str, extents: Sequence[Extent]) -> int:
        """Return how many bytes :meth:`keep_only` would free; changes nothing."""
        ...


class LocalFiles(Protocol):
    """Ability: blobs are files of this machine. Fallback: bytes are copied through :class:`WorkingFiles`."""

    @property
    def root(self) -> str:
        """The folder that holds every blob's file, for a web server in front that sends them."""
        ...

    def locate(self, blob_id: str) -> str:
        """Return the path of a blob's file, for sendfile and for programs that read paths."""
        ...

    async def adopt(self, blob_id: str, path: str) -> Received:
        """Make the finished file at ``path`` a blob, durably and without copying where possible; the file stays."""
        ...

    async def join(self, blob_id: str, extents: Sequence[Extent]) -> None:
        """Copy ``extents`` one after another into the new blob ``blob_id``, durably."""
        ...


class Quarantine(Protocol):
    """Ability: blobs are set aside, out of :meth:`BlobStore.list`.

    Fallback: a blob without a row stays where it is and is logged; nothing is deleted that quarantine would keep.
    """

    async def set_aside(self, blob_id: str, now: float) -> None:
        """Move a blob to quarantine; a missing one is not an error."""
        ...

    async def take_back(self, blob_id: str) -> None:
        """Return a blob from quarantine."""
        ...

    async def quarantined(self) -> Sequence[Quarantined]:
        """Return what is in quarantine."""
        ...

    async def erase_quarantined(self, blob_id: str) -> None:
        """Delete a blob that is in quarantine."""
        ...


@dataclass(frozen=True)
class Blobs:
    """A blob store and its abilities; None is an ability that the store lacks."""

    store: BlobStore
    offsets: WritesAtOffset | None = None
    ranges: ReclaimsRanges | None = None
    files: LocalFiles | None = None
    quarantine: Quarantine | None = None

    async def read(self, extents: Sequence[Extent], start: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes from ``start`` of the run that ``extents`` form."""
        for extent in _slice(extents, start, length):
            async for data in self.store.read(extent.blob_id, extent.offset, extent.length):
                yield data


class WorkingFiles(Protocol):
    """Files of this machine outside the store, for stores without :class:`LocalFiles`."""

    def hold(self, chunks: AsyncIterator[bytes]) -> AbstractAsyncContextManager[str]:
        """Write ``chunks`` into a file and return its path; the file goes when the block ends."""
        ...

    async def size(self, path: str) -> int:
        """Return the bytes of a file."""
        ...

    def read(self, path: str) -> AsyncIterator[bytes]:
        """Yield a file's bytes."""
        ...


class Pieces:
    """A body whose bytes pass through this process before they are stored; see :class:`Body`. Iterated once."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield them."""
        return self._pieces

    def direct(self) -> None:
        """Return None: there is no connection to read from."""
        return


def _slice(extents: Iterable[Extent], start: int, length: int) -> list[Extent]:
    """Return the extents of ``length`` bytes from ``start`` of the run."""
    wanted: list[Extent] = []
    for extent in extents:
        skip = min(start, extent.length)
        take = min(extent.length - skip, length)
        start -= skip
        length -= take
        if take:
            wanted.append(Extent(extent.blob_id, extent.offset + skip, take))
    return wanted
