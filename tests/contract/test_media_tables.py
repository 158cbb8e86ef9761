"""Lists of files behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from openvod.adapters.sql import migrations
from openvod.adapters.sql.database import Database, Transaction, open_database
from openvod.events.model import EventState, NewEvent
from openvod.media.model import KeyFrameMark, MediaAsset, MediaOutput, ProbeState
from openvod.media.query import REACHABLE, Found, MediaQuery, Span
from openvod.media.removal import delete_file
from support.server import run_async

_NOW = 1_000.0
_ASSET = MediaAsset(
    "1", 7, "n", "mp4", 0, "b", "ap-chongqing", "k/12345678f/x.mp4", "", 1, "", 2.0, 2.0, "", ProbeState.PENDING, {}
)
#: Names, by moment of creation.
_LIBRARY = {
    "1": replace(_ASSET, name="Holiday", description="the sea", tags=("Red", "blue"), class_id=3, review="pass"),
    "2": replace(_ASSET, name="my holiday", type="mp3", tags=("Redder",), status="Forbidden", region="ap-tokyo"),
    "3": replace(_ASSET, name="100%_sure", description="holiday", type="webm", review="block", class_id=4),
    "4": replace(_ASSET, name="HOLIDAY", expire_time="2030-01-01T00:00:00Z", tags=('a"Red', "Red\\")),
    "5": replace(_ASSET, name="gone", expire_time="1970-01-01T00:00:10+00:00"),
    "6": replace(_ASSET, name="foreign", sub_app_id=8),
}


def _store(database: Database, assets: Sequence[MediaAsset]) -> None:
    def work(tx: Transaction) -> None:
        for asset in assets:
            tx.media.put_asset(asset)

    run_async(database.write(work))


def _find(database: Database, **members: Any) -> Found:
    query = MediaQuery(7, _NOW, **members)
    return run_async(database.read(lambda tx: tx.media.search(query)))


@pytest.fixture
def library(database: Database) -> Database:
    """A database with a few files, one a second."""
    _store(database, [replace(each, file_id=key, created_at=float(key)) for key, each in _LIBRARY.items()])
    return database


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, "4321"),
        ({"newest_first": False}, "1234"),
        ({"file_ids": ("3", "1", "6", "5", "9")}, "31"),
        ({"names": ("holiday",)}, "412"),
        ({"names": ("sure", "my")}, "23"),
        ({"names": ("%",)}, "3"),
        ({"names": ("0_",)}, ""),
        ({"name_prefixes": ("HOL", "100%_")}, "431"),
        ({"name_prefixes": ("1%",)}, ""),
        ({"descriptions": ("HOLIDAY",)}, "3"),
        ({"text": "holiday"}, "4312"),
        ({"text": "holiday", "newest_first": False}, "4312"),
        ({"names": ("holiday",), "descriptions": ("sea",)}, "1"),
        ({"class_ids": (3, 4)}, "31"),
        ({"tags": ("Red",)}, "1"),
        ({"tags": ("red",)}, ""),
        ({"tags": ("blue", "Redder", "Red\\")}, "421"),
        ({"tags": ('a"Red',)}, "4"),
        ({"categories": ("Audio",)}, "2"),
        ({"categories": ("Audio", "Image", "Video")}, "4321"),
        ({"types": ("webm", "mp3")}, "32"),
        ({"regions": ("ap-tokyo",)}, "2"),
        ({"statuses": ("Normal",)}, "431"),
        ({"statuses": ("SystemForbidden",)}, ""),
        ({"reviews": ("block",)}, "3"),
        ({"reviews": ("", "pass")}, "421"),
        ({"created": Span(2.0, 4.0)}, "32"),
        ({"created": Span(3.0)}, "43"),
        ({"expires": Span(None, 1893456000.0)}, ""),
        ({"expires": Span(1893456000.0, 1893456001.0)}, "4"),
        ({"nothing": True}, ""),
        ({"offset": 1, "limit": 2}, "32"),
        ({"offset": 4}, ""),
    ],
)
def test_each_condition_finds_what_it_says(library: Database, members: dict[str, Any], expected: str) -> None:
    """Values inside a list are alternatives, conditions all hold; wild cards are letters; expired files are gone."""
    found = _find(library, **members)
    assert "".join(asset.file_id for asset in found.assets) == expected
    if "offset" not in members:
        assert found.total == len(expected)


def test_pages_of_one_moment_neither_repeat_nor_miss(database: Database) -> None:
    """Files that were created together have an order of their own, over all pages."""
    _store(database, [replace(_ASSET, file_id=str(number), created_at=5.0) for number in range(100, 130)])
    seen = [asset.file_id for start in range(0, 30, 7) for asset in _find(database, offset=start, limit=7).assets]
    assert seen == [str(number) for number in range(129, 99, -1)]


def test_the_count_ends_where_the_list_does(database: Database) -> None:
    """More files than can be reached are counted as those that can."""
    _store(database, [replace(_ASSET, file_id=str(10_000 + number)) for number in range(REACHABLE + 3)])
    assert _find(database).total == REACHABLE
    assert len(_find(database, offset=REACHABLE - 10).assets) == 10


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"offset": 4000}, ["COVERING INDEX ix_media_assets_sub_app_id_created_at_file_id_expires_at"] * 2),
        ({"file_ids": ("1", "2")}, ["INDEX sqlite_autoindex_media_assets_1"] * 2),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_reads_little(library: Database, members: dict[str, Any], expected: list[str]) -> None:
    """An ordinary page is found in the index alone, in its order, and named files by their ids; so are the rows.

    SQLite alone: what PostgreSQL plans depends on its statistics.
    """
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(library.engine, "before_cursor_execute", note)
    _find(library, **members)
    event.remove(library.engine, "before_cursor_execute", note)
    with library.engine.connect() as connection:
        steps = [
            row[-1]
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            if "media_assets" in row[-1]
        ]
    assert [step.partition("USING ")[2].partition(" (")[0] for step in steps] == [
        *expected,
        "INDEX sqlite_autoindex_media_assets_1",
    ]


def test_details_survive_the_trip(database: Database) -> None:
    """Description, tags, key frames, review and the missing original come back as they were."""
    asset = replace(
        _ASSET, description="画\n", tags=("红", "😀"), key_frames=(KeyFrameMark(1.5, "x"), KeyFrameMark(2, "y")),
        review="pass", has_original=False,
    )  # fmt: skip
    _store(database, [_ASSET, asset])

    def work(tx: Transaction) -> None:
        assert tx.media.asset("1") == asset
        assert list(tx.media.assets(7, ["1", "2"], _NOW)) == [asset]
        assert list(tx.media.assets(8, ["1"], _NOW)) == []
        assert list(tx.media.assets(7, [], _NOW)) == []

    run_async(database.read(work))


def test_deletion_takes_results_along(database: Database) -> None:
    """Results go by kind, by template, or all with their file; those of other files stay."""

    def work(tx: Transaction) -> None:
        tx.media.put_asset(_ASSET)
        for file_id, kind, definition in (("1", "a", 1), ("1", "a", 2), ("1", "b", 1), ("2", "a", 1)):
            tx.media.put_output(MediaOutput(file_id, kind, definition, {"x": 1}, 1.0))
        tx.media.delete_outputs("1", "a", 2)
        assert [(o.kind, o.definition) for o in tx.media.outputs("1")] == [("a", 1), ("b", 1)]
        tx.media.delete_outputs("1", "a")
        assert [(o.file_id, o.kind) for o in tx.media.outputs_of(["1", "2"])] == [("1", "b"), ("2", "a")]
        tx.media.delete_asset("1")
        assert tx.media.asset("1") is None
        assert [o.file_id for o in tx.media.outputs_of(["1", "2"])] == ["2"]

    run_async(database.write(work))


def test_older_files_get_their_details(database_url: str) -> None:
    """The migration derives what it can of files that an older release stored."""
    old = {
        "file_id": "1", "sub_app_id": 7, "name": "n", "type": "mp4", "class_id": 0, "bucket": "b",
        "region": "ap-chongqing", "media_key": "k/12345678f/x.mp4", "cover_key": "", "size": 1, "source_context": "",
        "created_at": 2.0, "updated_at": 2.0, "expire_time": "", "probe_state": "done",
        "probe": '{"category": "Audio"}', "status": "Normal",
    }  # fmt: skip
    files = [old, old | {"file_id": "2", "expire_time": "2001-09-09T01:46:40Z", "type": "png", "probe": "{}"}]
    insert = f"INSERT INTO media_assets ({', '.join(old)}) VALUES (:{', :'.join(old)})"
    result = (
        "INSERT INTO media_outputs (file_id, kind, definition, output, created_at)"
        """ VALUES ('2', 'Porn', 10, '{"Suggestion": "block", "ReviewTime": "x"}', 1.0)"""
    )
    database = open_database(database_url)
    try:
        migrations.upgrade(database.engine, "0005")
        with database.engine.begin() as connection:
            connection.execute(text(insert), files)
            # Colons in JSON are no parameters.
            connection.exec_driver_sql(result)
        migrations.upgrade(database.engine)
        found = run_async(database.read(lambda tx: tx.media.search(MediaQuery(7, _NOW))))
        with database.engine.connect() as connection:
            columns = "SELECT file_id, category, expires_at, review FROM media_assets ORDER BY file_id"
            rows = connection.execute(text(columns)).all()
    finally:
        database.close()
    assert [tuple(row) for row in rows] == [("1", "Audio", 253402300799.0, ""), ("2", "Image", 1e9, "block")]
    assert found.total == 2


def test_a_file_deleted_before_its_probe_is_told_of_in_order(database: Database) -> None:
    """The upload's event, which still waits for metadata, leaves before that of the deletion; nothing stays held."""

    def work(tx: Transaction) -> list[tuple[str, int | None]]:
        tx.media.put_asset(_ASSET)
        tx.events.add(NewEvent(7, "NewFileUpload", "1", "{}", EventState.HELD, 2.0))
        delete_file(tx, _ASSET, _NOW)
        assert tx.media.asset("1") is None
        return [(each.type, each.sequence) for each in tx.events.log(7, 0, 10)]

    assert run_async(database.write(work)) == [("NewFileUpload", 1), ("FileDeleted", 2)]
