"""The child of a review: limits first, then the model, then one JSON object on standard output.

Standard input is a JSON array of image paths. The answer is ``{"frames": […]}`` with one entry per path: ``null`` if it
cannot be read as a picture, else a list of ``[class, score 0..1, area]`` where the area is ``[x1, y1, x2, y2]`` in
pixels or what else the model's reviewer expects; or ``{"not_installed": reason}``, or ``{"failed": reason}``.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from openvod.adapters import confinement

#: Pictures of 640x360 take 0.4 GB of address space, the largest allowed 1 GB.
_MEMORY_BYTES = 2 * 1024**3
_OPEN_FILES = 64
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_NICE = 5
#: Read when the libraries are loaded. onnxruntime 1.29 and later report to Microsoft unless told not to.
_ENVIRONMENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "OMP_NUM_THREADS": "1",
}


#: Looks at the pictures of these paths; loads its model when it is called.
LookAt = Callable[[list[str]], list[list[Any] | None]]


def run(look_at: LookAt, environment: Mapping[str, str] | None = None) -> None:
    """Review the pictures that standard input names. Arguments: CPU seconds, the parent's process id."""
    os.environ.update(environment or {})
    confine(int(sys.argv[1]), int(sys.argv[2]))
    paths = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"frames": look_at(paths)}
    except ImportError as error:
        answer = {"not_installed": str(error)[:200]}
    except Exception as error:
        # Whatever it is, the parent reports it; standard error leads nowhere.
        answer = {"failed": f"{type(error).__name__}: {str(error)[:200]}"}
    json.dump(answer, sys.stdout)


def confine(cpu_seconds: int, parent: int) -> None:
    """Give up what a review does not need: memory, files, time, the network, a life after its parent's."""
    os.environ.update(_ENVIRONMENT)
    confinement.limit(memory=_MEMORY_BYTES, file_size=0, open_files=_OPEN_FILES, cpu_seconds=cpu_seconds)
    confinement.step_back(_NICE)
    _leave_the_network()
    # After the network, whose new namespace would clear the signal.
    confinement.die_with(parent)


def _leave_the_network() -> None:
    """Move to an empty network where the system allows it, with the rights at hand or those of a user namespace."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        _ = libc.unshare(_CLONE_NEWNET) and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)  # 0 is success
