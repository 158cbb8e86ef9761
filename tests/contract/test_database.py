"""The unit of work and the tables behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from openvod.access.model import (
    AddressPolicy,
    Application,
    AuditEntry,
    Distribution,
    Domain,
    Group,
    KeyPair,
    LinkPolicy,
    RefererPolicy,
    StorageRegion,
)
from openvod.access.service import ensure_defaults
from openvod.adapters.sql import schema
from openvod.adapters.sql.database import Database, Transaction, open_database
from openvod.adapters.sql.migrations import upgrade
from openvod.base.errors import Conflict, OpenVodError
from openvod.media.model import MediaAsset, ProbeState
from openvod.storage.model import (
    Blob,
    BlobState,
    Bucket,
    Extent,
    GridTotals,
    MultipartUpload,
    Part,
    StoredObject,
    UploadState,
)
from openvod.storage.removal import remove_objects
from openvod.upload.model import (
    ApplyRequest,
    FileRequest,
    Permission,
    SessionState,
    Source,
    SpentSignature,
    UploadSession,
)
from support.server import run_async


def _upload(upload_id: str, key: str = "k", **changes: object) -> MultipartUpload:
    base = MultipartUpload(upload_id, "b", key, "blob", {"Content-Type": "x"}, "STANDARD", UploadState.OPEN, 1.0, 1.0)
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def _session(key: str, **changes: object) -> UploadSession:
    request = ApplyRequest(video=FileRequest("名字", "mp4", 2**40), cover=None)
    base = UploadSession(
        key, 1, "5", SessionState.OPEN, "b", "r", "v", "", Source.CLIENT, request, Permission(source_context="😀"), "f",
        1.0, 100.0,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def _spend(spent: SpentSignature, tx: Transaction) -> bool:
    return tx.uploads.spend(spent)


def test_the_migrations_make_the_schema(database: Database) -> None:
    """What the versions build is what the code declares, and running them again changes nothing."""
    upgrade(database.engine)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, schema.metadata) == []


def test_a_database_of_a_newer_release_is_refused(database: Database) -> None:
    """A schema version that this release does not know is not touched."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict, match="9999"):
        upgrade(database.engine)


def test_everything_or_nothing(database: Database) -> None:
    """A work function that raises leaves no trace, whatever it wrote before; its neighbours commit."""

    def fails(tx: Transaction) -> None:
        tx.access.put_application(Application(7, "gone", 0.0))
        raise Conflict("test", "no")

    async def both() -> None:
        good = database.write(lambda tx: tx.access.put_application(Application(8, "stays", 0.0)))
        results = await asyncio.gather(database.write(fails), good, return_exceptions=True)
        assert isinstance(results[0], OpenVodError)
        names = [a.name for a in await database.read(lambda tx: tx.access.applications())]
        assert names == ["stays"]

    run_async(both())


def _add_blob(blob: Blob, tx: Transaction) -> None:
    tx.storage.add_blob(blob)


def test_the_version_changes_with_every_commit(database: Database) -> None:
    """Of this process or another; where that cannot be told at once there is none."""
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    seen = []
    for number, each in enumerate((database, other, database)):
        seen.append(database.version())
        blob = Blob(str(number), BlobState.LIVE, 1.0)
        run_async(each.write(partial(_add_blob, blob)))
    seen.append(database.version())
    assert database.version() == seen[-1]
    assert len(set(seen)) == (len(seen) if database.engine.dialect.name == "sqlite" else 1)
    assert (None in seen) is (database.engine.dialect.name != "sqlite")
    run_async(other.read(lambda tx: tx.events.heads()))
    assert database.version() == seen[-1]
    other.close()


def test_processes_that_start_together_make_one_schema(database_url: str) -> None:
    """Server and workers may start at the same moment on an empty database: one makes the schema, the others wait."""

    def start(_: int) -> str:
        opened = open_database(database_url)
        try:
            upgrade(opened.engine)
            run_async(opened.write(lambda tx: ensure_defaults(tx.access, 0.0)))
            return ",".join(a.name for a in run_async(opened.read(lambda tx: tx.access.applications())))
        finally:
            opened.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == ["main"] * 4


def test_concurrent_spenders_have_one_winner(database: Database) -> None:
    """Of many transactions that spend one signature exactly one wins."""

    async def race() -> list[bool]:
        spent = [SpentSignature("same", f"s{n}", "d", 0.0, 9.0) for n in range(20)]
        return await asyncio.gather(*(database.write(partial(_spend, s)) for s in spent))

    assert sum(run_async(race())) == 1


def test_access_rows(database: Database) -> None:
    """Applications, keys, regions and categories survive the trip."""

    def work(tx: Transaction) -> None:
        ensure_defaults(tx.access, 5.0)
        ensure_defaults(tx.access, 6.0)
        key = KeyPair("id", 1, b"\x00\xff", True, 2.5, "note", (Group.SIGN, Group.READ))
        tx.access.put_key_pair(key)
        tx.access.put_key_pair(replace(key, enabled=False))
        assert tx.access.key_pair("id") == replace(key, enabled=False)
        assert list(tx.access.regions()) == [StorageRegion("ap-chongqing", True, True)]
        assert [tx.access.add_category(1, n, 0).class_id for n in "ab"] == [1, 2]
        tx.access.delete_key_pair("id")
        assert tx.access.key_pair("id") is None

    run_async(database.write(work))


