"""What the playback room asks of storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from openvod.storage.model import StoredObject


class Bytes(Protocol):
    """Reads stored objects."""

    def read(self, stored: StoredObject, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes of an object from ``start``."""
        ...
