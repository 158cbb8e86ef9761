"""Finds out which walls of the sandbox this machine can build: builds each in a child, and tries to get through it."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from functools import cache

from openvod.adapters.sandbox.children import python_child
from openvod.adapters.sandbox.policy import ALL_WALLS, Policy, Wall

_MODULE = "openvod.adapters.sandbox.trial"
_SECONDS = 20
#: A file that everybody may read, on every system.
_FORBIDDEN = "/proc/version"


@cache
def standing_walls() -> frozenset[Wall]:
    """Return the walls that hold on this machine; tried once per process, in one child for each."""
    if sys.platform != "linux":
        return frozenset()
    children = {wall: _start(wall) for wall in ALL_WALLS}
    return frozenset(wall for wall, child in children.items() if _holds(child))


def _start(wall: Wall) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        python_child(_MODULE, wall),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
    )  # fmt: skip


def _holds(child: subprocess.Popen[bytes]) -> bool:
    with child:
        try:
            output, _ = child.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            return False
    return output == b"holds"


def main() -> None:
    """Build one wall, try to get through it, and print the result."""
    from openvod.adapters.sandbox import confinement

    wall = Wall(sys.argv[1])
    confinement.enter_python(Policy(frozenset({wall})), os.getppid())
    if HOLDS[wall]():
        sys.stdout.write("holds")


def _hides_files() -> bool:
    try:
        open(_FORBIDDEN, "rb").close()
    except PermissionError:
        return True
    return False


def _filters_calls() -> bool:
    try:
        socket.socket().close()
    except OSError as error:
        return error.errno == errno.ENOSYS
    return False


def _has_no_network() -> bool:
    """Look at loopback: a machine may have no other network, and an empty namespace has it switched off."""
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            socket.create_connection(listener.getsockname(), 1).close()
    except OSError:
        return True
    return False


#: Tries to get through a wall; true when it holds.
HOLDS = {Wall.FILES: _hides_files, Wall.SYSTEM_CALLS: _filters_calls, Wall.NETWORK: _has_no_network}


if __name__ == "__main__":
    main()
