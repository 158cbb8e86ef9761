"""Enters the sandbox; only the child calls these functions, before it reads a byte that a stranger wrote."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import replace

from openvod.adapters.sandbox import landlock, limits, network, system_calls
from openvod.adapters.sandbox.policy import Policy, Wall

_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 64
_NICE = 5
#: What programs read of the machine: libraries, time zones, processors. None of it is secret.
SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache",
    "/etc/localtime", "/dev/null", "/dev/zero", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo",
    "/sys/devices/system/cpu", "/sys/devices/system/node",
)  # fmt: skip


def enter(policy: Policy, parent: int) -> None:
    """Build the policy's walls around this process, and let it end with ``parent``; raises ``OSError``.

    Call it before the first thread starts. The walls hold until the end of the process, and across ``exec``.
    """
    if Wall.NETWORK in policy.walls:
        network.leave()
    limits.die_with(parent)  # after the namespace, which clears it
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("the kernel has no no_new_privs")
    if Wall.FILES in policy.walls:
        landlock.restrict(_rules(policy))
    if Wall.SYSTEM_CALLS in policy.walls:
        system_calls.restrict(execute=bool(policy.execute))


def enter_python(policy: Policy, parent: int) -> None:
    """As :func:`enter`, for a child that goes on in Python: it may also read the modules that it imports later."""
    enter(replace(policy, read=(*policy.read, *python_files())), parent)


def confine_reader(policy: Policy, cpu_seconds: int, parent: int, *, memory: int) -> None:
    """Limit and sandbox a child that reads untrusted bytes in Python; ``memory`` in bytes. It writes no file."""
    limits.limit(memory=memory, file_size=0, open_files=_OPEN_FILES, cpu_seconds=cpu_seconds)
    limits.lower_priority(_NICE)
    enter_python(policy, parent)


def python_files() -> tuple[str, ...]:
    """Return the folders from which this Python imports."""
    return tuple(path for path in (*sys.path, sys.prefix + "/lib", sys.base_prefix + "/lib") if os.path.isabs(path))


def _rules(policy: Policy) -> Iterator[tuple[str, int]]:
    for path in (*SYSTEM, *policy.read):
        yield path, landlock.READ
    for path in policy.execute:
        yield path, landlock.EXECUTE
    for path in policy.write:
        yield path, landlock.WRITE
    yield "/dev/null", landlock.WRITE
