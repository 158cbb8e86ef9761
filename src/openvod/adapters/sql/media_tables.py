"""The media room's tables in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, upsert, values
from openvod.media.model import MediaAsset, MediaOutput, ProbeState


class SqlMediaTables:
    """See :class:`openvod.media.ports.MediaTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def asset(self, file_id: str, *, lock: bool = False) -> MediaAsset | None:
        """Return one asset."""
        table = schema.media_assets
        row = fetch_one(self._connection, table, table.c.file_id == file_id, lock=lock)
        return _asset(row) if row else None

    def put_asset(self, asset: MediaAsset) -> None:
        """Insert or replace."""
        row = values(asset) | {"probe_state": asset.probe_state.value, "probe": dict(asset.probe)}
        upsert(self._connection, schema.media_assets, row)

    def put_output(self, output: MediaOutput) -> None:
        """Insert or replace a result."""
        upsert(self._connection, schema.media_outputs, values(output) | {"output": dict(output.output)})

    def outputs(self, file_id: str) -> Sequence[MediaOutput]:
        """Return the results of a file, by kind and template."""
        table = schema.media_outputs
        rows = fetch_all(self._connection, table, table.c.file_id == file_id, order=[table.c.kind, table.c.definition])
        return [MediaOutput(**row._mapping) for row in rows]

    def unprobed(self, limit: int) -> Sequence[MediaAsset]:
        """Return assets that wait for a probe, oldest first."""
        table = schema.media_assets
        statement = (
            select(table)
            .where(table.c.probe_state == ProbeState.PENDING.value)
            .order_by(table.c.created_at)
            .limit(limit)
        )
        return [_asset(row) for row in self._connection.execute(statement)]


def _asset(row: Any) -> MediaAsset:
    return MediaAsset(**(dict(row._mapping) | {"probe_state": ProbeState(row.probe_state)}))
