"""The upload room's tables in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, func, select, update

from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, insert_if_absent, remove, upsert, values
from openvod.adapters.sql.task_tables import task_of
from openvod.storage.model import Door, SessionRef
from openvod.tasks.model import Task, TaskStatus, TaskType
from openvod.upload.model import SpentSignature, UploadSession, session_from_row
from openvod.upload.pull_model import Pull


class SqlUploadTables:
    """See :class:`openvod.upload.ports.UploadTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def session(self, session_key: str, *, lock: bool = False) -> UploadSession | None:
        """Return a session."""
        table = schema.upload_sessions
        row = fetch_one(self._connection, table, table.c.session_key == session_key, lock=lock)
        return session_from_row(dict(row._mapping)) if row else None

    def sessions_of(self, file_id: str) -> Sequence[UploadSession]:
        """Return a file's sessions."""
        table = schema.upload_sessions
        rows = fetch_all(self._connection, table, table.c.file_id == file_id)
        return [session_from_row(dict(row._mapping)) for row in rows]

    def door(self, session: SessionRef, *, lock: bool = False) -> Door | None:
        """Return a session by the reference in its credentials; writes lock it shared, a commit exclusively."""
        table = schema.upload_sessions
        statement = select(table).where(
            table.c.file_id == session.file_id,
            func.substr(table.c.session_key, 1, len(session.key)) == session.key,
        )
        row = self._connection.execute(statement.with_for_update(read=True) if lock else statement).first()
        if row is None:
            return None
        found = session_from_row(dict(row._mapping))
        # A cover without media belongs to an existing file.
        needed = not found.video_key
        assets = schema.media_assets
        exists = needed and fetch_one(self._connection, assets, assets.c.file_id == found.file_id) is not None
        return found.door(file_exists=exists)

    def put_session(self, session: UploadSession) -> None:
        """Insert or replace."""
        row = values(session) | {
            "state": session.state.value,
            "source": session.source.value,
            "request": asdict(session.request),
            "permission": asdict(session.permission),
        }
        upsert(self._connection, schema.upload_sessions, row)

    def sessions_expired(self, moment: float, limit: int) -> Sequence[UploadSession]:
        """Return sessions that expired before ``moment``."""
        table = schema.upload_sessions
        statement = select(table).where(table.c.expires_at < moment).order_by(table.c.expires_at).limit(limit)
        return [session_from_row(dict(row._mapping)) for row in self._connection.execute(statement)]

    def delete_session(self, session_key: str) -> None:
        """Delete."""
        remove(self._connection, schema.upload_sessions, schema.upload_sessions.c.session_key == session_key)

    def spent(self, fingerprint: str) -> SpentSignature | None:
        """Return the recorded use of a one-time signature."""
        table = schema.spent_signatures
        row = fetch_one(self._connection, table, table.c.fingerprint == fingerprint)
        return SpentSignature(**row._mapping) if row else None

    def spend(self, spent: SpentSignature) -> bool:
        """Record the use of a one-time signature."""
        return insert_if_absent(self._connection, schema.spent_signatures, values(spent))

    def count_use(self, fingerprint: str, expires_at: float) -> int:
        """Count an upload under a signature; return the count with this one."""
        table = schema.signature_uses
        insert_if_absent(self._connection, table, {"fingerprint": fingerprint, "uses": 0, "expires_at": expires_at})
        counted = update(table).where(table.c.fingerprint == fingerprint).values(uses=table.c.uses + 1)
        return int(self._connection.execute(counted.returning(table.c.uses)).scalar_one())

    def pull(self, task_id: str) -> Pull | None:
        """Return a pull."""
        row = fetch_one(self._connection, schema.pulls, schema.pulls.c.task_id == task_id)
        return Pull(**row._mapping) if row else None

    def put_pull(self, pull: Pull) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.pulls, values(pull))

    def open_pulls(self, limit: int) -> Sequence[tuple[Task, Pull]]:
        """Return unfinished pulls, by priority, then age."""
        table = schema.tasks
        statement = (
            select(table)
            .where(
                table.c.status.in_((TaskStatus.WAITING.value, TaskStatus.PROCESSING.value)),
                table.c.type == TaskType.PULL_UPLOAD.value,
            )
            .order_by(table.c.priority.desc(), table.c.created_at)
            .limit(limit)
        )
        tasks = [task_of(row) for row in self._connection.execute(statement).all()]
        return [(task, pull) for task in tasks if (pull := self.pull(task.task_id))]

    def forget_spent(self, moment: float) -> int:
        """Delete records of signatures that expired before ``moment``."""
        remove(self._connection, schema.signature_uses, schema.signature_uses.c.expires_at < moment)
        return remove(self._connection, schema.spent_signatures, schema.spent_signatures.c.expires_at < moment)
