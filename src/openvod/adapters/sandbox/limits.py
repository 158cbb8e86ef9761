"""Limits and privileges of child processes that read untrusted media; only the child calls these functions."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_OOM_SCORE_ADJUSTMENT = "500"


def limit(*, memory: int, file_size: int, open_files: int, cpu_seconds: int | None = None) -> None:
    """Set resource limits: address space and file size in bytes, open files, CPU time in seconds; no core dumps."""
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


def lower_priority(nice: int) -> None:
    """Lower the CPU priority of this process below the servers of the machine.

    On Linux each session is a scheduling group (autogroup), and ``nice`` only applies inside its group. So set the
    value of the group, too; otherwise an encoder takes half of the CPU time from the server that accepts uploads.
    """
    os.nice(nice)
    with contextlib.suppress(OSError):  # the file is missing on other systems and without CONFIG_SCHED_AUTOGROUP
        Path("/proc/self/autogroup").write_text(str(nice), encoding="ascii")


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends for any reason."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # the parent ended before prctl
        sys.exit(1)


def prefer_as_oom_victim() -> None:
    """Make this process a preferred victim of the kernel's OOM killer."""
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE_ADJUSTMENT, encoding="ascii")
