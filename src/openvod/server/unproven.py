"""Bodies of unauthenticated requests: limited in memory and on disk.

A SecretId is not secret, so a head with a valid one proves nothing, and the signature covers the whole body: the body
must arrive before the request can be authenticated. Until then it must not take resources from others.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from openvod.base.errors import Exhausted
from openvod.base.senders import sender_of
from openvod.base.sizes import GIB, KIB, MIB
from openvod.server.wire import WireRequest, check_size

#: Limits of bytes in flight, per sender and in total.
_MEMORY, _MEMORY_OF_ALL = 64 * KIB, 16 * MIB
_DISK, _DISK_OF_ALL = 64 * MIB, GIB


class Budget:
    """Bytes in flight, limited per sender and in total."""

    def __init__(self, of_one: int, of_all: int) -> None:
        self._of_one = of_one
        self._of_all = of_all
        self._taken: Counter[str] = Counter()
        self._all = 0

    def take(self, sender: str, size: int) -> bool:
        """Reserve bytes; false, without a reservation, when they exceed a limit."""
        if self._taken[sender] + size > self._of_one or self._all + size > self._of_all:
            return False
        self._taken[sender] += size
        self._all += size
        return True

    def give_back(self, sender: str, size: int) -> None:
        """Release bytes."""
        self._taken[sender] -= size
        self._all -= size
        if not self._taken[sender]:
            del self._taken[sender]

    def in_flight(self) -> int:
        """Return the bytes of all senders."""
        return self._all


class UnprovenBodies:
    """Receives unauthenticated bodies; larger ones go to unlinked files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.memory = Budget(_MEMORY, _MEMORY_OF_ALL)
        self.disk = Budget(_DISK, _DISK_OF_ALL)

    @asynccontextmanager
    async def received(self, request: WireRequest, limit: int) -> AsyncIterator[UnprovenBody]:
        """Receive the body, available within the block.

        Raises ``Exhausted``: ``request.too_large`` past ``limit`` bytes, ``request.busy`` when its sender has too much
        in flight.
        """
        body = UnprovenBody(self, sender_of(request.caller.address))
        try:
            check_size(request.content_length or 0, limit)
            async for chunk in request.stream():
                check_size(body.size + len(chunk), limit)
                await body.add(chunk)
            yield body
        finally:
            body.close()


class UnprovenBody:
    """One body: its ``size`` and SHA-256 are known, the content is read after authentication."""

    def __init__(self, bodies: UnprovenBodies, sender: str) -> None:
        self._bodies = bodies
        self._sender = sender
        self._digest = hashlib.sha256()
        self._held: list[bytes] = []
        self._in_memory = self._on_disk = 0
        self._file: IO[bytes] | None = None
        self.size = 0

    @property
    def sha256(self) -> str:
        """The hexadecimal digest."""
        return self._digest.hexdigest()

    async def add(self, chunk: bytes) -> None:
        """Store a piece; raises ``Exhausted("request.busy")``."""
        self.size += len(chunk)
        self._digest.update(chunk)
        if self._file is None and self._bodies.memory.take(self._sender, len(chunk)):
            self._in_memory += len(chunk)
            self._held.append(chunk)
            return
        wanted = self._in_memory + len(chunk)
        if not self._bodies.disk.take(self._sender, wanted):
            raise Exhausted("request.busy", "too many large requests are in flight; send fewer concurrently")
        self._on_disk += wanted
        await asyncio.to_thread(self._write, [*self._held, chunk])
        self._forget_memory()

    async def content(self) -> bytes:
        """Return the bytes."""
        if self._file is None:
            return b"".join(self._held)
        return await asyncio.to_thread(self._read, self._file)

    def close(self) -> None:
        """Delete the stored bytes."""
        self._forget_memory()
        self._bodies.disk.give_back(self._sender, self._on_disk)
        self._on_disk = 0
        if self._file is not None:
            self._file.close()

    def _forget_memory(self) -> None:
        self._held.clear()
        self._bodies.memory.give_back(self._sender, self._in_memory)
        self._in_memory = 0

    def _write(self, pieces: list[bytes]) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._bodies.folder)  # noqa: SIM115 - closed by close()
        self._file.writelines(pieces)

    @staticmethod
    def _read(file: IO[bytes]) -> bytes:
        file.seek(0)
        return file.read()