def test_domain_rows(database: Database) -> None:
    """Domains come back as they were put, by age; an application without any has the default distribution."""
    domain = Domain(
        1, "b.test", 2.0, RefererPolicy(True, True, ("a.com",), False), AddressPolicy(True, False, ("10.0.0.0/8",)),
        LinkPolicy(True, b"sealed", b"second"),
    )  # fmt: skip

    def work(tx: Transaction) -> None:
        tx.access.put_domain(domain)
        tx.access.put_domain(Domain(1, "a.test", 3.0))
        tx.access.put_domain(Domain(2, "b.test", 1.0))
        tx.access.put_distribution(Distribution(2, "b.test", "", b"key"))
        tx.access.put_distribution(Distribution(3, "", "", b"key"))
        assert tx.access.domain(1, "b.test") == domain
        assert [each.name for each in tx.access.domains(1)] == ["b.test", "a.test"]
        assert tx.access.distribution(1) == Distribution(1)
        assert tx.access.distributions() == [Distribution(2, "b.test", "", b"key")]
        tx.access.delete_domain(1, "b.test")
        assert tx.access.domain(1, "b.test") is None
        assert tx.access.domain(2, "b.test") is not None

    run_async(database.write(work))


def test_link_addresses(database: Database) -> None:
    """As many addresses as a link allows may use it, those stay in, and rows go when the link has expired."""

    def work(tx: Transaction) -> None:
        admitted = [tx.access.admit_link_address("l", f"a{n}", 2, 10.0) for n in (1, 2, 3, 1, 2)]
        assert admitted == [True, True, False, True, True]
        assert tx.access.admit_link_address("other", "a3", 1, 20.0)
        assert tx.access.forget_link_addresses(10.5) == 2
        assert tx.access.admit_link_address("l", "a3", 1, 30.0)
        assert not tx.access.admit_link_address("other", "a1", 1, 20.0)

    run_async(database.write(work))


def test_audit_rows(database: Database) -> None:
    """Entries come from the newest, page by page; old ones are forgotten."""
    entries = [AuditEntry(float(n), "k", 1, f"A{n}", "{}", "", "r", "127.0.0.1") for n in range(5)]

    def work(tx: Transaction) -> None:
        for entry in entries:
            tx.access.add_audit_entry(entry)
        newest = tx.access.audit_entries(0, 2)
        assert [entry for _, entry in newest] == [entries[4], entries[3]]
        assert [entry for _, entry in tx.access.audit_entries(newest[-1][0], 9)] == entries[2::-1]
        assert tx.access.forget_audit_entries(3.0) == 3
        assert len(tx.access.audit_entries(0, 9)) == 2

    run_async(database.write(work))


def test_many_objects_go_at_once(database: Database) -> None:
    """More objects than one statement takes are deleted with their bytes doomed; others stay."""
    keys = [f"d/{number}" for number in range(1201)]

    def work(tx: Transaction) -> None:
        for key in [*keys, "e/0"]:
            tx.storage.add_blob(Blob(key, BlobState.LIVE, 1.0))
            tx.storage.put_object(StoredObject("b", key, 1, "e", 1, {}, (Extent(key, 0, 1),), 1.0))
        tx.storage.put_object(StoredObject("c", "d/0", 0, "e", 1, {}, (), 1.0))
        remove_objects(tx.storage, "b", tx.storage.objects_under("b", "d/"))
        assert [(o.bucket, o.key) for o in tx.storage.all_objects()] == [("b", "e/0"), ("c", "d/0")]
        assert {blob.blob_id for blob in tx.storage.blobs(BlobState.DOOMED)} == set(keys)
        assert [blob.blob_id for blob in tx.storage.blobs(BlobState.LIVE)] == ["e/0"]

    run_async(database.write(work))


def test_object_rows(database: Database) -> None:
    """Objects keep 64-bit sums, sizes, headers and extents; prefixes are exact and never wild cards."""

    def work(tx: Transaction) -> None:
        stored = StoredObject("b", "d/中文_%.mp4", 2**45, "e-2", 2**64 - 1, {"X": "y"}, (Extent("a", 1, 2),), 3.5)
        tx.storage.put_object(stored)
        tx.storage.put_object(replace(stored, key="d2/x"))
        assert tx.storage.object("b", stored.key) == stored
        assert [o.key for o in tx.storage.objects_under("b", "d/")] == [stored.key]
        assert list(tx.storage.objects_under("b", "d_")) == []
        tx.storage.publish_under("b", "d/")
        found = tx.storage.object("b", stored.key)
        assert found is not None
        assert found.published
        other = tx.storage.object("b", "d2/x")
        assert other is not None
        assert not other.published
        tx.storage.add_bucket(Bucket("b-1", "b", 1, "r"))
        assert tx.storage.bucket_by_short_name("b") == tx.storage.bucket_for(1, "r") == tx.storage.bucket("b-1")

    run_async(database.write(work))


