"""Sets limits, then becomes the program given: ``MEMORY FILE_SIZE PARENT PROGRAM ARGUMENT…``."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 256
_NICE = 15
_FIRST_VICTIM = "500"


def main() -> None:
    """Limit this process and replace it."""
    memory, file_size, parent = (int(text) for text in sys.argv[1:4])
    _die_with(parent)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Python ignores it; FFmpeg shall be ended by it.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.nice(_NICE)
    os.execv(sys.argv[4], sys.argv[4:])  # noqa: S606 - no shell is wanted


def _die_with(parent: int) -> None:
    """Let the kernel end this process when the worker dies, however it dies; and prefer it when memory runs out."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    Path("/proc/self/oom_score_adj").write_text(_FIRST_VICTIM)


if __name__ == "__main__":
    main()
