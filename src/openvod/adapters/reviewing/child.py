"""The child process of a review: sets limits, loads the model, prints one JSON object.

Standard input is a JSON array of image paths. The output is ``{"frames": […]}`` with one entry per path: ``null`` if it
cannot be read as a picture, else a list of ``[class, score 0..1, area]`` where the area is ``[x1, y1, x2, y2]`` in
pixels, or another value that the model's reviewer expects; or ``{"not_installed": reason}``, or ``{"failed": reason}``.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from openvod.adapters import confinement

#: A picture of 640x360 takes 0.4 GB of address space, the largest that is allowed 1 GB.
_MEMORY_BYTES = 2 * 1024**3
_OPEN_FILES = 64
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_NICE = 5
#: The libraries read these when they load. onnxruntime 1.29 and later send telemetry to Microsoft by default.
_ENVIRONMENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "OMP_NUM_THREADS": "1",
}


#: Classifies the pictures at these paths; loads the model at its first call.
Classify = Callable[[list[str]], list[list[Any] | None]]


def run(classify: Classify, environment: Mapping[str, str] | None = None) -> None:
    """Review the pictures that standard input names. Arguments: CPU seconds, the parent's process id."""
    os.environ.update(environment or {})
    confine(int(sys.argv[1]), int(sys.argv[2]))
    paths = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"frames": classify(paths)}
    except ImportError as error:
        answer = {"not_installed": str(error)[:200]}
    except Exception as error:
        # The parent reports every error; standard error is not read.
        answer = {"failed": f"{type(error).__name__}: {str(error)[:200]}"}
    json.dump(answer, sys.stdout)


def confine(cpu_seconds: int, parent: int) -> None:
    """Limit memory, files, CPU time and network, and end with the parent."""
    os.environ.update(_ENVIRONMENT)
    confinement.limit(memory=_MEMORY_BYTES, file_size=0, open_files=_OPEN_FILES, cpu_seconds=cpu_seconds)
    confinement.lower_priority(_NICE)
    _unshare_network()
    # After unshare(), because a new namespace clears the parent-death signal.
    confinement.die_with(parent)


def _unshare_network() -> None:
    """Move into an empty network namespace if the kernel allows it, through a user namespace without privileges."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        _ = libc.unshare(_CLONE_NEWNET) and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)  # 0 is success
