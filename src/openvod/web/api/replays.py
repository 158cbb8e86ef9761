"""Signatures that were used already (decision 17), remembered in this process."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable

from openvod.signing.tc3 import CLOCK_TOLERANCE_SECONDS

#: How long after its first use a TC3 signature may come again: it has one second's resolution and no nonce, so that
#: two calls of one second with the same body are equal; the rest is for the way here.
TC3_AGAIN_SECONDS = 3.0
#: A clock may be five minutes ahead, so that a signature counts for ten minutes at most.
_KEPT_SECONDS = 2.0 * CLOCK_TOLERANCE_SECONDS
_MOST_OF_A_KEY = 100_000


class UsedSignatures:
    """Remembers when each key's signatures were first used."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._keys: dict[str, OrderedDict[bytes, float]] = {}

    def age(self, secret_id: str, signature: str) -> float | None:
        """Return how many seconds ago a signature was first used, and remember it; ``None``: this is its first use.

        Only what verified and is carried out may be counted in. A key that fills its share pushes out its own oldest.
        """
        now = self._monotonic()
        used = self._keys.setdefault(secret_id, OrderedDict())
        self._forget(used, now)
        digest = hashlib.sha256(signature.encode()).digest()[:16]
        first = used.get(digest)
        if first is None:
            used[digest] = now
            return None
        return now - first

    @staticmethod
    def _forget(used: OrderedDict[bytes, float], now: float) -> None:
        while used and (len(used) >= _MOST_OF_A_KEY or next(iter(used.values())) <= now - _KEPT_SECONDS):
            used.popitem(last=False)
