"""what is known of media beside their bytes, and how lists of them are read"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AUDIO = {"mp3", "m4a", "flac", "ogg", "wav", "ra", "aac", "amr"}
_IMAGES = {"jpg", "jpeg", "png", "gif", "bmp", "tiff", "ai", "cdr", "eps", "tif", "heif", "webp"}
_NEVER = 253402300799.0
_assets = sa.table(
    "media_assets",
    sa.column("file_id", sa.String),
    sa.column("type", sa.String),
    sa.column("expire_time", sa.String),
    sa.column("probe", sa.JSON),
    sa.column("category", sa.String),
    sa.column("expires_at", sa.Float),
    sa.column("review", sa.String),
)
_outputs = sa.table(
    "media_outputs", sa.column("file_id", sa.String), sa.column("output", sa.JSON), sa.column("created_at", sa.Float)
)


def upgrade() -> None:
    """Apply."""
    for column in (
        sa.Column("description", sa.String(), nullable=False, server_default=""),
        sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("key_frames", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("review", sa.String(), nullable=False, server_default=""),
        sa.Column("has_original", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("category", sa.String(), nullable=False, server_default="Video"),
        sa.Column("expires_at", sa.Float(), nullable=False, server_default="253402300799"),
    ):
        op.add_column("media_assets", column)
    _fill_in(op.get_bind())
    op.drop_index("ix_media_assets_sub_app_id_created_at", table_name="media_assets")
    op.create_index(
        "ix_media_assets_sub_app_id_created_at_file_id_expires_at",
        "media_assets",
        ["sub_app_id", "created_at", "file_id", "expires_at"],
    )
    op.create_index("ix_media_assets_sub_app_id_class_id", "media_assets", ["sub_app_id", "class_id"])


def _fill_in(connection: sa.Connection) -> None:
    """Derive the new columns of the files that there are, where they differ from the defaults."""
    reviews: dict[str, str] = {}
    for row in connection.execute(sa.select(_outputs).order_by(_outputs.c.created_at)):
        if "ReviewTime" in row.output:
            reviews[row.file_id] = row.output["Suggestion"]
    for row in connection.execute(sa.select(_assets.c.file_id, _assets.c.type, _assets.c.expire_time, _assets.c.probe)):
        found = {
            "category": _category(row.type, row.probe),
            "expires_at": _expires_at(row.expire_time),
            "review": reviews.get(row.file_id, ""),
        }
        if found != {"category": "Video", "expires_at": _NEVER, "review": ""}:
            connection.execute(sa.update(_assets).where(_assets.c.file_id == row.file_id).values(**found))


def _category(kind: str, probe: dict[str, Any]) -> str:
    by_type = "Audio" if kind in _AUDIO else "Image" if kind in _IMAGES else "Video"
    return str(probe.get("category") or by_type)


def _expires_at(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return _NEVER
