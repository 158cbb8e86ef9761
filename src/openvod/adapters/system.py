"""The operating system's clock and entropy."""

from __future__ import annotations

import os
import time


class SystemClock:
    """See :class:`openvod.base.ports.Clock`."""

    def now(self) -> float:
        """Return Unix time in seconds."""
        return time.time()


class SystemEntropy:
    """See :class:`openvod.base.ports.Entropy`."""

    def token(self, size: int) -> bytes:
        """Return ``size`` bytes from the kernel."""
        return os.urandom(size)
