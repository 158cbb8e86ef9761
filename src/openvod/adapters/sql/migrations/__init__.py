"""Schema versions, forward only; :func:`upgrade` brings a database to the newest."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from openvod.base.errors import Conflict


def upgrade(engine: Engine, to: str = "head") -> None:
    """Apply missing versions, up to a given one; raises ``Conflict("database.newer")`` for one of a newer release."""
    config = configuration()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
        if not present <= known:
            raise Conflict(
                "database.newer",
                f"the database has schema {', '.join(sorted(present))}, which this release does not know; "
                "start the newer release that wrote it",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()


def configuration() -> Config:
    """Return Alembic's configuration without any file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
