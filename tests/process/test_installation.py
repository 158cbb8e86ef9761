"""Database, data folder and store that do not belong together: refused, with nothing lost, and the ways out."""

from __future__ import annotations

import io
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from openvod.app.cli.administration import with_services
from openvod.app.cli.commands import run as command
from openvod.app.foundation import Foundation
from openvod.app.platform import Platform
from openvod.app.services import Services
from openvod.app.settings import Settings
from openvod.storage.collector import Collector
from openvod.storage.model import CompletedPart
from support.events import ManualClock
from support.server import PlatformServer, run_async
from support.server.wire import Applied, Wire

_DAY = 86_400.0


def run(*arguments: str) -> tuple[int, str]:
    """Run a command in this process, which answers "no" to questions; return exit status and all that it printed."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(out), _answering("n\n"):
        return command(arguments), out.getvalue()


@contextmanager
def _answering(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def stored_bytes(data: Path) -> dict[str, bytes]:
    """Return every blob's bytes by its id, wherever in the store it lies."""
    found = {path.name: path.read_bytes() for path in (data / "blobs").glob("??/*")}
    return found | {
        path.name.partition("-")[2]: path.read_bytes() for path in (data / "blobs" / "quarantine").glob("*")
    }


def _stored(wire: Wire, body: bytes) -> str:
    applied = wire.apply()
    assert applied.put(body).status_code == 200
    answer = wire.commit(applied)
    return str(answer["data"]["video"]["url"])


def _backup(data: Path, to: Path) -> None:
    to.mkdir()
    with (
        closing(sqlite3.connect(data / "openvod.sqlite3")) as source,
        closing(sqlite3.connect(to / "openvod.sqlite3")) as target,
    ):
        source.backup(target)


@dataclass
class Site:
    """A stopped platform: a file of yesterday's and one of today's, and an upload that yesterday has one part of.

    ``yesterday`` and ``today`` hold copies of its database.
    """

    root: Path
    server: PlatformServer
    urls: list[str]
    unfinished: Applied
    upload_id: str
    parts: list[CompletedPart]

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.root / "data"

    @property
    def yesterday(self) -> Path:
        """Where yesterday's database is."""
        return self.root / "yesterday"

    @property
    def today(self) -> Path:
        """Where today's database is."""
        return self.root / "today"

    def copied(self, root: Path) -> Site:
        """Return the same site elsewhere, on the same port."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        server = PlatformServer(root / "data")
        server.port, server.url = self.server.port, self.server.url
        return replace(self, root=root, server=server)

    def remove_database(self) -> None:
        """Lose the database."""
        for path in self.data.glob("openvod.sqlite3*"):
            path.unlink()

    def put_back(self, folder: Path) -> None:
        """Put a copy of the database in place."""
        self.remove_database()
        for path in folder.glob("openvod.sqlite3*"):
            shutil.copy(path, self.data)

    def refused(self) -> str:
        """Start the server, which must be refused with nothing changed; return its words."""
        before = stored_bytes(self.data)
        status, words = run("serve", "--data-dir", str(self.data), "--port", "0")
        assert status in (1, 2), words
        assert stored_bytes(self.data) == before
        return words

    def collect(self, days: float = 0.0) -> None:
        """Run what a server runs every minute, so many days from now."""

        async def use(services: Services) -> None:
            base, clock = services.base, ManualClock(services.clock.now() + days * _DAY)
            keep, restored = base.settings.storage.quarantine_days * _DAY, base.installation.restored_at
            collector = Collector(
                services.database,
                base.blobs,
                services.storage.writer.slots,
                clock,
                keep_seconds=keep,
                restored_at=restored,
            )
            await collector.start()
            await collector.collect(slack=True)

        with_services(self.data, use)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site that every test gets a copy of."""
    root = tmp_path_factory.mktemp("site")
    server = PlatformServer(root / "data")
    wire = Wire(server.url, server.create_key())
    with server:
        unfinished = wire.apply()
        upload_id = unfinished.initiate()
        tags = [unfinished.put_part(upload_id, 1, b"a" * 1_048_576).headers["etag"]]
        urls = [_stored(wire, b"of yesterday" * 1000)]
        _backup(root / "data", root / "yesterday")
        tags.append(unfinished.put_part(upload_id, 2, b"b" * 1000).headers["etag"])
        urls.append(_stored(wire, b"of today" * 1000))
    _backup(root / "data", root / "today")
    parts = [CompletedPart(number + 1, tag.strip('"')) for number, tag in enumerate(tags)]
    yield Site(root, server, urls, unfinished, upload_id, parts)
    wire.http.close()


@pytest.fixture
def site(model: Site, tmp_path: Path) -> Site:
    """A site of the test's own."""
    return model.copied(tmp_path)


