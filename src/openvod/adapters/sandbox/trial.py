"""Finds out which walls of the sandbox this machine can build: builds each in a child, and tries to get through it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from functools import cache

from openvod.adapters.sandbox.policy import ALL_WALLS, Policy, Wall

_MODULE = "openvod.adapters.sandbox.trial"
_SECONDS = 20
_FORBIDDEN = "/etc/passwd"


@cache
def standing_walls() -> frozenset[Wall]:
    """Return the walls that hold on this machine; tried once per process, in one child for each."""
    if sys.platform != "linux":
        return frozenset()
    children = {wall: _start(wall) for wall in ALL_WALLS}
    return frozenset(wall for wall, child in children.items() if _holds(child))


def _start(wall: Wall) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-m", _MODULE, wall],
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
    with contextlib.suppress(OSError):
        _TRIALS[wall]()
        return
    sys.stdout.write("holds")


def _open_file() -> None:
    with open(_FORBIDDEN, "rb"):
        pass


def _open_socket() -> None:
    socket.socket().close()


def _find_network() -> None:
    if [name for _, name in socket.if_nameindex() if name != "lo"]:
        return
    # A machine may have no network but loopback, which an empty namespace has switched off.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        socket.create_connection(listener.getsockname(), 1).close()


_TRIALS = {Wall.FILES: _open_file, Wall.SYSTEM_CALLS: _open_socket, Wall.NETWORK: _find_network}


if __name__ == "__main__":
    main()
