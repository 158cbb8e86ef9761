"""Alembic's entry: runs the versions over a connection that the caller hands in."""

from __future__ import annotations

from alembic import context

from openvod.adapters.sql import account_schema as account_schema
from openvod.adapters.sql import event_schema as event_schema
from openvod.adapters.sql.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
