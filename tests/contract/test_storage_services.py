"""The storage room over stores with every ability, with some and with none: the same promises, other ways there."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from openvod.access.model import MAIN_APPLICATION_ID
from openvod.adapters.filesystem.blobs import file_blobs
from openvod.adapters.filesystem.working import WorkingCopies
from openvod.adapters.sql.database import Database, open_database, sqlite_url
from openvod.adapters.sql.migrations import upgrade
from openvod.base.errors import Exhausted
from openvod.base.sizes import KIB, MIB
from openvod.storage.blobs import Blobs, Pieces
from openvod.storage.collector import PENDING_KEPT_SECONDS, Collector, check
from openvod.storage.files import ObjectFiles
from openvod.storage.model import BlobState, Bucket, CompletedPart, MultipartUpload, Part, SessionRef, StoredObject
from openvod.storage.multipart import MultipartService
from openvod.storage.outputs import OutputFile, OutputStore, place
from openvod.storage.placement import SlotBoard
from openvod.storage.scrubber import Scrubber, Verdict
from openvod.storage.service import StorageService
from openvod.storage.writing import BlobWriter, Incoming
from openvod.upload.model import ApplyRequest, Permission, SessionState, Source, UploadSession
from support.events import Entropy, ManualClock
from support.server import run_async
from support.stores import memory_blobs

BUCKET = Bucket("short-1", "short", MAIN_APPLICATION_ID, "region")
KEY = "short/dir/video.mp4"


class Room:
    """The storage room's services over one store, with an open session."""

    def __init__(self, database: Database, blobs: Blobs, folder: Path) -> None:
        self.database, self.blobs, self.clock = database, blobs, ManualClock(1_700_000_000.0)
        writer = BlobWriter(database, blobs, self.clock, Entropy(), SlotBoard())
        working = WorkingCopies(folder / "copies")
        self.objects = StorageService(database, blobs, writer, self.clock)
        self.multipart = MultipartService(database, blobs, writer, self.clock, Entropy())
        self.files = ObjectFiles(database, self.objects, blobs, writer, working)
        self.outputs = OutputStore(database, blobs, working, self.clock, Entropy())
        self.collector = Collector(database, blobs, writer.slots, self.clock)
        session = UploadSession(
            "k" * 64, MAIN_APPLICATION_ID, "file", SessionState.OPEN, BUCKET.name, BUCKET.region, KEY, "",
            Source.SERVER, ApplyRequest(), Permission(), "", self.clock.now(), self.clock.now() + 1e9,
        )  # fmt: skip
        self.session: SessionRef = session.ref
        run_async(database.write(lambda tx: tx.storage.add_bucket(BUCKET)))
        run_async(database.write(lambda tx: tx.uploads.put_session(session)))

    async def put(self, data: bytes) -> StoredObject:
        """Store the session's video whole."""
        return await self.objects.put_object(self.session, BUCKET.name, KEY, {}, incoming(data))

    async def initiate(self) -> MultipartUpload:
        """Open a multipart upload of the session's video."""
        return await self.multipart.initiate(self.session, BUCKET.name, KEY, {}, "STANDARD")

    async def part(self, upload: MultipartUpload, number: int, data: bytes) -> Part:
        """Upload a part."""
        return await self.multipart.upload_part(BUCKET.name, KEY, upload.upload_id, number, incoming(data))

    async def complete(self, upload: MultipartUpload, *parts: Part) -> StoredObject:
        """Complete an upload; return its object."""
        listed = [CompletedPart(each.number, each.etag) for each in parts]
        await self.multipart.complete(self.session, BUCKET.name, KEY, upload.upload_id, listed)
        return await self.objects.head(BUCKET.name, KEY)

    async def read(self, stored: StoredObject) -> bytes:
        """Read an object whole."""
        return b"".join([data async for data in self.objects.read(stored, 0, stored.size)])

    async def is_clean(self) -> bool:
        """Collect, then tell whether store and ledger agree and every object is intact."""
        await self.collector.collect(slack=True)
        verdicts = [each.verdict async for each in Scrubber(self.database, self.blobs).scrub()]
        return (await check(self.database, self.blobs)).clean and set(verdicts) <= {Verdict.INTACT}


