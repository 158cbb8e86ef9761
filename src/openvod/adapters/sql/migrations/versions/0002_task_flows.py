"""task flows"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _media_outputs()
    _procedures()
    _quarantined_files()
    _subtasks()
    _tasks()
    _templates()
    _buckets()
    _media_assets()


def _media_outputs() -> None:
    op.create_table(
        "media_outputs",
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("definition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("output", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "kind", "definition", name=op.f("pk_media_outputs")),
    )


def _procedures() -> None:
    op.create_table(
        "procedures",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", "name", name=op.f("pk_procedures")),
    )


def _quarantined_files() -> None:
    op.create_table(
        "quarantined_files",
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_quarantined_files")),
    )


def _subtasks() -> None:
    op.create_table(
        "subtasks",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("err_code_ext", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.Float(), nullable=True),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("output", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("thrifty", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", "number", name=op.f("pk_subtasks")),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("procedure", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("notify_mode", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("session_context", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=True),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("abort_requested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_file_id"), ["file_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_tasks_status_priority_created_at"), ["status", "priority", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_tasks_sub_app_id_created_at"), ["sub_app_id", "created_at"], unique=False)


def _templates() -> None:
    op.create_table(
        "templates",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("definition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", "kind", "definition", name=op.f("pk_templates")),
    )


def _buckets() -> None:
    with op.batch_alter_table("buckets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purpose", sa.String(), server_default="upload", nullable=False))
        batch_op.drop_index(batch_op.f("ix_buckets_sub_app_id_region"))
        batch_op.create_index(
            batch_op.f("ix_buckets_sub_app_id_region_purpose"), ["sub_app_id", "region", "purpose"], unique=True
        )


def _media_assets() -> None:
    with op.batch_alter_table("media_assets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("status", sa.String(), server_default="Normal", nullable=False))
