"""What a database cannot do fails that transaction in our words; the next ones go on by themselves."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from openvod.access.model import Application
from openvod.adapters.sql.database import Database, Limits, Transaction, open_database, sqlite_url
from openvod.adapters.sql.migrations import upgrade
from openvod.adapters.sql.sessions import LockSession
from openvod.base.errors import Exhausted, OpenVodError, Unavailable
from support.faults.cut_proxy import CutProxy
from support.server import run_async
from support.server.postgresql import Cluster, cluster

_SHORT = Limits(connect=2.0, statement=1.0, lock=0.5, retry=4.0, hang=0.3)


def _put(number: int, size: int, tx: Transaction) -> None:
    tx.access.put_application(Application(number, "x" * size, 0.0))


def _count(tx: Transaction) -> int:
    return len(tx.access.applications())


def _pragma(words: str, tx: Transaction) -> None:
    tx.access._connection.exec_driver_sql(f"PRAGMA {words}").close()


def _add(number: int, tx: Transaction) -> int:
    _put(number, 1, tx)
    return number


async def _failure(database: Database, work: Callable[[Transaction], Any]) -> OpenVodError:
    with pytest.raises(OpenVodError) as error:
        await asyncio.wait_for(database.write(work), 20)
    return error.value


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Open a SQLite database at the newest schema."""
    database = open_database(sqlite_url(path), _SHORT)
    try:
        upgrade(database.engine)
        yield database
    finally:
        database.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database."""
    with opened(tmp_path / "test.sqlite3") as found:
        yield found


def test_a_full_database(database: Database) -> None:
    """SQLITE_FULL fails the transactions that met it; with room again writes go on, and nothing half done stays."""

    async def story() -> None:
        await database.write(partial(_put, 1, 10))
        await database.write(partial(_pragma, "max_page_count=1"))
        failure = await _failure(database, partial(_put, 2, 4_000_000))
        assert isinstance(failure, Exhausted)
        assert failure.code == "database.full"
        assert "free space" in failure.message
        assert database.trouble() == ""
        await database.write(partial(_pragma, "max_page_count=1000000"))
        await database.write(partial(_put, 3, 4_000_000))
        assert await database.read(_count) == 2

    run_async(story())


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a file system of its own needs root")
def test_a_full_file_system(tmp_path: Path) -> None:
    """On a real file system that is full, many concurrent writes fail or succeed, none hangs; freed, they go on."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"tmpfs cannot be mounted here: {mounted.stderr!r}")
    try:
        with opened(tmp_path / "test.sqlite3") as database:
            run_async(_fill_and_free(database, str(tmp_path / "ballast")))
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


async def _fill_and_free(database: Database, ballast: str) -> None:
    await database.write(partial(_put, 0, 10))
    await asyncio.to_thread(
        subprocess.run, ["dd", "if=/dev/zero", f"of={ballast}", "bs=4096"], capture_output=True, check=False
    )
    writes = [database.write(partial(_put, number, 100_000)) for number in range(1, 21)]
    told = await asyncio.wait_for(asyncio.gather(*writes, return_exceptions=True), 20)
    refused = [each for each in told if isinstance(each, OpenVodError)]
    assert refused
    assert {each.code for each in refused} <= {"database.full", "database.unavailable"}
    assert await database.read(_count) == 21 - len(refused)
    await asyncio.to_thread(os.unlink, ballast)
    await asyncio.wait_for(database.write(partial(_put, 99, 100_000)), 20)


