"""Proof of life among workers that share a PostgreSQL server: an advisory lock each, released with the session."""

from __future__ import annotations

from collections.abc import Sequence

from openvod.adapters.sql.sessions import LockSession

#: A worker that has had no word of its lock for so long must not write any more …
_PROOF_SECONDS = 4.0
#: … and is called dead by others after its lock was free for so long: time to take it again after a lost connection.
_GRACE_SECONDS = 8.0


class AdvisoryLiveness:
    """See :class:`openvod.adapters.dbos.engine.Liveness`. One session holds the locks; it ends with the process."""

    grace = _GRACE_SECONDS

    def __init__(self, session: LockSession) -> None:
        self._session = session
        self._own = ""

    def hold(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.hold`."""
        if not self.claim(executor_id):
            raise RuntimeError(f"worker {executor_id} runs already, or the database does not answer")
        self._own = executor_id

    def claim(self, executor_id: str) -> bool:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.claim`."""
        return self._session.take(_name(executor_id))

    def release(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.release`."""
        self._session.give_back(_name(executor_id))

    def proven(self) -> bool:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.proven`."""
        return self._session.age(_name(self._own)) < _PROOF_SECONDS

    def known(self) -> Sequence[str]:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.known`: the server removes locks by itself."""
        return ()

    def close(self) -> None:
        """End the session, and with it every proof."""
        self._session.close()


def _name(executor_id: str) -> str:
    return f"openvod-worker/{executor_id}"
