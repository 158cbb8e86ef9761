"""The tables of templates, procedures and buckets behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import sqlalchemy

from openvod.adapters.sql import schema
from openvod.adapters.sql.database import Database, Transaction
from openvod.adapters.system import SystemClock, SystemEntropy
from openvod.base.errors import Exhausted
from openvod.kinds.names import TemplateKind
from openvod.kinds.templates import FIRST_CUSTOM_DEFINITION, Template
from openvod.media.outputs import PURPOSE, output_bucket
from openvod.storage.model import Blob, BlobState, Bucket
from openvod.tasks.presets import PRESET_PROCEDURES, PRESETS
from openvod.tasks.service import TaskService
from support.server import run_async

_LONG_VIDEO = PRESET_PROCEDURES["LongVideoPreset"]


def test_templates_of_every_kind(database: Database) -> None:
    """Every preset's body, stored as a custom template, comes back equal; an application sees its own only."""

    def work(tx: Transaction) -> None:
        for number, preset in enumerate(PRESETS.values()):
            custom = replace(
                preset, definition=FIRST_CUSTOM_DEFINITION + number, preset=False, name="模板", comment="😀",
                created_at=1.5, updated_at=2.5,
            )  # fmt: skip
            tx.tasks.put_template(1, custom)
            assert tx.tasks.template(1, custom.kind, custom.definition) == custom
            assert tx.tasks.template(2, custom.kind, custom.definition) is None
        for kind in TemplateKind:
            definitions = [template.definition for template in tx.tasks.templates(1, kind)]
            assert definitions == sorted(definitions)
            assert len(definitions) == sum(preset.kind is kind for preset in PRESETS.values())
        assert list(tx.tasks.templates(2, TemplateKind.TRANSCODE)) == []

    run_async(database.write(work))


def test_template_rows(database: Database) -> None:
    """The same id may stand for templates of two kinds; a later one replaces, a deleted one is gone, once."""
    transcode = PRESETS[(TemplateKind.TRANSCODE, 10)]
    sprite = PRESETS[(TemplateKind.IMAGE_SPRITE, 10)]

    def custom(preset: Template, **changes: Any) -> Template:
        return replace(preset, definition=FIRST_CUSTOM_DEFINITION, preset=False, **changes)

    def work(tx: Transaction) -> None:
        tx.tasks.put_template(1, custom(transcode))
        tx.tasks.put_template(1, custom(sprite))
        tx.tasks.put_template(1, custom(transcode, name="new"))
        found = tx.tasks.template(1, TemplateKind.TRANSCODE, FIRST_CUSTOM_DEFINITION)
        assert found is not None
        assert (found.name, found.preset) == ("new", False)
        assert len(tx.tasks.templates(1, TemplateKind.TRANSCODE)) == 1
        assert not tx.tasks.delete_template(2, TemplateKind.TRANSCODE, FIRST_CUSTOM_DEFINITION)
        assert tx.tasks.delete_template(1, TemplateKind.TRANSCODE, FIRST_CUSTOM_DEFINITION)
        assert not tx.tasks.delete_template(1, TemplateKind.TRANSCODE, FIRST_CUSTOM_DEFINITION)
        assert tx.tasks.template(1, TemplateKind.IMAGE_SPRITE, FIRST_CUSTOM_DEFINITION) == custom(sprite)

    run_async(database.write(work))


def test_procedure_rows(database: Database) -> None:
    """Procedures come by name, apart for each application; a later one replaces and keeps the moment of the first."""
    names = ["b", "B", "a", "10", "é", "名"]

    def work(tx: Transaction) -> None:
        for name in names:
            tx.tasks.put_procedure(1, _LONG_VIDEO.model_copy(update={"name": name}), 1.0)
        tx.tasks.put_procedure(2, _LONG_VIDEO.model_copy(update={"name": "a", "comment": "theirs"}), 1.0)
        tx.tasks.put_procedure(1, _LONG_VIDEO.model_copy(update={"name": "a", "comment": "ours"}), 5.0)
        assert [procedure.name for procedure in tx.tasks.procedures(1)] == sorted(names)
        ours, theirs = tx.tasks.procedure(1, "a"), tx.tasks.procedure(2, "a")
        assert ours is not None
        assert theirs is not None
        assert (ours.comment, theirs.comment) == ("ours", "theirs")
        assert ours.media_process_task == _LONG_VIDEO.media_process_task
        assert tx.tasks.delete_procedure(1, "a")
        assert not tx.tasks.delete_procedure(1, "a")
        assert tx.tasks.procedure(1, "a") is None
        assert tx.tasks.procedure(2, "a") is not None
        tx.tasks.put_procedure(2, theirs, 9.0)

    run_async(database.write(work))
    table = schema.procedures.c
    with database.engine.connect() as connection:
        times = connection.execute(sqlalchemy.select(table.created_at, table.updated_at).where(table.sub_app_id == 2))
        assert [tuple(row) for row in times] == [(1.0, 9.0)]


