"""Proof of life among workers that share a PostgreSQL server: an advisory lock each, released with the session."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text


class AdvisoryLiveness:
    """See :class:`openvod.adapters.dbos.engine.Liveness`. One session holds the locks; it ends with the process."""

    def __init__(self, engine: Engine) -> None:
        self._connection: Connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def hold(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.hold`."""
        if not self.claim(executor_id):
            raise RuntimeError(f"worker {executor_id} runs already")

    def claim(self, executor_id: str) -> bool:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.claim`."""
        statement = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
        return bool(self._connection.execute(statement, {"name": f"openvod-worker/{executor_id}"}).scalar_one())

    def release(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.release`."""
        statement = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
        self._connection.execute(statement, {"name": f"openvod-worker/{executor_id}"})

    def known(self) -> Sequence[str]:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.known`: the server removes locks by itself."""
        return ()

    def close(self) -> None:
        """End the session, and with it every proof."""
        self._connection.close()
