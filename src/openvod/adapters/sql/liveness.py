"""Liveness of workers that share a PostgreSQL server: each holds an advisory lock, which ends with its session."""

from __future__ import annotations

from collections.abc import Sequence

from openvod.adapters.sql.sessions import LockSession

#: Seconds without confirmation of its lock after which a worker must not write …
_PROOF_SECONDS = 4.0
#: … and seconds of a free lock after which others consider it dead; before, it may reconnect and lock again.
_GRACE_SECONDS = 8.0


class AdvisoryLiveness:
    """See :class:`openvod.adapters.dbos.engine.Liveness`. One session holds the locks until the process ends."""

    grace = _GRACE_SECONDS

    def __init__(self, session: LockSession) -> None:
        self._session = session
        self._own = ""

    def hold(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.hold`."""
        if not self.claim(executor_id):
            raise RuntimeError(f"worker {executor_id} is already running, or the database does not answer")
        self._own = executor_id

    def claim(self, executor_id: str) -> bool:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.claim`."""
        return self._session.take(_name(executor_id))

    def release(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.release`."""
        self._session.release(_name(executor_id))

    def proven(self) -> bool:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.proven`."""
        return self._session.age(_name(self._own)) < _PROOF_SECONDS

    def known(self) -> Sequence[str]:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.known`: the server releases the locks of dead workers."""
        return ()

    def close(self) -> None:
        """End the session, which releases every lock."""
        self._session.close()


def _name(executor_id: str) -> str:
    return f"openvod-worker/{executor_id}"
