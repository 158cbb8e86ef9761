"""An empty network namespace, as far as the kernel lets this user make one."""

from __future__ import annotations

import ctypes
import os

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def leave() -> None:
    """Move into an empty network namespace, through a user namespace without root; raises ``OSError``.

    Clears the signal that the process asked for at the end of its parent.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")