def incoming(data: bytes, largest: int | None = None) -> Incoming:
    """Return a body of two pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        yield data[: len(data) // 2]
        yield data[len(data) // 2 :]

    return Incoming(Pieces(pieces()), len(data), largest=largest)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest schema."""
    path = tmp_path_factory.mktemp("database") / "db.sqlite3"
    database = open_database(sqlite_url(path))
    upgrade(database.engine)
    database.close()
    return path


@pytest.fixture(params=["every ability", "files that keep their ranges", "core alone"])
def room(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Iterator[Room]:
    """The room over each kind of store."""
    database = open_database(sqlite_url(Path(shutil.copy(migrated, tmp_path / "db.sqlite3"))))
    alone = request.param == "core alone"
    with nullcontext(memory_blobs()) if alone else file_blobs(tmp_path / "blobs") as blobs:
        yield Room(database, blobs if request.param == "every ability" else replace(blobs, ranges=None), tmp_path)
    database.close()


def test_parts_become_an_object(room: Room) -> None:
    """Parts in any order, one sent twice and one replaced, are the object in the order of their numbers."""
    data = [os.urandom(MIB), os.urandom(MIB), os.urandom(300)]

    async def main() -> None:
        upload = await room.initiate()
        await room.part(upload, 2, os.urandom(MIB))
        third, first = await asyncio.gather(room.part(upload, 3, data[2]), room.part(upload, 1, data[0]))
        second = await room.part(upload, 2, data[1])
        again = await room.part(upload, 2, data[1])
        assert (again.etag, again.size) == (second.etag, second.size)
        stored = await room.complete(upload, first, again, third)
        assert await room.read(stored) == b"".join(data)
        assert await room.complete(upload, first, again, third) == stored, "a repeated Complete answers the same"
        assert await room.is_clean()

    run_async(main())


def test_an_aborted_upload_leaves_no_blob(room: Room) -> None:
    """Abort dooms every part wherever it lies; so does a part that exceeds what the permission allows."""

    async def main() -> None:
        aborted, refused = await room.initiate(), await room.initiate()
        await room.part(aborted, 1, os.urandom(MIB))
        await room.part(aborted, 2, os.urandom(5))
        await room.multipart.abort(BUCKET.name, KEY, aborted.upload_id)
        await room.part(refused, 1, os.urandom(MIB))
        too_large = incoming(os.urandom(MIB), largest=MIB + 1)
        with pytest.raises(Exhausted):
            await room.multipart.upload_part(BUCKET.name, KEY, refused.upload_id, 2, too_large)
        assert await room.is_clean()
        assert await room.blobs.store.list() == []

    run_async(main())


def test_a_replaced_object_frees_its_blob(room: Room) -> None:
    """The last writer wins; the bytes before are deleted."""

    async def main() -> None:
        await room.put(os.urandom(1000))
        stored = await room.put(b"the last")
        assert await room.read(stored) == b"the last"
        assert await room.is_clean()
        assert await room.blobs.store.list() == [stored.extents[0].blob_id]

    run_async(main())


def test_an_object_is_a_local_file_while_it_is_needed(room: Room, tmp_path: Path) -> None:
    """Programs that read paths get exactly the object's bytes, also of parts; a copy goes when they are done."""
    data = os.urandom(MIB + 7)

    async def main() -> None:
        upload = await room.initiate()
        parts = [await room.part(upload, 2, data[MIB:]), await room.part(upload, 1, data[:MIB])]
        await room.complete(upload, parts[1], parts[0])
        async with room.files.local_file(BUCKET.name, KEY) as path:
            assert content(path) == data
        assert await room.is_clean()

    run_async(main())
    assert not [each for each in (tmp_path / "copies").rglob("tmp*") if each.is_file()]
    assert room.objects.locate("0" * 32) is None or room.blobs.files


def test_an_object_is_joined_once(room: Room) -> None:
    """Parts and a blob with more bytes than the object are made one file at the first use; later uses copy nothing."""
    data = os.urandom(MIB + 7)

    async def main() -> None:
        upload = await room.initiate()
        parts = [await room.part(upload, 1, data[:MIB]), await room.part(upload, 2, data[MIB:])]
        surplus = await room.part(upload, 3, os.urandom(9))
        assert surplus.size == 9
        await room.complete(upload, *parts)
        blobs: list[list[str]] = []
        for _ in range(3):
            async with room.files.local_file(BUCKET.name, KEY) as path:
                assert content(path) == data
            await room.collector.collect()
            blobs.append(sorted(await room.blobs.store.list()))
        assert blobs[0] == blobs[1] == blobs[2]
        assert await room.is_clean()

    run_async(main())


def test_what_processing_made_becomes_an_object(room: Room, tmp_path: Path) -> None:
    """A finished file and bytes in memory are stored with their checksums; what is discarded leaves no blob."""
    made, data = tmp_path / "made.mp4", os.urandom(600 * KIB)
    made.write_bytes(data)

    async def main() -> None:
        file = OutputFile("short/out/made.mp4", str(made), {})
        adopted = [*await room.outputs.adopt([file]), await room.outputs.adopt_bytes("short/out/x.m3u8", b"#", {})]
        assert adopted[0].received.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
        await room.database.write(lambda tx: place(tx.storage, BUCKET, adopted, room.clock.now()))
        await room.outputs.discard(await room.outputs.adopt([file]))
        assert await room.read(await room.objects.head(BUCKET.name, file.key)) == data
        assert await room.is_clean()
        assert len(await room.blobs.store.list()) == 2

    run_async(main())


def test_blobs_of_no_row_are_never_deleted_at_once(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """A newer copy of the database may know them: they go to quarantine, or stay where the store has none."""

    async def main() -> None:
        stored = await room.put(b"bytes")
        blob = stored.extents[0].blob_id
        await room.database.write(lambda tx: tx.storage.delete_object(BUCKET.name, KEY))
        await room.database.write(lambda tx: tx.storage.delete_blobs([blob]))
        room.clock.moment += PENDING_KEPT_SECONDS
        for _ in range(2):
            await room.collector.collect()
        kept = await room.blobs.quarantine.quarantined() if room.blobs.quarantine else ()
        assert [blob] == [*(await room.blobs.store.list()), *(each.blob_id for each in kept)]
        assert len([each for each in caplog.records if blob in each.getMessage()]) == 1, "it is logged once"

    with caplog.at_level(logging.WARNING):
        run_async(main())


def test_after_a_restore_doomed_bytes_are_kept(room: Room) -> None:
    """For as long as quarantine would keep them nothing older than the restore is deleted, and then it is."""

    async def main() -> None:
        stored = await room.put(b"bytes")
        blob = stored.extents[0].blob_id
        await room.objects.delete(BUCKET.name, KEY)
        restored = Collector(
            room.database, room.blobs, SlotBoard(), room.clock, keep_seconds=100.0, restored_at=room.clock.now()
        )
        await restored.collect()
        kept = await room.blobs.quarantine.quarantined() if room.blobs.quarantine else ()
        assert [blob] == [*(await room.blobs.store.list()), *(each.blob_id for each in kept)]
        room.clock.moment += 101.0
        await restored.collect()
        assert await room.blobs.store.list() == []
        assert not room.blobs.quarantine or not await room.blobs.quarantine.quarantined()
        doomed = await room.database.read(lambda tx: tx.storage.blobs(BlobState.DOOMED))
        assert not doomed

    run_async(main())


def content(path: str) -> bytes:
    """Return a file's bytes."""
    return Path(path).read_bytes()


def test_copies_of_a_dead_process_are_removed(tmp_path: Path) -> None:
    """The next process removes what a killed one left, and nothing of one that lives."""
    living, next_one = WorkingCopies(tmp_path / "copies"), WorkingCopies(tmp_path / "copies")

    async def held(copies: WorkingCopies) -> tuple[str, bool]:
        async with copies.hold(aiter(Pieces(_one()))) as path:
            return path, Path(path).exists()  # noqa: ASYNC240 - a test

    first, existed = run_async(held(living))
    assert existed
    dead = tmp_path / "copies" / "dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "tmpcopy").touch()
    run_async(held(next_one))
    assert not dead.exists()
    assert Path(first).parent.exists()
    living.close()
    next_one.close()
    assert not list((tmp_path / "copies").iterdir())


async def _one() -> AsyncIterator[bytes]:
    yield b"bytes"
