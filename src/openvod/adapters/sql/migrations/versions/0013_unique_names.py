"""what is read before it is created is unique: the console's key, the default region, a category's name"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_CONSOLE = sa.text("note = 'console'")
_DEFAULT = sa.text("is_default")
#: What came to be twice gets another name; nothing is deleted, and the first keeps its own.
_RENAMED = (
    "UPDATE key_pairs SET note = 'console (' || secret_id || ')' WHERE note = 'console' AND secret_id <> "
    "(SELECT k.secret_id FROM key_pairs k WHERE k.note = 'console' ORDER BY k.created_at, k.secret_id LIMIT 1)",
    "UPDATE storage_regions SET is_default = false WHERE is_default AND name <> "
    "(SELECT r.name FROM storage_regions r WHERE r.is_default ORDER BY r.name LIMIT 1)",
    "UPDATE categories SET name = name || ' (' || class_id || ')' WHERE EXISTS (SELECT 1 FROM categories c "
    "WHERE c.sub_app_id = categories.sub_app_id AND c.parent_id = categories.parent_id AND c.name = categories.name "
    "AND c.class_id < categories.class_id)",
)


def upgrade() -> None:
    """Apply."""
    for statement in _RENAMED:
        op.execute(statement)
    op.create_index(
        "uq_key_pairs_console", "key_pairs", ["note"], unique=True, sqlite_where=_CONSOLE, postgresql_where=_CONSOLE
    )
    op.create_index(
        "uq_storage_regions_default", "storage_regions", ["is_default"], unique=True,
        sqlite_where=_DEFAULT, postgresql_where=_DEFAULT,
    )  # fmt: skip
    op.create_index("uq_categories_name", "categories", ["sub_app_id", "parent_id", "name"], unique=True)
