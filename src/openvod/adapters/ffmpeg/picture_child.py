"""The child process that reads a picture: sets limits, prints the extension as a line, then the re-encoded picture."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from openvod.adapters.sandbox import confinement
from openvod.adapters.sandbox.policy import read_arguments

if TYPE_CHECKING:
    from PIL import Image

_MEMORY_BYTES = 1024**3
_MAX_PIXELS = 64_000_000
#: Extensions by Pillow's names of the formats that are read.
EXTENSIONS = {"GIF": "gif", "JPEG": "jpg", "PNG": "png"}
#: Stands for the extension of a picture with more pixels than a check allows.
TOO_LARGE = "too large"
_JPEG_QUALITY = 92


def main() -> None:
    """Re-encode standard input to standard output.

    Arguments: CPU seconds, the parent's process id, the policy of the sandbox. A fourth one, the most pixels, asks for
    a check only: a line with the extension, or with :data:`TOO_LARGE` and the picture's size after it.
    """
    confinement.confine_reader(*read_arguments(sys.argv[1:]), memory=_MEMORY_BYTES)
    from PIL import Image

    try:
        picture = sys.stdin.buffer.read()
        extension, data = _checked(picture, int(sys.argv[4])) if len(sys.argv) > 4 else _reencoded(picture)
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        # The exceptions of Pillow for files that are damaged, not pictures, or too large.
        extension, data = "", str(error)[:200].encode()
    sys.stdout.buffer.write(extension.encode() + b"\n" + data)


def _opened(data: bytes) -> Image.Image:
    from PIL import Image

    return Image.open(io.BytesIO(data), formats=list(EXTENSIONS))


def _reencoded(data: bytes) -> tuple[str, bytes]:
    with _opened(data) as image:
        if image.width * image.height > _MAX_PIXELS:
            raise ValueError(f"{image.width}x{image.height} pixels exceed the limit")
        kind = str(image.format)
        return EXTENSIONS[kind], _written(image, kind)


def _checked(data: bytes, max_pixels: int) -> tuple[str, bytes]:
    with _opened(data) as image:
        if image.width * image.height > max_pixels:
            return TOO_LARGE, f"{image.width}x{image.height}".encode()
        image.load()
        return EXTENSIONS[str(image.format)], b""


def _written(image: Image.Image, kind: str) -> bytes:
    """Write the pixels only: no location, camera data, thumbnail or appended bytes."""
    from PIL import ImageOps

    out = io.BytesIO()
    if kind == "GIF":
        image.save(out, kind, save_all=True, comment=b"")
        return out.getvalue()
    # The EXIF orientation is dropped, so rotate the pixels.
    upright = ImageOps.exif_transpose(image)
    options: dict[str, Any] = {}
    if kind == "JPEG":
        upright = upright if upright.mode in ("L", "RGB") else upright.convert("RGB")
        options = {"quality": _JPEG_QUALITY, "progressive": True}
    bare = upright.copy()
    bare.info = {name: value for name, value in upright.info.items() if name == "transparency"}
    bare.save(out, kind, **options)
    return out.getvalue()


if __name__ == "__main__":
    main()
