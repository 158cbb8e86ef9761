"""Enters the sandbox, then replaces itself with a program.

Arguments: ``MEMORY FILE_SIZE CPU_SECONDS PARENT POLICY PROGRAM ARGUMENT…``.
"""

from __future__ import annotations

import os
import signal
import sys

from openvod.adapters.sandbox import confinement, limits
from openvod.adapters.sandbox.policy import Policy

_OPEN_FILES = 256
_NICE = 10


def main() -> None:
    """Set the limits, build the walls and exec the program."""
    memory, file_size, cpu_seconds, parent = (int(text) for text in sys.argv[1:5])
    limits.prefer_as_oom_victim()
    limits.limit(memory=memory, file_size=file_size, open_files=_OPEN_FILES, cpu_seconds=cpu_seconds)
    limits.lower_priority(_NICE)
    confinement.enter(Policy.from_json(sys.argv[5]), parent)
    # Python ignores SIGPIPE, which FFmpeg would inherit; it must end on it.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(sys.argv[6], sys.argv[6:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
