"""Sets limits, then becomes the program given: ``MEMORY FILE_SIZE PARENT PROGRAM ARGUMENT…``."""

from __future__ import annotations

import os
import signal
import sys

from openvod.adapters import confinement

_OPEN_FILES = 256
_NICE = 10


def main() -> None:
    """Limit this process and replace it."""
    memory, file_size, parent = (int(text) for text in sys.argv[1:4])
    confinement.die_with(parent)
    confinement.prefer_as_oom_victim()
    confinement.limit(memory=memory, file_size=file_size, open_files=_OPEN_FILES)
    confinement.step_back(_NICE)
    # Python ignores SIGPIPE; FFmpeg must end on it.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(sys.argv[4], sys.argv[4:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
