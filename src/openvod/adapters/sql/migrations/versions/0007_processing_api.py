"""what the processing actions of the server API keep: used SessionIds, pulled uploads"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "task_sessions",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", "action", "session_id", name=op.f("pk_task_sessions")),
    )
    op.create_index(op.f("ix_task_sessions_used_at"), "task_sessions", ["used_at"])
    op.create_table(
        "pulls",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("session_key", sa.String(), nullable=False),
        sa.Column("media_url", sa.Text(), nullable=False),
        sa.Column("cover_url", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("err_code_ext", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("procedure_task_id", sa.String(), nullable=False),
        sa.Column("review_task_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_pulls")),
    )
