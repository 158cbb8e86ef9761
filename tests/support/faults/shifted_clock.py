"""A wall clock that tests move, for Python processes: what a client's wrong clock is, seen from the other side.

Moving the server's clock works for every client alike, whatever language it is written in.
"""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

_HOOK = Path(__file__).parent / "clock"


class ShiftedClock:
    """The clock of the processes that are started with :attr:`environment`; moving it needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.shift = 0.0
        self.set(0)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to follow this clock."""
        folders = [str(_HOOK), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {"OPENVOD_TEST_CLOCK": str(self._path), "PYTHONPATH": os.pathsep.join(folders)}

    def set(self, seconds: float) -> None:
        """Set the distance from the true time."""
        self.shift = seconds
        # Written in place, since processes hold the file mapped.
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.write(struct.pack("d", seconds))

    def now(self) -> float:
        """Return the time that those processes see."""
        return time.time() + self.shift
