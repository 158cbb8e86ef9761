"""Argon2id password hashes, computed in a thread because hashing is slow by design."""

from __future__ import annotations

import asyncio
import os

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_SALT_BYTES, _HASH_BYTES = 16, 32
#: OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1
#: Concurrent hashes: each takes 19 MiB, and unauthenticated requests cause them.
_AT_ONCE = 4


class Argon2Passwords:
    """See :class:`openvod.access.account_ports.PasswordHash`."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._decoy = _hash(os.urandom(_SALT_BYTES).hex())

    async def hash(self, password: str) -> str:
        """Return a hash in PHC format."""
        async with self._slots:
            return await asyncio.to_thread(_hash, password)

    async def verify(self, password: str, known: str) -> bool:
        """Return whether ``known`` is a hash of ``password``; without one, a dummy hash takes the same time."""
        async with self._slots:
            matches = await asyncio.to_thread(_verify, password, known or self._decoy)
        return matches and bool(known)


def _hash(password: str) -> str:
    made = Argon2id(
        salt=os.urandom(_SALT_BYTES), length=_HASH_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB
    )
    return made.derive_phc_encoded(password.encode())


def _verify(password: str, known: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), known)
    except InvalidKey:
        return False
    return True
