"""The child process of a review: sets limits, loads the model, prints one JSON object.

Standard input is a JSON array of image paths. The output is ``{"frames": […]}`` with one entry per path: ``null`` if it
cannot be read as a picture, else a list of ``[class, score 0..1, area]`` where the area is ``[x1, y1, x2, y2]`` in
pixels, or another value that the model's reviewer expects; or ``{"not_installed": reason}``, or ``{"failed": reason}``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from openvod.adapters.sandbox import confinement
from openvod.adapters.sandbox.policy import Policy, read_arguments

#: A picture of 640x360 takes 0.4 GB of address space, the largest that is allowed 1 GB.
_MEMORY_BYTES = 2 * 1024**3
#: The libraries read these when they load. onnxruntime 1.29 and later send telemetry to Microsoft by default.
_ENVIRONMENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "OMP_NUM_THREADS": "1",
}


#: Classifies the pictures at these paths; loads the model at its first call.
Classify = Callable[[list[str]], list[list[Any] | None]]


def run(classify: Classify, environment: Mapping[str, str] | None = None) -> None:
    """Review the pictures that standard input names.

    Arguments: CPU seconds, the parent's process id, the policy of the sandbox.
    """
    os.environ.update(environment or {})
    policy, cpu_seconds, parent = read_arguments(sys.argv[1:])
    paths = json.load(sys.stdin)
    confine(replace(policy, read=tuple(paths)), cpu_seconds, parent)
    try:
        answer: dict[str, Any] = {"frames": classify(paths)}
    except ImportError as error:
        answer = {"not_installed": str(error)[:200]}
    except Exception as error:
        # The parent reports every error; standard error is not read.
        answer = {"failed": f"{type(error).__name__}: {str(error)[:200]}"}
    json.dump(answer, sys.stdout)


def confine(policy: Policy, cpu_seconds: int, parent: int) -> None:
    """Limit memory, files and CPU time, and enter the sandbox."""
    os.environ.update(_ENVIRONMENT)
    confinement.confine_reader(policy, cpu_seconds, parent, memory=_MEMORY_BYTES)
