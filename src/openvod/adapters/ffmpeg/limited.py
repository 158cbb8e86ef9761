"""Sets limits, then replaces itself with a program: ``MEMORY FILE_SIZE PARENT PROGRAM ARGUMENT…``."""

from __future__ import annotations

import os
import signal
import sys

from openvod.adapters import confinement

_OPEN_FILES = 256
_NICE = 10


def main() -> None:
    """Set the limits and exec the program."""
    memory, file_size, parent = (int(text) for text in sys.argv[1:4])
    confinement.die_with(parent)
    confinement.prefer_as_oom_victim()
    confinement.limit(memory=memory, file_size=file_size, open_files=_OPEN_FILES)
    confinement.lower_priority(_NICE)
    # Python ignores SIGPIPE, which FFmpeg would inherit; it must end on it.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(sys.argv[4], sys.argv[4:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
