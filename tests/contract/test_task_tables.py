"""The tables of tasks, results and buckets behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from openvod.adapters.sql.database import Database, Transaction
from openvod.adapters.system import SystemEntropy
from openvod.kinds.registry import SubTaskKind
from openvod.media.model import FORBIDDEN, NORMAL, MediaAsset, MediaOutput, ProbeState
from openvod.storage.model import Extent, StoredObject
from openvod.tasks.legacy import legacy_procedure
from openvod.tasks.model import (
    NotifyMode,
    Procedure,
    QuarantinedFile,
    SubTask,
    SubTaskStatus,
    Task,
    TaskQuery,
    TaskStatus,
    TaskType,
)
from openvod.tasks.presets import PRESET_PROCEDURES
from openvod.tasks.service import open_tasks
from openvod.upload.pull_model import Pull
from support.server import run_async

_LONG_VIDEO = PRESET_PROCEDURES["LongVideoPreset"]


def _task(task_id: str, **changes: Any) -> Task:
    base = Task(
        task_id, 1_500_000_001, TaskType.PROCEDURE, "file", TaskStatus.WAITING, _LONG_VIDEO, 0, NotifyMode.FINISH,
        "会话", "内容 😀 \"'\\", 1.5,
    )  # fmt: skip
    return replace(base, **changes)


def _asset(file_id: str, state: ProbeState = ProbeState.DONE, **changes: Any) -> MediaAsset:
    base = MediaAsset(file_id, 1, "n", "mp4", 0, "b", "r", "k/d/x.mp4", "", 1, "", 2.0, 2.0, "", state, {})
    return replace(base, **changes)


def _ids(tasks: Any) -> list[str]:
    return [task.task_id for task in tasks]


def test_task_rows(database: Database) -> None:
    """A task survives the trip with every member, absent times included, and a later one replaces it."""
    waiting = _task("1500000001-procedurev2-0t0")
    ended = replace(
        waiting, status=TaskStatus.ABORTED, priority=-10, notify_mode=NotifyMode.CHANGE, run=3, started_at=2.25,
        finished_at=1e10 + 0.125, abort_requested=True, type=TaskType.REVIEW_AUDIO_VIDEO,
    )  # fmt: skip

    def work(tx: Transaction) -> None:
        assert tx.tasks.task(waiting.task_id) is None
        assert tx.tasks.task(waiting.task_id, lock=True) is None
        tx.tasks.put_task(waiting)
        assert tx.tasks.task(waiting.task_id) == waiting
        tx.tasks.put_task(ended)
        assert tx.tasks.task(waiting.task_id, lock=True) == ended
        assert _ids(tx.tasks.tasks()) == [waiting.task_id]

    run_async(database.write(work))


@pytest.mark.parametrize(
    "procedure",
    [
        *PRESET_PROCEDURES.values(),
        legacy_procedure("QCVB_SimpleProcessFile({1,10,20},1,10,10)", [10, 20, 30, 40], default_watermark=7),
        legacy_procedure("QCVB_ProcessUGCFile(1,0,0,10)", [10, 20, 30, 40]),
        Procedure.model_validate(
            {
                "Name": "名字",
                "Comment": "😀",
                "MediaProcessTask": {
                    "TranscodeTaskSet": [{"Definition": 2**40, "OverrideParameter": {"Container": "mp4"}}],
                    "AnimatedGraphicTaskSet": [{"Definition": 1, "StartTimeOffset": 0.1, "EndTimeOffset": -0.1}],
                    "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["3.5s", "10%"]}],
                },
                "ReviewAudioVideoTask": {"Definition": 10},
            }
        ),
    ],
    ids=lambda procedure: procedure.name,
)
def test_a_task_keeps_its_procedure(database: Database, procedure: Procedure) -> None:
    """What a signature named is stored resolved and comes back equal, flags of legacy calls included."""

    def work(tx: Transaction) -> None:
        tx.tasks.put_task(_task("t", procedure=procedure))
        found = tx.tasks.task("t")
        assert found is not None
        assert found.procedure == procedure

    run_async(database.write(work))


def test_tasks_are_listed_newest_first(database: Database) -> None:
    """The list can be narrowed to a file, a state and a number; equal ages have one order."""

    def work(tx: Transaction) -> None:
        for task in (
            _task("b", created_at=5.0),
            _task("a", created_at=5.0, status=TaskStatus.PROCESSING),
            _task("old", created_at=1.0, file_id="other"),
            _task("new", created_at=9.0, status=TaskStatus.FINISH),
        ):
            tx.tasks.put_task(task)
        assert _ids(tx.tasks.tasks()) == ["new", "a", "b", "old"]
        assert _ids(tx.tasks.tasks(limit=2)) == ["new", "a"]
        assert _ids(tx.tasks.tasks(file_id="file")) == ["new", "a", "b"]
        assert _ids(tx.tasks.tasks(status="WAITING")) == ["b", "old"]
        assert _ids(tx.tasks.tasks(file_id="other", status="FINISH")) == []

    run_async(database.write(work))


def test_tasks_are_ready_once_their_file_is_probed(database: Database) -> None:
    """Waiting tasks of probed files start by priority, then age; a probe that failed does not hold them for ever."""

    def work(tx: Transaction) -> None:
        tx.media.put_asset(_asset("done"))
        tx.media.put_asset(_asset("failed", ProbeState.FAILED))
        tx.media.put_asset(_asset("pending", ProbeState.PENDING))
        for task in (
            _task("low", file_id="done", priority=-10, created_at=1.0),
            _task("younger", file_id="done", created_at=3.0),
            _task("older", file_id="failed", created_at=2.0),
            _task("high", file_id="done", priority=10, created_at=9.0),
            _task("unprobed", file_id="pending", priority=10),
            _task("without a file", file_id="nowhere", priority=10),
            _task("running", file_id="done", status=TaskStatus.PROCESSING),
            _task("finished", file_id="done", status=TaskStatus.FINISH),
            _task("aborted", file_id="done", status=TaskStatus.ABORTED),
        ):
            tx.tasks.put_task(task)
        assert _ids(tx.tasks.ready(10)) == ["high", "older", "younger", "low"]
        assert _ids(tx.tasks.ready(1)) == ["high"]
        tx.media.put_asset(_asset("pending"))
        assert _ids(tx.tasks.ready(2)) == ["unprobed", "high"]

    run_async(database.write(work))


def test_subtask_rows(database: Database) -> None:
    """Items come by number; no output is told from an empty one; texts of any length and script survive."""
    items = [
        SubTask("t", 0, SubTaskKind.TRANSCODE, {"Definition": 10, "WatermarkSet": []}),
        SubTask(
            "t", 2, SubTaskKind.PORN, {"Definition": 10}, SubTaskStatus.SUCCESS, "", "SUCCESS", 100, 1.5, 2.5,
            {"Confidence": 0.5, "SegmentSet": [{"Url": "http://h/名.jpg"}], "None": None}, "日志\n" * 1000, "ffmpeg",
        ),
        SubTask("t", 10, SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING, {}, SubTaskStatus.SUCCESS, output={}),
        SubTask(
            "t", 11, SubTaskKind.PORN_ASR, {}, SubTaskStatus.FAIL, "InvalidInput.X", "why", 99, attempts=2, thrifty=True
        ),
    ]  # fmt: skip

    def work(tx: Transaction) -> None:
        for item in reversed(items):
            tx.tasks.put_subtask(item)
        tx.tasks.put_subtask(replace(items[0], task_id="u"))
        assert list(tx.tasks.subtasks("t")) == items
        tx.tasks.put_subtask(replace(items[1], output=None, status=SubTaskStatus.WAITING))
        assert tx.tasks.subtasks("t")[1].output is None
        assert tx.tasks.subtasks("t")[2].output == {}
        assert len(tx.tasks.subtasks("t")) == 4
        assert list(tx.tasks.subtasks("v")) == []

    run_async(database.write(work))


def test_opened_tasks_are_rows(database: Database) -> None:
    """A procedure that asks for both makes two tasks of different types; one without a flow makes none."""

    def work(tx: Transaction) -> None:
        both = Procedure.model_validate(
            _LONG_VIDEO.to_wire() | {"Name": "both", "ReviewAudioVideoTask": {"Definition": 10}}
        )
        tx.media.put_asset(_asset("file"))
        flow, review = open_tasks(
            tx.tasks, SystemEntropy(), sub_app_id=7, file_id="file", procedure=both, priority=3, now=4.0
        )
        assert [task.type for task in (tx.tasks.task(flow), tx.tasks.task(review)) if task] == [
            TaskType.PROCEDURE,
            TaskType.REVIEW_AUDIO_VIDEO,
        ]
        assert set(_ids(tx.tasks.ready(10))) == {flow, review}
        none = open_tasks(
            tx.tasks, SystemEntropy(), sub_app_id=7, file_id="file", procedure=Procedure(name="empty"), now=5.0
        )
        assert none == ("", "")
        assert len(tx.tasks.tasks()) == 2

    run_async(database.write(work))


def test_quarantined_files(database: Database) -> None:
    """Crashes over a file are counted in one row until somebody releases it."""

    def work(tx: Transaction) -> None:
        assert tx.tasks.quarantined("f") is None
        assert not tx.tasks.release_quarantined("f")
        tx.tasks.put_quarantined(QuarantinedFile("f", 1, "crashed (signal 11)"))
        tx.tasks.put_quarantined(QuarantinedFile("f", 2, "crashed (signal 6)", True))
        assert tx.tasks.quarantined("f") == QuarantinedFile("f", 2, "crashed (signal 6)", True)
        assert tx.tasks.quarantined("g") is None
        assert tx.tasks.release_quarantined("f")
        assert tx.tasks.quarantined("f") is None

    run_async(database.write(work))


def test_outputs_of_a_file(database: Database) -> None:
    """Of every kind and template the newest result stays; they come by kind, then template."""

    def output(kind: str, definition: int, created_at: float = 1.0, file_id: str = "f") -> MediaOutput:
        return MediaOutput(file_id, kind, definition, {"Url": f"http://h/名?{created_at}", "Size": 2**45}, created_at)

    def work(tx: Transaction) -> None:
        for each in (
            output("Transcode", 100_010),
            output("Transcode", 20),
            output("AnimatedGraphics", 20_000),
            output("Transcode", 20, 2.0),
            output("Transcode", 20, file_id="g"),
            output("SampleSnapshot", 2**40),
        ):
            tx.media.put_output(each)
        assert list(tx.media.outputs("f")) == [
            output("AnimatedGraphics", 20_000),
            output("SampleSnapshot", 2**40),
            output("Transcode", 20, 2.0),
            output("Transcode", 100_010),
        ]
        assert list(tx.media.outputs("g")) == [output("Transcode", 20, file_id="g")]
        assert list(tx.media.outputs("h")) == []

    run_async(database.write(work))


def test_an_asset_keeps_its_status(database: Database) -> None:
    """A file is playable unless it was taken out of playback, which the row keeps."""

    def work(tx: Transaction) -> None:
        tx.media.put_asset(_asset("f"))
        found = tx.media.asset("f", lock=True)
        assert found is not None
        assert found.status == NORMAL
        tx.media.put_asset(_asset("f", status=FORBIDDEN, cover_key="c"))
        assert tx.media.asset("f") == _asset("f", status=FORBIDDEN, cover_key="c")

    run_async(database.write(work))


def test_writers_of_one_task_wait_for_each_other(database: Database) -> None:
    """A locked task is changed by one transaction after the other: none of many changes is lost."""
    run_async(database.write(lambda tx: tx.tasks.put_task(_task("t"))))

    def work(tx: Transaction) -> None:
        task = tx.tasks.task("t", lock=True)
        assert task is not None
        tx.tasks.put_task(replace(task, run=task.run + 1))

    async def race() -> None:
        await asyncio.gather(*(database.write(work) for _ in range(12)))

    run_async(race())
    found = run_async(database.read(lambda tx: tx.tasks.task("t")))
    assert found is not None
    assert found.run == 12


def test_a_held_file_is_unpublished(database: Database) -> None:
    """Objects below a directory are hidden and shown again together; neighbours stay as they are."""

    def stored(key: str) -> StoredObject:
        return StoredObject("o", key, 1, "e", 1, {}, (Extent("b", 0, 1),), 1.0, True)

    def work(tx: Transaction) -> None:
        for key in ("o/d/x", "o/d/review/y", "o/d2/x"):
            tx.storage.put_object(stored(key))
        tx.storage.publish_under("o", "o/d/", published=False)
        found = {each.key: each.published for each in tx.storage.objects_under("o", "o/")}
        assert found == {"o/d/x": False, "o/d/review/y": False, "o/d2/x": True}
        tx.storage.publish_under("o", "o/d/")
        assert all(each.published for each in tx.storage.objects_under("o", "o/"))

    run_async(database.write(work))


def test_a_session_id_is_claimed_once_within_its_window(database: Database) -> None:
    """Of many at once one gets it; after the window it is free again; action and application tell ids apart."""
    day = 86_400.0

    def claim(moment: float, action: str = "a", app: int = 1, seconds: float = 3 * day) -> Awaitable[bool]:
        return database.write(lambda tx: tx.tasks.claim_session(app, action, "s", moment, seconds))

    async def race() -> list[bool]:
        return await asyncio.gather(*(claim(1e9) for _ in range(8)))

    assert sorted(run_async(race())) == [False] * 7 + [True]
    assert not run_async(claim(1e9 + 3 * day - 1))
    assert run_async(claim(1e9 + 3 * day))
    assert not run_async(claim(1e9 + 3 * day))
    assert run_async(claim(1e9, "b", seconds=7 * day))
    assert run_async(claim(1e9, "a", 2))
    assert not run_async(claim(1e9 + 7 * day - 1, "b", seconds=7 * day))
    assert run_async(claim(1e9 + 7 * day, "b", seconds=7 * day))


def test_found_tasks(database: Database) -> None:
    """Pages by either moment, in either order, join to the whole; equal moments do not lose or repeat a task."""
    rows = [
        _task(f"t{n}", file_id="f" if n % 2 else "g", created_at=float(n // 2), finished_at=n * 10.0 if n > 2 else None,
              status=TaskStatus.FINISH if n > 2 else TaskStatus.WAITING)
        for n in range(7)
    ]  # fmt: skip

    def work(tx: Transaction) -> None:
        for task in (*rows, _task("other", sub_app_id=2)):
            tx.tasks.put_task(task)
        app = rows[0].sub_app_id

        def pages(**filters: Any) -> list[str]:
            found: list[str] = []
            query = TaskQuery(app, limit=2, **filters)
            while page := tx.tasks.find(query):
                found += _ids(page)
                query = replace(query, after=query.place(page[-1]))
            return found

        names = [task.task_id for task in rows]
        assert pages() == names[::-1]
        assert pages(descending=False) == names
        assert pages(by_finish=True) == ["t6", "t5", "t4", "t3", "t2", "t1", "t0"]
        assert pages(by_finish=True, descending=False) == names
        assert pages(status=TaskStatus.WAITING) == ["t2", "t1", "t0"]
        assert pages(file_id="f") == ["t5", "t3", "t1"]
        assert pages(created=(1.0, 2.0)) == ["t5", "t4", "t3", "t2"]
        assert pages(finished=(30.0, 40.0)) == ["t4", "t3"]
        assert pages(finished=(None, 30.0)) == ["t3"]

    run_async(database.write(work))


def test_open_pulls(database: Database) -> None:
    """Pulls without an end come by priority, then age, whatever else there is; a row survives the trip and changes."""

    def pull(name: str, **changes: Any) -> Task:
        return _task(name, type=TaskType.PULL_UPLOAD, file_id="", **changes)

    def work(tx: Transaction) -> None:
        for task in (
            pull("younger", created_at=2.0),
            pull("older", created_at=1.0, status=TaskStatus.PROCESSING),
            pull("first", created_at=3.0, priority=5),
            pull("ended", status=TaskStatus.FINISH),
            pull("aborted", status=TaskStatus.ABORTED),
            _task("flow"),
        ):
            tx.tasks.put_task(task)
            tx.uploads.put_pull(Pull(task.task_id, "session", "http://h/名.mp4", ""))
        assert [task.task_id for task, _ in tx.uploads.open_pulls(10)] == ["first", "older", "younger"]
        assert [task.task_id for task, _ in tx.uploads.open_pulls(1)] == ["first"]
        assert tx.uploads.pull("none") is None
        changed = Pull("older", "s", "http://h/a", "http://h/c", 99, "InternalError", "why", "p", "r")
        tx.uploads.put_pull(changed)
        assert tx.uploads.pull("older") == changed
        # A pull names no file until it is committed, so no flow takes it for its own.
        tx.media.put_asset(_asset("file"))
        assert _ids(tx.tasks.ready(10)) == ["flow"]

    run_async(database.write(work))
