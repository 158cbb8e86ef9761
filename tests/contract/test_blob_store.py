"""The contract of blob stores: the core over every adapter, each ability over those that have it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

import pytest

from openvod.adapters.filesystem.blobs import file_blobs
from openvod.base.errors import ClientDisconnected, OpenVodError
from openvod.base.sizes import KIB, MIB
from openvod.storage.blobs import Blobs, Pieces
from openvod.storage.crc64 import CRC64
from openvod.storage.model import Extent, Received
from support.server import run_async
from support.stores import memory_blobs

A, B, C = "aa" * 16, "bb" * 16, "cc" * 16
Ability = TypeVar("Ability")
Open = Callable[[Path], AbstractContextManager[Blobs]]
ABLE: dict[str, Open] = {
    "file": lambda folder: file_blobs(folder / "blobs"),
    "file without direct I/O": lambda folder: file_blobs(folder / "blobs", direct_io=False),
}
STORES: dict[str, Open] = ABLE | {"core alone": lambda _: nullcontext(memory_blobs())}


@pytest.fixture(params=STORES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    """Every store, empty."""
    with STORES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=ABLE)
def able(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    """Every store that has abilities, empty."""
    with ABLE[request.param](tmp_path) as opened:
        yield opened


def need(ability: Ability | None) -> Ability:
    """Return an ability that the store must have."""
    assert ability is not None
    return ability


def content(path: str) -> bytes:
    """Return a file's bytes."""
    return Path(path).read_bytes()


