"""The tasks room's tables in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, insert_into, lock_name, remove, upsert, values
from openvod.kinds.names import TemplateKind
from openvod.kinds.registry import FAMILIES, SubTaskKind
from openvod.kinds.templates import Template
from openvod.media.model import ProbeState
from openvod.tasks.model import (
    ListedProcedure,
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

#: The longest period in seconds in which a SessionId may not be reused.
_SESSIONS_KEPT_SECONDS = 7 * 86_400


class SqlTaskTables:
    """See :class:`openvod.tasks.ports.TaskTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def task(self, task_id: str, *, lock: bool = False) -> Task | None:
        """Return a task."""
        table = schema.tasks
        row = fetch_one(self._connection, table, table.c.task_id == task_id, lock=lock)
        return task_of(row) if row else None

    def put_task(self, task: Task) -> None:
        """Insert or replace."""
        row = values(task) | {
            "type": task.type.value,
            "status": task.status.value,
            "notify_mode": task.notify_mode.value,
            "procedure": task.procedure.to_wire(),
        }
        upsert(self._connection, schema.tasks, row)

    def tasks(self, *, file_id: str = "", status: str = "", limit: int = 20) -> Sequence[Task]:
        """Return tasks, newest first."""
        table = schema.tasks
        where = [table.c.file_id == file_id] if file_id else []
        where += [table.c.status == status] if status else []
        statement = select(table).where(*where).order_by(table.c.created_at.desc(), table.c.task_id).limit(limit)
        return [task_of(row) for row in self._connection.execute(statement)]

    def find(self, query: TaskQuery) -> Sequence[Task]:
        """Return one page of an application's tasks."""
        table = schema.tasks
        moment = func.coalesce(table.c.finished_at, 0.0) if query.by_finish else table.c.created_at
        # ``+ 0`` keeps SQLite from scanning the application's tasks; a file has few.
        owner = table.c.sub_app_id + 0 if query.file_id else table.c.sub_app_id
        where: list[ColumnElement[bool]] = [owner == query.sub_app_id]
        where += [table.c.status == query.status.value] if query.status else []
        where += [table.c.file_id == query.file_id] if query.file_id else []
        for column, (first, last) in ((table.c.created_at, query.created), (table.c.finished_at, query.finished)):
            where += [column >= first] if first is not None else []
            where += [column <= last] if last is not None else []
        if query.after:
            where.append(_beyond(moment, table.c.task_id, query.after, descending=query.descending))
        order = (moment.desc(), table.c.task_id.desc()) if query.descending else (moment, table.c.task_id)
        return [
            task_of(row)
            for row in self._connection.execute(select(table).where(*where).order_by(*order).limit(query.limit))
        ]

    def claim_session(self, sub_app_id: int, action: str, session_id: str, now: float, seconds: float) -> bool:
        """Record the use of a SessionId; false when the same action used it within ``seconds``."""
        table = schema.task_sessions
        row = {"sub_app_id": sub_app_id, "action": action, "session_id": session_id, "used_at": now}
        # One statement: it waits for a concurrent insert of the same key, then checks the row of that.
        statement = insert_into(table, self._connection.dialect.name).values(**row)
        statement = statement.on_conflict_do_update(
            index_elements=["sub_app_id", "action", "session_id"],
            set_={"used_at": now},
            where=table.c.used_at <= now - seconds,
        ).returning(table.c.used_at)
        claimed = self._connection.execute(statement).first() is not None
        remove(self._connection, table, table.c.used_at < now - _SESSIONS_KEPT_SECONDS)
        return claimed

    def alone(self, sub_app_id: int) -> None:
        """Lock a name until the transaction ends."""
        lock_name(self._connection, f"tasks/{sub_app_id}")

    def ready(self, limit: int) -> Sequence[Task]:
        """Return waiting tasks whose file has been probed, by priority, then age."""
        table, assets = schema.tasks, schema.media_assets
        statement = (
            select(table)
            .join(assets, assets.c.file_id == table.c.file_id)
            .where(table.c.status == TaskStatus.WAITING.value, assets.c.probe_state != ProbeState.PENDING.value)
            .order_by(table.c.priority.desc(), table.c.created_at)
            .limit(limit)
        )
        return [task_of(row) for row in self._connection.execute(statement)]

    def subtasks(self, task_id: str) -> Sequence[SubTask]:
        """Return a task's items by number."""
        table = schema.subtasks
        rows = fetch_all(self._connection, table, table.c.task_id == task_id, order=[table.c.number])
        return [_subtask(row) for row in rows]

    def put_subtask(self, subtask: SubTask) -> None:
        """Insert or replace."""
        row = values(subtask) | {
            "kind": subtask.kind.value,
            "status": subtask.status.value,
            "input": dict(subtask.input),
            "output": None if subtask.output is None else dict(subtask.output),
        }
        upsert(self._connection, schema.subtasks, row)

    def template(self, sub_app_id: int, kind: TemplateKind, definition: int) -> Template | None:
        """Return a custom template of an application."""
        table = schema.templates
        row = fetch_one(
            self._connection,
            table,
            table.c.sub_app_id == sub_app_id,
            table.c.kind == kind.value,
            table.c.definition == definition,
        )
        return _template(row) if row else None

    def templates(self, sub_app_id: int, kind: TemplateKind) -> Sequence[Template]:
        """Return the custom templates of an application and kind, by id."""
        table = schema.templates
        where = (table.c.sub_app_id == sub_app_id, table.c.kind == kind.value)
        return [_template(row) for row in fetch_all(self._connection, table, *where, order=[table.c.definition])]

    def put_template(self, sub_app_id: int, template: Template) -> None:
        """Insert or replace."""
        row = values(template) | {
            "sub_app_id": sub_app_id,
            "kind": template.kind.value,
            "body": template.body.to_wire(),
        }
        del row["preset"]
        upsert(self._connection, schema.templates, row)

    def delete_template(self, sub_app_id: int, kind: TemplateKind, definition: int) -> bool:
        """Delete; false when there was none."""
        table = schema.templates
        where = (table.c.sub_app_id == sub_app_id, table.c.kind == kind.value, table.c.definition == definition)
        return remove(self._connection, table, *where) > 0

    def procedure(self, sub_app_id: int, name: str) -> Procedure | None:
        """Return a custom procedure of an application."""
        table = schema.procedures
        row = fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.name == name)
        return Procedure.model_validate(row.body) if row else None

    def procedures(self, sub_app_id: int) -> Sequence[Procedure]:
        """Return the custom procedures of an application, by name."""
        table = schema.procedures
        rows = fetch_all(self._connection, table, table.c.sub_app_id == sub_app_id, order=[table.c.name])
        return [Procedure.model_validate(row.body) for row in rows]

    def listed_procedures(self, sub_app_id: int) -> Sequence[ListedProcedure]:
        """Return the custom procedures of an application with their times, by name."""
        table = schema.procedures
        rows = fetch_all(self._connection, table, table.c.sub_app_id == sub_app_id, order=[table.c.name])
        return [
            ListedProcedure(Procedure.model_validate(row.body), False, row.created_at, row.updated_at) for row in rows
        ]

    def put_procedure(self, sub_app_id: int, procedure: Procedure, now: float) -> None:
        """Insert or replace."""
        table = schema.procedures
        before = fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.name == procedure.name)
        row = {
            "sub_app_id": sub_app_id,
            "name": procedure.name,
            "body": procedure.to_wire(),
            "created_at": before.created_at if before else now,
            "updated_at": now,
        }
        upsert(self._connection, table, row)

    def delete_procedure(self, sub_app_id: int, name: str) -> bool:
        """Delete; false when there was none."""
        table = schema.procedures
        return remove(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.name == name) > 0

    def quarantined(self, file_id: str) -> QuarantinedFile | None:
        """Return the record of decoder crashes on a file."""
        table = schema.quarantined_files
        row = fetch_one(self._connection, table, table.c.file_id == file_id)
        return QuarantinedFile(**row._mapping) if row else None

    def put_quarantined(self, file: QuarantinedFile) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.quarantined_files, values(file))

    def release_quarantined(self, file_id: str) -> bool:
        """Delete a file's record of crashes; false when there was none."""
        table = schema.quarantined_files
        return remove(self._connection, table, table.c.file_id == file_id) > 0


def _beyond(
    moment: ColumnElement[float], task_id: ColumnElement[str], place: tuple[float, str], *, descending: bool
) -> ColumnElement[bool]:
    """Return the condition for rows after a position, in order of moment, then id."""
    last, last_id = place
    if descending:
        return or_(moment < last, and_(moment == last, task_id < last_id))
    return or_(moment > last, and_(moment == last, task_id > last_id))


def task_of(row: Any) -> Task:
    """Return the value of a row."""
    plain = dict(row._mapping) | {
        "type": TaskType(row.type),
        "status": TaskStatus(row.status),
        "notify_mode": NotifyMode(row.notify_mode),
        "procedure": Procedure.model_validate(row.procedure),
    }
    return Task(**plain)


def _subtask(row: Any) -> SubTask:
    return SubTask(**(dict(row._mapping) | {"kind": SubTaskKind(row.kind), "status": SubTaskStatus(row.status)}))


def _template(row: Any) -> Template:
    kind = TemplateKind(row.kind)
    body = FAMILIES[kind].body.model_validate(row.body)
    return Template(kind, row.definition, body, row.name, row.comment, False, row.created_at, row.updated_at)
