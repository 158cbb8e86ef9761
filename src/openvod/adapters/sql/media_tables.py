"""The media room's tables in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, select

from openvod.adapters.sql import schema
from openvod.adapters.sql.media_search import conditions_of, count_of, order_of
from openvod.adapters.sql.rows import fetch_all, fetch_one, remove, upsert, values
from openvod.events.codec import NEVER, read_time
from openvod.media.model import KeyFrameMark, MediaAsset, MediaOutput, ProbeState
from openvod.media.query import Found, MediaQuery

#: Columns that are derived from others.
_DERIVED = ("category", "expires_at")


class SqlMediaTables:
    """See :class:`openvod.media.ports.MediaTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def asset(self, file_id: str, *, lock: bool = False) -> MediaAsset | None:
        """Return one asset."""
        table = schema.media_assets
        row = fetch_one(self._connection, table, table.c.file_id == file_id, lock=lock)
        return asset_of(row) if row else None

    def assets(self, sub_app_id: int, file_ids: Collection[str], now: float) -> Sequence[MediaAsset]:
        """Return an application's assets of these ids that have not expired."""
        rows = self._rows(file_ids)
        return [asset_of(row) for row in rows if row.sub_app_id == sub_app_id and row.expires_at > now]

    def expired(self, now: float, limit: int) -> Sequence[MediaAsset]:
        """Return expired assets, the earliest first."""
        table = schema.media_assets
        statement = select(table).where(table.c.expires_at <= now).order_by(table.c.expires_at).limit(limit)
        return [asset_of(row) for row in self._connection.execute(statement)]

    def search(self, query: MediaQuery) -> Found:
        """Return a page of matching files.

        Rows before the page are skipped in an index: only ids are sorted, and only the page's rows are read.
        """
        table = schema.media_assets
        where = conditions_of(query, self._connection.dialect.name)
        total = self._connection.scalar(count_of(where)) or 0
        page = select(table.c.file_id).where(*where).order_by(*order_of(query)).limit(query.limit).offset(query.offset)
        ids = self._connection.execute(page).scalars().all()
        found = {row.file_id: asset_of(row) for row in self._rows(ids)}
        return Found(total, [found[file_id] for file_id in ids])

    def _rows(self, file_ids: Collection[str]) -> Sequence[Any]:
        """Return rows by id only; with a further condition SQLite would read all files of the application."""
        rows: Sequence[Any] = fetch_all(
            self._connection, schema.media_assets, schema.media_assets.c.file_id.in_(file_ids)
        )
        return rows

    def put_asset(self, asset: MediaAsset) -> None:
        """Insert or replace."""
        row = values(asset) | {
            "probe_state": asset.probe_state.value,
            "probe": dict(asset.probe),
            "tags": list(asset.tags),
            "key_frames": [list(mark) for mark in asset.key_frames],
            "category": asset.category,
            "expires_at": _expires_at(asset.expire_time),
        }
        upsert(self._connection, schema.media_assets, row)

    def delete_asset(self, file_id: str) -> None:
        """Delete an asset with its results."""
        remove(self._connection, schema.media_outputs, schema.media_outputs.c.file_id == file_id)
        remove(self._connection, schema.media_assets, schema.media_assets.c.file_id == file_id)

    def put_output(self, output: MediaOutput) -> None:
        """Insert or replace a result."""
        upsert(self._connection, schema.media_outputs, values(output) | {"output": dict(output.output)})

    def outputs(self, file_id: str) -> Sequence[MediaOutput]:
        """Return the results of a file, by kind and template."""
        return self.outputs_of([file_id])

    def outputs_of(self, file_ids: Collection[str]) -> Sequence[MediaOutput]:
        """Return the results of several files, by file, kind and template."""
        table = schema.media_outputs
        order = [table.c.file_id, table.c.kind, table.c.definition]
        rows = fetch_all(self._connection, table, table.c.file_id.in_(file_ids), order=order)
        return [MediaOutput(**row._mapping) for row in rows]

    def delete_outputs(self, file_id: str, kind: str, definition: int = 0) -> None:
        """Delete a file's results of a kind."""
        table = schema.media_outputs
        where = [table.c.file_id == file_id, table.c.kind == kind]
        remove(self._connection, table, *where, *([table.c.definition == definition] if definition else []))

    def unprobed(self, limit: int) -> Sequence[MediaAsset]:
        """Return assets without a probe result, oldest first."""
        table = schema.media_assets
        statement = (
            select(table)
            .where(table.c.probe_state == ProbeState.PENDING.value)
            .order_by(table.c.created_at)
            .limit(limit)
        )
        return [asset_of(row) for row in self._connection.execute(statement)]


def asset_of(row: Any) -> MediaAsset:
    """Return a row of ``media_assets`` as a value."""
    members = {name: value for name, value in row._mapping.items() if name not in _DERIVED}
    return MediaAsset(
        **members
        | {
            "probe_state": ProbeState(row.probe_state),
            "tags": tuple(row.tags),
            "key_frames": tuple(KeyFrameMark(*mark) for mark in row.key_frames),
        }
    )


def _expires_at(expire_time: str) -> float:
    """Return the moment; what is no moment never comes."""
    try:
        return read_time(expire_time or NEVER)
    except ValueError:
        return read_time(NEVER)