def body(data: bytes, pieces: int = 3, error: BaseException | None = None) -> Pieces:
    """Return a body of a few pieces, which may break at its end."""

    async def each() -> AsyncIterator[bytes]:
        step = max(1, -(-len(data) // pieces))
        for start in range(0, len(data), step):
            yield data[start : start + step]
        if error:
            raise error

    return Pieces(each())


async def put(blobs: Blobs, blob_id: str, data: bytes) -> Received:
    """Store bytes as a blob."""
    return await blobs.store.put(blob_id, body(data), length=len(data), limit=len(data))


async def read(blobs: Blobs, extents: Sequence[Extent], start: int, length: int) -> bytes:
    """Read a range of a run of extents."""
    return b"".join([data async for data in blobs.read(extents, start, length)])


async def code_of(call: object) -> str:
    """Return the code that a call is refused with."""
    try:
        await call  # type: ignore[misc]  # any coroutine
    except OpenVodError as error:
        return error.code
    return ""


@pytest.mark.parametrize("size", [0, 1, 300 * KIB, 3 * MIB + 5])
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_blob_is_read_as_it_was_put(blobs: Blobs, size: int, is_announced: bool) -> None:
    """Size, MD5 and CRC-64 are those of the bytes, whether or not their number was announced."""
    data = os.urandom(size)

    async def main() -> None:
        received = await blobs.store.put(A, body(data), length=size if is_announced else None, limit=size)
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert received == Received(size, digest, CRC64.calc(data) if data else 0)
        assert await read(blobs, [Extent(A, 0, size)], 0, size) == data
        assert await blobs.store.list() == [A]

    run_async(main())


def test_ranges_are_read_across_extents(blobs: Blobs) -> None:
    """Bytes come in the order of the extents, from any start to any end, also from within one."""
    first, second = os.urandom(400 * KIB), os.urandom(10)
    run = [Extent(B, 2, 7), Extent(A, 100, 300 * KIB), Extent(B, 0, 1)]
    whole = second[2:9] + first[100 : 100 + 300 * KIB] + second[:1]

    async def main() -> None:
        await put(blobs, A, first)
        await put(blobs, B, second)
        for start, length in ((0, len(whole)), (3, 10), (7, 300 * KIB), (len(whole) - 1, 1), (5, 0)):
            assert await read(blobs, run, start, length) == whole[start : start + length]

    run_async(main())


def test_what_cannot_be_read_is_an_error(blobs: Blobs) -> None:
    """An absent blob and one that ends too early are told apart; a reader never gets fewer bytes in silence."""

    async def main() -> None:
        await put(blobs, A, b"12345")
        assert await code_of(read(blobs, [Extent(B, 0, 1)], 0, 1)) == "storage.blob_missing"
        assert await code_of(read(blobs, [Extent(A, 3, 5)], 0, 5)) == "storage.blob_short"

    run_async(main())


@pytest.mark.parametrize(
    ("data", "length", "limit", "expected"),
    [
        (b"12345", 6, 10, "storage.size_differs"),
        (b"12345", 4, 10, "storage.size_differs"),
        (b"12345", None, 4, "storage.too_large"),
        (b"12345", 5, 4, "storage.too_large"),
    ],
)
def test_refused_bodies_leave_no_bytes(
    blobs: Blobs, data: bytes, length: int | None, limit: int, expected: str
) -> None:
    """A body of another size, or past the limit, is refused and stores nothing."""

    async def main() -> None:
        assert await code_of(blobs.store.put(A, body(data), length=length, limit=limit)) == expected
        assert await code_of(read(blobs, [Extent(A, 0, 1)], 0, 1)) in ("storage.blob_missing", "storage.blob_short")

    run_async(main())


def test_a_body_that_breaks_leaves_no_bytes(blobs: Blobs) -> None:
    """The client's error comes out of ``put`` as it is."""

    async def main() -> None:
        with pytest.raises(ClientDisconnected):
            await blobs.store.put(A, body(b"123", error=ClientDisconnected()), length=6, limit=6)
        assert await code_of(read(blobs, [Extent(A, 0, 1)], 0, 1)) in ("storage.blob_missing", "storage.blob_short")

    run_async(main())


def test_a_cancelled_put_leaves_no_bytes(blobs: Blobs) -> None:
    """A request that is cancelled while its body arrives stores nothing."""
    waiting = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield os.urandom(600 * KIB)
        waiting.set()
        await asyncio.sleep(60)

    async def main() -> None:
        putting = asyncio.create_task(blobs.store.put(A, Pieces(slow()), length=MIB, limit=MIB))
        await waiting.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        reading = read(blobs, [Extent(A, 0, 600 * KIB)], 0, 600 * KIB)
        stored = b"" if await code_of(reading) else await read(blobs, [Extent(A, 0, 600 * KIB)], 0, 600 * KIB)
        assert not stored.strip(b"\0")

    run_async(main())


def test_deleting_is_repeatable(blobs: Blobs) -> None:
    """A deleted blob is gone from the list; deleting an absent one is no error."""

    async def main() -> None:
        await put(blobs, A, b"a")
        await put(blobs, B, b"b")
        for _ in range(2):
            await blobs.store.delete(A)
        assert await blobs.store.list() == [B]

    run_async(main())


def test_a_store_knows_its_installation(blobs: Blobs) -> None:
    """The id stays, is no blob, and the store says whether it holds any."""
    assert (blobs.store.witness().installation_id, blobs.store.witness().used) == ("", False)
    blobs.store.identify("i" * 32)
    assert (blobs.store.witness().installation_id, blobs.store.witness().used) == ("i" * 32, False)
    assert run_async(blobs.store.list()) == []
    run_async(put(blobs, A, b"a"))
    assert blobs.store.witness().used


def test_writes_at_offsets_share_a_blob(able: Blobs) -> None:
    """Ranges are written at the same time and in any order; one that is refused erases its own bytes alone."""
    offsets, parts = need(able.offsets), [os.urandom(300 * KIB) for _ in range(3)]

    async def main() -> None:
        writes = [
            offsets.put_at(A, number * 300 * KIB, body(data), length=len(data), limit=len(data))
            for number, data in reversed(list(enumerate(parts)))
        ]
        assert {each.size for each in await asyncio.gather(*writes)} == {300 * KIB}
        whole = Extent(A, 0, 900 * KIB)
        assert await read(able, [whole], 0, whole.length) == b"".join(parts)
        refused = offsets.put_at(A, 900 * KIB, body(b"x" * 9), length=8, limit=9)
        assert await code_of(refused) == "storage.size_differs"
        assert await read(able, [whole], 0, whole.length) == b"".join(parts)

    run_async(main())


def test_ranges_are_reclaimed(able: Blobs) -> None:
    """What is erased costs no space and reads as no data; the rest stays; an absent blob frees nothing."""
    ranges = need(able.ranges)
    data = os.urandom(3 * MIB)

    async def main() -> None:
        await put(able, A, data)
        kept = [Extent(A, 0, MIB), Extent(A, 2 * MIB, MIB // 2)]
        assert await ranges.slack(A, kept) == 3 * MIB // 2
        await ranges.erase(A, MIB, MIB)
        assert await ranges.slack(A, kept) == MIB // 2
        assert await ranges.keep_only(A, kept) == MIB // 2
        assert await ranges.slack(A, kept) == 0
        assert await read(able, kept, 0, 3 * MIB // 2) == data[:MIB] + data[2 * MIB : 5 * MIB // 2]
        assert await code_of(read(able, [Extent(A, 5 * MIB // 2, 1)], 0, 1)) == "storage.blob_short"
        await ranges.erase(B, 0, 10)
        assert (await ranges.slack(B, []), await ranges.keep_only(B, [])) == (0, 0)

    run_async(main())


def test_blobs_are_local_files(able: Blobs, tmp_path: Path) -> None:
    """A path below the root has the blob's bytes; a finished file becomes a blob and stays; extents are joined."""
    files, source = need(able.files), tmp_path / "made.mp4"
    data = os.urandom(2 * MIB + 3)
    source.write_bytes(data)

    async def main() -> None:
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert await files.adopt(A, str(source)) == Received(len(data), digest, CRC64.calc(data))
        assert Path(files.locate(A)).is_relative_to(files.root)
        assert content(files.locate(A)) == content(str(source)) == data
        await put(able, B, b"0123456789")
        await files.join(C, [Extent(B, 2, 3), Extent(A, 1, MIB), Extent(B, 0, 1)])
        assert content(files.locate(C)) == b"234" + data[1 : 1 + MIB] + b"0"

    run_async(main())


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs a second file system")
def test_a_file_of_another_file_system_is_copied(able: Blobs, tmp_path: Path) -> None:
    """A store on a disk of its own takes in what was made elsewhere, though no link leads there."""
    files, source = need(able.files), Path("/dev/shm") / f"openvod-{os.getpid()}"
    try:
        source.write_bytes(b"made elsewhere")
        assert run_async(files.adopt(A, str(source))).size == 14
        assert content(files.locate(A)) == b"made elsewhere"
    finally:
        source.unlink()


def test_quarantine_keeps_blobs_aside(able: Blobs) -> None:
    """A blob in quarantine is out of the list, known by its moment and size, and comes back whole or is erased."""
    quarantine = need(able.quarantine)

    async def main() -> None:
        await put(able, A, b"12345")
        await put(able, B, b"1")
        for each in (A, B, C):
            await quarantine.set_aside(each, 1_700_000_000.5)
        assert await able.store.list() == []
        aside = {each.blob_id: (each.since, each.size) for each in await quarantine.quarantined()}
        assert aside == {A: (1_700_000_000.0, 5), B: (1_700_000_000.0, 1)}
        await quarantine.take_back(A)
        await quarantine.erase_quarantined(B)
        assert await quarantine.quarantined() == []
        assert await read(able, [Extent(A, 0, 5)], 0, 5) == b"12345"

    run_async(main())
