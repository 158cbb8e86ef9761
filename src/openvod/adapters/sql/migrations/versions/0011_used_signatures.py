"""signatures of API 3.0 that were used, so that a restart opens no door to replays"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "used_signatures",
        sa.Column("secret_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("secret_id", "digest", name=op.f("pk_used_signatures")),
    )
    op.create_index(op.f("ix_used_signatures_used_at"), "used_signatures", ["used_at"])
