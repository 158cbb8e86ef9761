"""domains, distributions and the audit log"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "domains",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("referers", sa.JSON(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("links_enabled", sa.Boolean(), nullable=False),
        sa.Column("sealed_link_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", "name", name=op.f("pk_domains")),
    )
    op.create_table(
        "distributions",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("sealed_play_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", name=op.f("pk_distributions")),
    )
    op.create_table(
        "audit_log",
        sa.Column("entry_id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("secret_id", sa.String(), nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at"], unique=False)