@pytest.mark.timeout(180)
def test_no_start_takes_files_for_left_overs(site: Site) -> None:
    """A missing and an older database are refused by name; a restore, and the newer database put back, keep all.

    This is one story, since each step leaves what the next one begins with.
    """
    before = stored_bytes(site.data)
    # rm openvod.sqlite3*; openvod serve
    site.remove_database()
    words = site.refused()
    assert "database" in words
    assert "openvod adopt" in words
    assert not list(site.data.glob("openvod.sqlite3*")), "no empty database takes the place of the missing one"
    # A backup of yesterday.
    site.put_back(site.yesterday)
    assert "openvod restore" in site.refused()
    status, words = run("restore", "--data-dir", str(site.data))
    assert (status, "7 days" in words) == (130, True), "it says what it does, and asks"
    assert "openvod restore" in site.refused()
    assert run("restore", "--data-dir", str(site.data), "--yes")[0] == 0
    site.collect()
    site.collect(days=6.9)
    assert stored_bytes(site.data) == before, "nothing is lost beside yesterday's database"
    with site.server:
        assert [httpx.get(url).status_code for url in site.urls] == [200, 404]
    assert stored_bytes(site.data) == before
    # Today's database turns up again: its files return by themselves.
    site.put_back(site.today)
    assert "openvod restore" in site.refused()
    assert run("restore", "--data-dir", str(site.data), "--yes")[0] == 0
    with site.server:
        assert [httpx.get(url).status_code for url in site.urls] == [200, 200]
        assert site.unfinished.complete(site.upload_id, site.parts).status_code == 200
    assert not list((site.data / "blobs" / "quarantine").glob("*"))
    assert "quarantine" in site.server.log()


@pytest.mark.timeout(180)
def test_check_reads_only(site: Site) -> None:
    """``storage check`` tells of orphans and slack and changes nothing; ``--repair`` says what it does, and asks."""
    orphan = site.data / "blobs" / "ab" / ("ab" + "0" * 30)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"nobody's")
    # The unfinished upload's; the two files are of some kilobytes, and its second part may lie in a blob of its own.
    part_file = max((site.data / "blobs").glob("??/*"), key=lambda path: path.stat().st_size)
    with part_file.open("r+b") as file:
        file.seek(2_000_000)
        file.write(b"slack" * 2000)
    before = stored_bytes(site.data)
    for arguments, expected in (((), 1), (("--repair",), 130)):
        status, words = run("storage", "check", "--data-dir", str(site.data), *arguments)
        assert (status, stored_bytes(site.data) == before) == (expected, True)
    assert "1 files that no row knows go to blobs/quarantine" in words
    assert "bytes outside every part" in words
    status, words = run("storage", "check", "--data-dir", str(site.data), "--repair", "--yes")
    assert (status, '"clean": true' in words) == (0, True)
    assert orphan.name in stored_bytes(site.data)
    assert not orphan.exists()
    site.collect(days=7.1)
    assert orphan.name not in stored_bytes(site.data)
    assert set(stored_bytes(site.data).values()) == {b"of today" * 1000, b"of yesterday" * 1000}


def test_a_second_folder_on_one_database_is_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second server with a folder of its own cannot take the first one's work; adopted knowingly, it can."""
    monkeypatch.setenv("OPENVOD__DATABASE__URL", f"sqlite:///{site.data / 'openvod.sqlite3'}")
    second = tmp_path / "second"
    second.mkdir()
    shutil.copy(site.data / "root.key", second)
    for each in (("serve", "--port", "0"), ("worker",), ("keys", "list")):
        status, words = run(*each, "--data-dir", str(second))
        assert (status, "another --data-dir" in words) == (1, True), (each, words)
    assert run("adopt", "--data-dir", str(second), "--yes")[0] == 0
    assert run("keys", "list", "--data-dir", str(second))[0] == 0
    assert "installation" in site.refused()


def test_an_unmounted_store_is_refused(site: Site) -> None:
    """Where the blobs' disk is not mounted nothing starts, so that nothing is written below the mount point."""
    (site.data / "blobs").rename(site.data.parent / "disk")
    assert "mounted" in site.refused()


def test_the_root_key(site: Site) -> None:
    """A missing root key beside a database, and one that everybody may read, are refused with what to do."""
    path = site.data / "root.key"
    path.chmod(0o604)
    assert f"chmod 600 {path}" in site.refused()
    _, told = run("doctor", "--data-dir", str(site.data))
    assert f"chmod 600 {path}" in told
    path.unlink()
    assert "restore it from a backup" in site.refused()
    assert not path.exists()
    assert run("adopt", "--new-root-key", "--data-dir", str(site.data), "--yes")[0] == 0
    assert path.stat().st_mode & 0o077 == 0
    assert run("keys", "list", "--data-dir", str(site.data))[0] == 0


def test_an_earlier_releases_folder_starts(site: Site) -> None:
    """What a release without ids has made gets one at its next start, without a question."""
    (site.data / "installation.json").unlink()
    (site.data / "blobs" / ".installation").unlink()
    with closing(sqlite3.connect(site.data / "openvod.sqlite3")) as database:
        database.execute("DELETE FROM installation")
        database.commit()
    assert run("keys", "list", "--data-dir", str(site.data))[0] == 0
    assert (site.data / "installation.json").exists()


def test_a_server_notices_that_its_database_was_taken(server: PlatformServer) -> None:
    """A database that another installation adopted makes the server not ready, and nothing is collected in it."""

    async def story() -> str:
        settings = Settings.model_validate({"server": {"public_url": "http://127.0.0.1:1"}, "tasks": {"workers": 0}})
        async with Platform(Foundation(server.data_dir, settings)) as platform:
            await platform.base.database.write(_give_away)
            await platform._advance()
            return await platform._not_ready()

    assert "another installation" in run_async(story())


def _give_away(tx: Any) -> None:
    tx.installation.put(replace(tx.installation.get(), installation_id="other"))
