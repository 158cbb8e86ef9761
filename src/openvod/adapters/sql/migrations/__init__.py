"""Schema versions, forward only; :func:`upgrade` brings a database to the newest."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from openvod.base.errors import Conflict

#: Held while the schema changes, so that processes that start together take turns.
_ADVISORY_LOCK = 0x0E7E48


def upgrade(engine: Engine, to: str = "head") -> None:
    """Apply missing versions, up to a given one; raises ``Conflict("database.newer")`` for one of a newer release.

    All of them are one transaction: a process that dies in between leaves the schema that it found.
    """
    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    with engine.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
        if not present <= known:
            raise Conflict(
                "database.newer",
                f"the database has schema {', '.join(sorted(present))}, which this release does not know; "
                "start the newer release that wrote it",
            )
        if to == "head" and present == set(scripts.get_heads()):
            return
        _lock_name(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        _end_turn(connection)


def _lock_name(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A new schema may take as long as it needs.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _end_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.commit()
    else:
        connection.exec_driver_sql("COMMIT")


def configuration() -> Config:
    """Return Alembic's configuration without any file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
