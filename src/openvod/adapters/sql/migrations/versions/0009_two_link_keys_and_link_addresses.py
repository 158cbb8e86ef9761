"""a second link key for each domain, and the addresses that use links with a limit"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("domains", sa.Column("sealed_backup_key", sa.LargeBinary(), server_default="", nullable=False))
    op.create_table(
        "link_addresses",
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("link", "address", name=op.f("pk_link_addresses")),
    )
    op.create_index(op.f("ix_link_addresses_expires_at"), "link_addresses", ["expires_at"], unique=False)