def test_buckets_have_a_purpose(database: Database) -> None:
    """An application has one bucket for uploads and one for outputs in each region; neither is taken for the other."""
    uploads = Bucket("u-1", "u", 1, "r")
    outputs = Bucket("o-1", "o", 1, "r", PURPOSE)

    def work(tx: Transaction) -> None:
        tx.storage.add_bucket(outputs)
        assert tx.storage.bucket_for(1, "r") is None
        tx.storage.add_bucket(uploads)
        assert tx.storage.bucket_for(1, "r") == uploads
        assert tx.storage.bucket_for(1, "r", "output") == outputs
        assert tx.storage.bucket_by_short_name("o") == tx.storage.bucket("o-1") == outputs
        assert tx.storage.bucket_for(2, "r", "output") is None
        assert tx.storage.bucket_for(1, "s", "output") is None

    run_async(database.write(work))


def test_one_purpose_has_one_bucket(database: Database) -> None:
    """Who adds a second bucket for a purpose is given the first; a name of its own does not help."""
    first = Bucket("o-1", "o", 1, "r", PURPOSE)
    other_region = Bucket("q-1", "q", 1, "s", PURPOSE)

    def work(tx: Transaction) -> None:
        assert tx.storage.add_bucket(first) == first
        assert tx.storage.add_bucket(Bucket("p-1", "p", 1, "r", PURPOSE)) == first
        assert tx.storage.bucket("p-1") is None
        assert tx.storage.add_bucket(other_region) == other_region
        assert tx.storage.bucket_for(1, "r", PURPOSE) == first

    run_async(database.write(work))


def test_flows_that_begin_at_once_agree_on_the_bucket_of_outputs(database: Database) -> None:
    """The first flows of an application may need its bucket in the same moment; all get the same one."""

    async def race() -> list[Bucket]:
        wanted = [database.write(lambda tx: output_bucket(tx.storage, SystemEntropy(), 1, "ap-tokyo")) for _ in "1" * 8]
        return await asyncio.gather(*wanted)

    made = run_async(race())
    assert len(set(made)) == 1
    assert made[0].purpose == PURPOSE


def test_state_of_a_blob(database: Database) -> None:
    """The ledger tells the state of one blob; an unknown one has none."""

    def work(tx: Transaction) -> None:
        tx.storage.add_blob(Blob("one", BlobState.PENDING, 1.0))
        assert tx.storage.blob_state("one") is BlobState.PENDING
        tx.storage.set_blob_state(["one"], BlobState.LIVE)
        assert tx.storage.blob_state("one") is BlobState.LIVE
        assert tx.storage.blob_state("two") is None

    run_async(database.write(work))


def test_templates_made_at_once_have_ids_of_their_own(database: Database) -> None:
    """Many creations at once lose none, and none goes beyond the quota."""
    service = TaskService(database, SystemClock(), SystemEntropy())

    async def race() -> list[Any]:
        body = {"Fps": 5}
        wanted = [service.create_template(1, TemplateKind.ANIMATED_GRAPHICS, body) for _ in range(20)]
        return await asyncio.gather(*wanted, return_exceptions=True)

    made = run_async(race())
    ids = [each.definition for each in made if isinstance(each, Template)]
    assert (len(set(ids)), len(ids)) == (16, 16)
    assert {each.code for each in made if isinstance(each, Exhausted)} == {"template.quota"}
    found = run_async(database.read(lambda tx: tx.tasks.templates(1, TemplateKind.ANIMATED_GRAPHICS)))
    assert [each.definition for each in found] == sorted(ids)
