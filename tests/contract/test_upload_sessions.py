"""Sessions, what they let in and what belongs to them, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from openvod.access.model import MAIN_APPLICATION_ID, KeyPair
from openvod.access.service import ensure_defaults
from openvod.adapters.filesystem.blobs import file_blobs
from openvod.adapters.sql.database import Database, Transaction
from openvod.base.errors import OpenVodError
from openvod.signing import storage_token
from openvod.storage.blobs import Blobs
from openvod.storage.model import BlobState, StoredObject
from openvod.storage.multipart import MultipartService
from openvod.storage.placement import SlotBoard
from openvod.storage.service import StorageService
from openvod.storage.strays import GRACE_SECONDS, StrayObjects
from openvod.storage.writing import BlobWriter, Incoming
from openvod.upload.model import SESSION_SECONDS, ApplyRequest, FileRequest, Permission
from openvod.upload.ownership import strays
from openvod.upload.service import Applied, ServerPermission, UploadService
from support.events import Entropy, ManualClock, PlainBox
from support.server import run_async

_KEY = KeyPair("AKIDtest", MAIN_APPLICATION_ID, b"", True, 1.0)
_CALLER = ServerPermission(_KEY.secret_id, 0, Permission())
_ROOT = b"r" * 32


class Bytes:
    """A body in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data

    def direct(self) -> None:
        """It comes from nowhere."""


class Site:
    """Upload and storage services over one database, at a clock of the test's own."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self.database, self.clock = database, ManualClock(1_700_000_000.0)
        self.blobs = blobs
        writer = BlobWriter(database, blobs, self.clock, Entropy(), SlotBoard())
        self.storage = StorageService(database, blobs, writer, self.clock)
        self.multipart = MultipartService(database, blobs, writer, self.clock, Entropy())
        self.uploads = UploadService(
            database, PlainBox(), self.clock, Entropy(), token_key=_ROOT, media_url=lambda key: f"/{key}"
        )
        self.strays = StrayObjects(database, strays, self.clock)

        def prepare(tx: Transaction) -> None:
            ensure_defaults(tx.access, self.clock.now())
            tx.access.put_key_pair(_KEY)

        run_async(database.write(prepare))

    async def apply(self, session_key: str = "") -> Applied:
        """Open a session for one video."""
        return await self.uploads.apply_for_server(_CALLER, ApplyRequest(video=FileRequest("v", "mp4", None)))

    async def put(self, applied: Applied, body: bytes = b"bytes") -> StoredObject:
        """Store the session's video."""
        session = applied.session
        return await self.storage.put_object(
            session.ref, session.bucket, session.video_key, {}, Incoming(Bytes(body), len(body))
        )


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """A site with its main application and one key."""
    with file_blobs(tmp_path / "blobs") as blobs:
        yield Site(database, blobs)


async def _code(call: object) -> str:
    try:
        await call  # type: ignore[misc]  # any coroutine
    except OpenVodError as error:
        return error.code
    return ""


def test_credentials_end_with_their_session(site: Site) -> None:
    """Whenever they are handed out: no credential is valid when its session is over, nor is its session's door open."""

    async def main() -> None:
        applied = await site.apply()
        session = applied.session
        for age in (0.0, SESSION_SECONDS - 100.0):
            credential = site.uploads._credential(session, site.clock.moment + age)
            grant, _ = storage_token.open_token(
                credential.token, credential.secret_id, {"1": _ROOT}, session.expires_at - 1
            )
            assert (grant.expires_at, credential.expires_at) == (int(session.expires_at),) * 2
        site.clock.moment += SESSION_SECONDS
        assert await _code(site.put(applied)) == "storage.session_closed"
        assert await _code(site.multipart.initiate(session.ref, session.bucket, session.video_key, {}, "STANDARD")) == (
            "storage.session_closed"
        )

    run_async(main())


def test_a_session_lets_in_what_is_below_its_directory(site: Site) -> None:
    """Another session's key, and a session that nobody opened, are refused though a credential said otherwise."""

    async def main() -> None:
        one, other = await site.apply(), await site.apply()
        foreign = replace(one, session=replace(one.session, video_key=other.session.video_key))
        assert await _code(site.put(foreign)) == "storage.key_foreign"
        unknown = replace(one, session=replace(one.session, session_key="0" * 64))
        assert await _code(site.put(unknown)) == "storage.session_closed"
        assert (await site.put(one)).size == 5

    run_async(main())


def test_a_write_that_races_with_commit_is_before_or_refused(site: Site, database: Database) -> None:
    """While a commit is on its way, a put waits for it, and is then refused: the bytes that were looked at stay."""

    async def main() -> None:
        applied = await site.apply()
        before = await site.put(applied)
        looked, go_on = threading.Event(), threading.Event()

        def commit(tx: Transaction) -> None:
            session = tx.uploads.session(applied.session.session_key, lock=True)
            assert session
            looked.set()
            go_on.wait(5)
            site.uploads.commit_pulled(tx, session, site.clock.now())

        committing = asyncio.create_task(database.write(commit))
        await asyncio.to_thread(looked.wait, 5)
        late = asyncio.create_task(_code(site.put(applied, b"other")))
        await asyncio.sleep(0.1)
        go_on.set()
        await committing
        assert await late == "storage.session_closed"
        assert await site.storage.head(before.bucket, before.key) == replace(before, published=True)

    run_async(main())


def test_objects_of_nobody_are_found_and_set_aside(site: Site, database: Database) -> None:
    """What has no session, file, output or template is told by the check, and let go when it is old."""

    async def main() -> None:
        open_one, done = await site.apply(), await site.apply()
        kept = [await site.put(open_one), await site.put(done)]
        await site.uploads.commit_for_server(_CALLER, done.session.session_key)
        lost = await site.put(await site.apply())
        await database.write(lambda tx: tx.uploads.delete_session(_session_of(tx, lost)))
        odd = replace(lost, key="short/odd/x.ts", extents=())
        await database.write(lambda tx: tx.storage.put_object(odd))
        assert await site.strays.all() == [lost, odd]
        assert await site.strays.run_once() == 0, "it may be on its way"
        site.clock.moment += GRACE_SECONDS + 1
        while await site.strays.all():
            await site.strays.run_once()
        assert await _code(site.storage.head(lost.bucket, lost.key)) == "storage.object_unknown"
        blob = lost.extents[0].blob_id
        assert await database.read(lambda tx: tx.storage.blob_state(blob)) is None
        assert blob in await site.blobs.store.list(), "the bytes are there for whoever finds that it was a mistake"
        for each in kept:
            assert (await site.storage.head(each.bucket, each.key)).size == each.size
        live = await database.read(lambda tx: [tx.storage.blob_state(each.extents[0].blob_id) for each in kept])
        assert live == [BlobState.LIVE] * 2

    run_async(main())


def _session_of(tx: Transaction, stored: StoredObject) -> str:
    file_id = stored.key.split("/")[1][8:]
    return tx.uploads.sessions_of(file_id)[0].session_key
