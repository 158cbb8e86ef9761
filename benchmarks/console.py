"""What the console's lists and its first view cost with 100,000 files: time in a real server, per request.

Rows are written by the adapters into a data folder; then a real ``openvod serve`` is asked over HTTP, so that the time
holds routing, session, transaction and JSON.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.media_list import FILES, fill
from openvod.access.account_model import Role
from openvod.access.model import MAIN_APPLICATION_ID
from openvod.adapters.sql.database import Database, Transaction, open_database, sqlite_url
from openvod.adapters.sql.migrations import upgrade
from openvod.events.model import EventState, NewEvent
from openvod.kinds.registry import SubTaskKind
from openvod.tasks.model import NotifyMode, Procedure, SubTask, SubTaskStatus, Task, TaskStatus, TaskType
from support.server import PlatformServer
from support.server.console import Person

_BATCH, _ROUNDS, _PAUSE = 5_000, 50, 0.06
_LIMIT_MS, _FIRST_VIEW_MS = 100.0, 1000.0
_LISTS: dict[str, tuple[str, str, Any]] = {
    "files": ("POST", "actions/SearchMedia", {"Limit": 50}),
    "files, a page in the middle": ("POST", "actions/SearchMedia", {"Limit": 50, "Offset": 2500}),
    "tasks": ("GET", "tasks?limit=50", None),
    "tasks that failed nowhere": ("GET", "tasks?limit=50&status=FINISH", None),
    "events": ("GET", "events?limit=50", None),
    "events of a type": ("GET", "events?limit=50&type=FileDeleted", None),
    "reviews": ("GET", "reviews?limit=20", None),
    "dashboard": ("GET", "dashboard?days=30", None),
    "story of a file": ("GET", "media/5000000000000000007/transcript", None),
}
#: What the console asks for before it shows anything.
_FIRST_VIEW = (
    ("GET", "session", None), ("GET", "applications", None), ("GET", "dashboard?days=30", None),
    ("POST", "actions/SearchMedia", {"Limit": 50}), ("GET", "tasks?limit=50", None),
)  # fmt: skip


def _work(numbers: range, tx: Transaction) -> None:
    """A task and an event for each file, as an upload with a procedure leaves them."""
    for number in numbers:
        file_id = str(5_000_000_000_000_000_000 + number)
        moment = time.time() - number
        task_id = f"{MAIN_APPLICATION_ID}-procedurev2-{number:032x}t0"
        tx.tasks.put_task(
            Task(
                task_id, MAIN_APPLICATION_ID, TaskType.PROCEDURE, file_id, TaskStatus.FINISH, Procedure(name="p"), 0,
                NotifyMode.FINISH, "", "", moment, 0, moment, moment,
            )
        )  # fmt: skip
        tx.tasks.put_subtask(
            SubTask(task_id, 0, SubTaskKind.TRANSCODE, {"Definition": 10}, SubTaskStatus.SUCCESS, progress=100,
                    finished_at=moment, log="x" * 2000)
        )  # fmt: skip
        body = '{"EventType":"NewFileUpload"}'
        tx.events.add(NewEvent(MAIN_APPLICATION_ID, "NewFileUpload", file_id, body, EventState.PENDING, moment))


async def _fill(database: Database) -> None:
    await fill(database, MAIN_APPLICATION_ID, newest=time.time())
    for start in range(0, FILES, _BATCH):
        await database.write(partial(_work, range(start, start + _BATCH)))


def make(folder: Path) -> None:
    """Make a data folder with a library of 100,000 files, a task and an event each."""
    folder.mkdir()
    database = open_database(sqlite_url(folder / "openvod.sqlite3"))
    upgrade(database.engine)
    asyncio.run(_fill(database))
    database.close()


def _milliseconds(person: Person, method: str, path: str, body: object) -> float:
    # Actions have a rate; what is measured is one call at a time.
    time.sleep(_PAUSE)
    start = time.perf_counter()
    person.ok(method, path, body)
    return (time.perf_counter() - start) * 1000


def _measure(person: Person) -> bool:
    good = True
    for name, request in _LISTS.items():
        taken = sorted(_milliseconds(person, *request) for _ in range(_ROUNDS))
        median, slowest = statistics.median(taken), taken[int(_ROUNDS * 0.95)]
        good = good and median <= _LIMIT_MS
        print(f"{name:28} median {median:6.1f} ms, 95th {slowest:6.1f} ms (at most {_LIMIT_MS:g})", flush=True)
    views = [sum(_milliseconds(person, *request) for request in _FIRST_VIEW) for _ in range(10)]
    first = statistics.median(views)
    print(f"{'first view, one by one':28} median {first:6.1f} ms (at most {_FIRST_VIEW_MS:g}, with the page itself)")
    return good and first <= _FIRST_VIEW_MS


def main() -> None:
    """Fill, measure, print; exit status 1 when a figure is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        start = time.perf_counter()
        make(folder)
        print(
            f"{FILES} files, tasks and events written in {time.perf_counter() - start:.0f} s; median of {_ROUNDS}:",
            flush=True,
        )
        with PlatformServer(folder, {"OPENVOD__TASKS__WORKERS": "0"}) as server:
            good = _measure(Person.invited(server, Role.ADMIN))
    if not good:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
