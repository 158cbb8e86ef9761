"""What a child process that touches foreign media gives up before it begins; called by the child alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_FIRST_VICTIM = "500"


def limit(*, memory: int, file_size: int, open_files: int, cpu_seconds: int | None = None) -> None:
    """Set limits of the kernel: address space and written file in bytes, descriptors, CPU time. No core dumps."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_CORE: 0,
    }
    if cpu_seconds is not None:
        limits[resource.RLIMIT_CPU] = cpu_seconds
    for kind, bound in limits.items():
        resource.setrlimit(kind, (bound, bound))


def step_back(nice: int) -> None:
    """Let servers of the machine go first.

    A session of its own is a scheduling group of its own on Linux (autogroup), within which alone ``nice`` counts:
    the group needs the value too, or an encoder takes half of the machine from the server that accepts uploads.
    """
    os.nice(nice)
    with contextlib.suppress(OSError):  # no such file: other systems, or kernels that group by something else
        Path("/proc/self/autogroup").write_text(str(nice), encoding="ascii")


def die_with(parent: int) -> None:
    """Let the kernel end this process when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # died before the line above
        sys.exit(1)


def prefer_as_oom_victim() -> None:
    """Prefer this process as the one that the kernel ends when memory runs out."""
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text(_FIRST_VICTIM, encoding="ascii")
