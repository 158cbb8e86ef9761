"""Signatures that were used already (decision 17), remembered in the database: by every process, over restarts."""

from __future__ import annotations

import hashlib
import logging

from openvod.access.ports import AccessTx
from openvod.base.ports import Clock, UnitOfWork
from openvod.signing.tc3 import CLOCK_TOLERANCE_SECONDS

#: How long after its first use a TC3 signature may come again: it has one second's resolution and no nonce, so that
#: two calls of one second with the same body are equal; the rest is for the way here.
TC3_AGAIN_SECONDS = 3.0
#: A clock may be five minutes ahead, so that a signature counts for ten minutes at most.
_KEPT_SECONDS = 2.0 * CLOCK_TOLERANCE_SECONDS
_MOST_PENDING = 100_000
_log = logging.getLogger("openvod.web.api")


class UsedSignatures:
    """Remembers when signatures were first used.

    A change waits until its signature is stored. A read does not: its signature is noted in memory and stored by the
    next :meth:`flush`, since reading again changes nothing, and only a later change asks for it.
    """

    def __init__(self, uow: UnitOfWork[AccessTx], clock: Clock) -> None:
        self._uow = uow
        self._clock = clock
        self._pending: dict[tuple[str, str], float] = {}

    def note_read(self, secret_id: str, signature: str) -> None:
        """Note that a signature was used, without waiting for the database."""
        if len(self._pending) < _MOST_PENDING:
            self._pending.setdefault((secret_id, _digest(signature)), self._clock.now())

    async def age(self, secret_id: str, signature: str) -> float | None:
        """Return how many seconds ago a signature was first used, and store it; ``None``: this is its first use.

        Only what verified and is carried out may be counted in.
        """
        digest, now = _digest(signature), self._clock.now()
        read_at = self._pending.get((secret_id, digest))

        def work(tx: AccessTx) -> float | None:
            return tx.access.use_signature(secret_id, digest, now if read_at is None else read_at, now - _KEPT_SECONDS)

        stored = await self._uow.write(work)
        first = stored if stored is not None else read_at
        return None if first is None else max(0.0, now - first)

    async def flush(self) -> int:
        """Store what reads used; return how many signatures."""
        if not self._pending:
            return 0
        pending, self._pending = self._pending, {}
        before = self._clock.now() - _KEPT_SECONDS

        def work(tx: AccessTx) -> None:
            for (secret_id, digest), used_at in pending.items():
                tx.access.use_signature(secret_id, digest, used_at, before)

        try:
            await self._uow.write(work)
        except Exception:
            self._pending = self._pending | pending
            raise
        return len(pending)

    async def close(self) -> None:
        """Flush the remaining signatures; an unreachable database does not block shutdown."""
        try:
            await self.flush()
        except Exception:
            _log.exception("%d signatures of reads could not be stored", len(self._pending))

    async def forget_old(self) -> int:
        """Delete what no clock could let pass any more; return how many rows."""
        before = self._clock.now() - _KEPT_SECONDS
        return await self._uow.write(lambda tx: tx.access.forget_signatures(before))


def _digest(signature: str) -> str:
    return hashlib.sha256(signature.encode("utf-8", "surrogateescape")).hexdigest()[:32]