def test_upload_rows(database: Database) -> None:
    """Uploads are listed by key, then age, after markers; parts by number; deletion takes the parts along."""

    def work(tx: Transaction) -> None:
        for upload in (_upload("2", "k"), _upload("1", "k"), _upload("3", "a"), _upload("4", "K")):
            tx.storage.put_upload(upload)
        tx.storage.put_upload(_upload("5", state=UploadState.COMPLETED))
        listed = tx.storage.uploads_under("b", "", "", "", 10)
        assert [(u.key, u.upload_id) for u in listed] == [("K", "4"), ("a", "3"), ("k", "1"), ("k", "2")]
        assert [u.upload_id for u in tx.storage.uploads_under("b", "k", "k", "1", 10)] == ["2"]
        assert [u.upload_id for u in tx.storage.uploads_under("b", "", "a", "", 1)] == ["1"]
        for number in (3, 1, 2):
            tx.storage.put_part(Part("1", number, 2**33, "e", 2**64 - 1, "blob", 2**40, 1.5))
        assert [p.number for p in tx.storage.parts("1", 1, 10)] == [2, 3]
        assert tx.storage.part("1", 3) == Part("1", 3, 2**33, "e", 2**64 - 1, "blob", 2**40, 1.5)
        assert tx.storage.upload("1", lock=True) == _upload("1")
        tx.storage.delete_upload("1")
        assert list(tx.storage.parts("1")) == []
        assert [u.upload_id for u in tx.storage.uploads_idle_since(2.0, 10)] == ["2", "3", "4", "5"]

    run_async(database.write(work))


def test_blob_rows(database: Database) -> None:
    """The ledger changes state and forgets in bulk."""
    ids = [f"{n:04x}" for n in range(1200)]

    def work(tx: Transaction) -> None:
        for blob_id in ids:
            tx.storage.add_blob(Blob(blob_id, BlobState.PENDING, 1.0))
        tx.storage.set_blob_state(ids[:700], BlobState.DOOMED)
        assert len(tx.storage.blobs(BlobState.DOOMED)) == 700
        tx.storage.delete_blobs(ids[:700])
        assert len(tx.storage.blobs()) == 500

    run_async(database.write(work))


def test_session_rows(database: Database) -> None:
    """Sessions keep their request and permission as values; expiry finds them."""

    def work(tx: Transaction) -> None:
        tx.uploads.put_session(_session("one"))
        assert tx.uploads.session("one", lock=True) == _session("one")
        tx.uploads.put_session(_session("one", state=SessionState.COMMITTED, committed_at=3.0))
        assert [s.session_key for s in tx.uploads.sessions_expired(101.0, 5)] == ["one"]
        assert list(tx.uploads.sessions_expired(99.0, 5)) == []
        tx.uploads.spend(SpentSignature("f", "one", "d", 1.0, 5.0))
        assert tx.uploads.forget_spent(6.0) == 1

    run_async(database.write(work))


def test_media_rows(database: Database) -> None:
    """Assets wait for their probe in order of age."""
    asset = MediaAsset(
        "5", 1, "n", "mp4", 0, "b", "r", "k", "", 2**40, "c", 2.0, 2.0, "", ProbeState.PENDING, {"a": [1]}
    )

    def work(tx: Transaction) -> None:
        tx.media.put_asset(asset)
        tx.media.put_asset(replace(asset, file_id="4", created_at=1.0))
        assert [a.file_id for a in tx.media.unprobed(5)] == ["4", "5"]
        tx.media.put_asset(replace(asset, probe_state=ProbeState.DONE))
        assert [a.file_id for a in tx.media.unprobed(5)] == ["4"]

    run_async(database.write(work))


def test_totals_of_a_grid(database: Database) -> None:
    """The database sums parts up in order of number and tells what leaves the grid."""
    upload = _upload("u", stride=10)

    def part(number: int, size: int = 10, offset: int | None = None, blob: str = "blob") -> Part:
        return Part("u", number, size, f"{number:x}" * 2, 2**64 - number, blob, offset or (number - 1) * 10, 1.0)

    def work(tx: Transaction) -> None:
        tx.storage.put_upload(upload)
        assert tx.storage.grid_totals(upload) == GridTotals(0, 0, 0, 0, 0, "", "")
        for number in (3, 1, 2):
            tx.storage.put_part(part(number, 4 if number == 3 else 10))
        crcs = ",".join(str(2**64 - number) for number in (1, 2, 3))
        assert tx.storage.grid_totals(upload) == GridTotals(3, 3, 3, 3, 24, "112233", crcs)
        tx.storage.put_part(part(2, blob="own"))
        assert tx.storage.grid_totals(upload).in_grid == 2

    run_async(database.write(work))
