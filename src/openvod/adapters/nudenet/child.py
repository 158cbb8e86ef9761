"""The child of a review: limits first, then the model, then one JSON object on standard output.

Standard input is a JSON array of image paths. The answer is ``{"frames": […]}`` with one entry per path: ``null`` if it
cannot be read as a picture, else a list of ``[class, score 0..1, [x1, y1, x2, y2]]`` in pixels; or
``{"not_installed": reason}``, or ``{"failed": reason}``.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from functools import partial
from importlib import import_module
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
    "OPENCV_IO_MAX_IMAGE_PIXELS": str(8192 * 8192),
    "OPENCV_LOG_LEVEL": "SILENT",
}


def main() -> None:
    """Review the pictures that standard input names. Arguments: CPU seconds, the parent's process id."""
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


def look_at(paths: list[str]) -> list[list[Any] | None]:
    """Return the model's detections per picture; ``None`` for what is no picture."""
    model = detector()
    return [None if (picture := read(path)) is None else detections(model, picture) for path in paths]


def detector() -> Any:
    """Load the model of the wheel, on one thread."""
    runtime: Any = import_module("onnxruntime")
    import_module("cv2").setNumThreads(1)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # NudeDetector takes no options and would start a thread per core.
    runtime.InferenceSession = partial(runtime.InferenceSession, sess_options=options)
    return import_module("nudenet").NudeDetector()


def read(path: str) -> Any:
    """Return a picture as an array of RGB rows, ``None`` if it is none."""
    cv2, numpy = import_module("cv2"), import_module("numpy")
    try:
        with open(path, "rb") as source:
            encoded = numpy.frombuffer(source.read(), numpy.uint8)
        # RGB, not OpenCV's BGR: NudeNet 3.4.2 takes arrays for RGBA and swaps red and blue (its issue 203). A path, or
        # BGR, reaches the model with blue skin and scores about 0.1 lower.
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)
    except (OSError, cv2.error):
        return None


def detections(model: Any, picture: Any) -> list[Any]:
    """Return what the model sees in a picture; its boxes are ``[x, y, width, height]``."""
    seen = []
    for found in model.detect(picture):
        x, y, width, height = (int(value) for value in found["box"])
        seen.append([str(found["class"]), float(found["score"]), [x, y, x + width, y + height]])
    return seen


if __name__ == "__main__":
    main()
