"""The child process in which OpenCV and NudeNet read untrusted pictures."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from openvod.adapters.reviewing.child import run

#: OpenCV reads this when it loads.
_ENVIRONMENT = {"OPENCV_IO_MAX_IMAGE_PIXELS": str(8192 * 8192), "OPENCV_LOG_LEVEL": "SILENT"}


def classify(paths: list[str]) -> list[list[Any] | None]:
    """Return the model's detections per picture; ``None`` for a file that is not a picture."""
    model = detector()
    return [None if (picture := read(path)) is None else detections(model, picture) for path in paths]


def detector() -> Any:
    """Load the model from the wheel, with one thread."""
    runtime: Any = import_module("onnxruntime")
    import_module("cv2").setNumThreads(1)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # NudeDetector takes no options and would start a thread per core.
    runtime.InferenceSession = partial(runtime.InferenceSession, sess_options=options)
    return import_module("nudenet").NudeDetector()


def read(path: str) -> Any:
    """Return a picture as an array of RGB rows, ``None`` for a file that is not a picture."""
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
    """Return the model's detections in a picture; its boxes are ``[x, y, width, height]``."""
    seen = []
    for found in model.detect(picture):
        x, y, width, height = (int(value) for value in found["box"])
        seen.append([str(found["class"]), float(found["score"]), [x, y, x + width, y + height]])
    return seen


if __name__ == "__main__":
    run(classify, _ENVIRONMENT)