def test_a_disk_that_refuses(database: Database) -> None:
    """An input/output error fails the transaction; the writer goes on when the disk takes bytes again."""

    async def story() -> None:
        await database.write(partial(_put, 1, 10))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
        try:
            failure = await _failure(database, partial(_put, 2, 4_000_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert failure.code in ("database.unavailable", "database.full")
        await database.write(partial(_put, 3, 4_000_000))
        assert await database.read(_count) == 2

    run_async(story())


def test_a_database_that_another_process_locks(database: Database, tmp_path: Path) -> None:
    """A lock that does not end in time is told; afterwards writes go on."""

    async def story() -> None:
        await database.write(partial(_pragma, "busy_timeout=100"))
        with closing(sqlite3.connect(tmp_path / "test.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            failure = await _failure(database, partial(_put, 1, 10))
            assert (failure.code, "locked" in failure.message) == ("database.unavailable", False)
        await database.write(partial(_put, 1, 10))

    run_async(story())


def _leave(tx: Transaction) -> None:
    raise SystemExit(3)


def _hang(tx: Transaction) -> None:
    time.sleep(1.0)


def test_a_writer_that_hangs_or_ends_is_noticed(database: Database) -> None:
    """What would end a thread ends a transaction; a hanging writer is told of, and a dead one lets nobody wait."""

    async def story() -> None:
        assert isinstance(await _failure(database, _leave), Unavailable)
        slow = asyncio.ensure_future(database.write(_hang))
        await asyncio.sleep(0.6)
        assert "hung" in database.trouble()
        await slow
        assert database.trouble() == ""
        database._writer._queue.put(None)  # type: ignore[attr-defined]  # ends the thread from outside
        database._writer._thread.join()  # type: ignore[attr-defined]  # ends the thread from outside
        assert "ended" in database.trouble()
        assert "restart" in (await _failure(database, _hang)).message

    run_async(story())


# PostgreSQL.

POSTGRESQL, GROUP = pytest.mark.postgresql, pytest.mark.xdist_group("postgresql-away")


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A cluster that tests take away."""
    with cluster() as made:
        yield made


@contextmanager
def connected(url: str) -> Iterator[Database]:
    """Open the cluster's database."""
    database = open_database(url, _SHORT)
    try:
        upgrade(database.engine)
        yield database
    finally:
        database.close()


@POSTGRESQL
@GROUP
def test_restarts_are_survived(server: Cluster) -> None:
    """Over a crash of PostgreSQL reads and writes that left no trace are repeated; while it is away it is told."""
    with connected(server.url) as database:

        async def story() -> None:
            await database.write(partial(_put, 1, 10))
            await asyncio.to_thread(server.stop)
            writes = [asyncio.ensure_future(database.write(partial(_put, 10 + n, 10))) for n in range(4)]
            reads = [asyncio.ensure_future(database.read(_count)) for _ in range(4)]
            await asyncio.sleep(0.5)
            assert "not answered" in database.trouble()
            await asyncio.to_thread(server.start)
            await asyncio.wait_for(asyncio.gather(*writes, *reads), 20)
            assert database.trouble() == ""
            assert await database.read(_count) >= 5

        run_async(story())


@POSTGRESQL
@GROUP
def test_a_server_that_stays_away(server: Cluster) -> None:
    """After the time for repeats, reads and writes fail alike, in our words; database and host are not named."""
    with connected(server.url) as database:
        run_async(database.read(_count))
        server.stop()
        try:
            for call in (database.read(_count), database.write(partial(_add, 1))):
                with pytest.raises(Unavailable) as error:
                    run_async(call)
                assert error.value.code == "database.unavailable"
                assert "connection" not in error.value.message
                assert "sockets" not in error.value.message
        finally:
            server.start()


@POSTGRESQL
@GROUP
@pytest.mark.parametrize("harm", ["frozen", "cut without a word", "idle connections closed"])
def test_silence_is_not_waited_for(server: Cluster, harm: str) -> None:
    """Nobody waits for ever for a server that stands still or a way that is cut, and everything goes on by itself."""
    with CutProxy(server.port, idle_seconds=0.5 if harm.startswith("idle") else 0.0) as proxy:
        url = server.tcp_url.replace(f":{server.port}/", f":{proxy.port}/")
        with connected(url) as database:

            async def story() -> None:
                await asyncio.gather(*[database.read(_count) for _ in range(8)])
                if harm == "frozen":
                    with server.frozen():
                        await asyncio.wait_for(_failing(database), 30)
                elif harm.startswith("cut"):
                    proxy.silent = True
                    await asyncio.wait_for(_failing(database), 30)
                    proxy.silent = False
                else:
                    await asyncio.sleep(1.2)
                    assert proxy.closed
                await asyncio.wait_for(database.write(partial(_put, 77, 10)), 10)

            run_async(story())


async def _failing(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.read(_count)


@POSTGRESQL
@GROUP
def test_statements_and_locks_have_time_limits(server: Cluster) -> None:
    """A statement, and the wait for a row that another transaction has, end by themselves with a clear answer."""
    with connected(server.url) as database:

        def sleep(tx: Transaction) -> None:
            tx.access._connection.exec_driver_sql("SELECT pg_sleep(20)")

        async def story() -> None:
            began = time.monotonic()
            assert (await _failure(database, sleep)).code == "database.unavailable"
            assert time.monotonic() - began < 5
            await database.write(partial(_put, 5, 10))

        run_async(story())
        with database.engine.connect() as other:
            other.exec_driver_sql("UPDATE applications SET name = name WHERE sub_app_id = 5")
            assert run_async(_failure(database, partial(_put, 5, 20))).code == "database.unavailable"


@POSTGRESQL
@GROUP
def test_locks_come_back(server: Cluster) -> None:
    """A session takes its locks again after a crash of the server; what somebody else took meanwhile is lost."""
    ours, theirs = LockSession(server.url, _SHORT, beat=0.5), LockSession(server.url, _SHORT)
    try:
        assert ours.take("a")
        assert not theirs.take("a")
        server.restart()
        _until(lambda: ours.age("a") < 0.1)
        assert not theirs.take("a")
        assert not ours.lost("a")
        _until(lambda: ours.age("a") < 0.1)
        server.ask("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        assert theirs.take("a")
        _until(lambda: ours.lost("a"))
        assert ours.age("a") > 1.0
        theirs.release("a")
        _until(lambda: not ours.lost("a"))
        assert ours.age("a") < 1.0
    finally:
        ours.close()
        theirs.close()


def _until(true: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
