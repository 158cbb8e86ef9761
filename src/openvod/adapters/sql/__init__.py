"""SQL: one adapter for SQLite and PostgreSQL (SQLAlchemy Core, Alembic).

Start reading at :mod:`openvod.adapters.sql.database`; each ``*_tables`` module implements a room's port.
"""

from openvod.adapters.sql.database import Database, Transaction, open_database

__all__ = ["Database", "Transaction", "open_database"]
