"""what the server API keeps"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("applications", sa.Column("description", sa.String(), nullable=False, server_default=""))
    op.add_column("applications", sa.Column("status", sa.String(), nullable=False, server_default="On"))
    op.add_column("key_pairs", sa.Column("groups", sa.String(), nullable=False, server_default=""))
    # A category at the top was stored below 0, which is the built-in one.
    op.execute("UPDATE categories SET parent_id = -1 WHERE parent_id = 0")
