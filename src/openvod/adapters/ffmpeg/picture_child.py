"""The child process that reads a picture: sets limits, prints the extension as a line, then the re-encoded picture."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from openvod.adapters import confinement

if TYPE_CHECKING:
    from PIL import Image

_MEMORY_BYTES = 1024**3
_MAX_PIXELS = 64_000_000
_OPEN_FILES = 64
_NICE = 5
_EXTENSIONS = {"GIF": "gif", "JPEG": "jpg", "PNG": "png"}
_JPEG_QUALITY = 92


def main() -> None:
    """Re-encode standard input to standard output."""
    confinement.limit(memory=_MEMORY_BYTES, file_size=0, open_files=_OPEN_FILES, cpu_seconds=int(sys.argv[1]))
    confinement.lower_priority(_NICE)
    from PIL import Image

    try:
        extension, data = _reencoded(sys.stdin.buffer.read())
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        # The exceptions of Pillow for files that are damaged, not pictures, or too large.
        extension, data = "", str(error)[:200].encode()
    sys.stdout.buffer.write(extension.encode() + b"\n" + data)


def _reencoded(data: bytes) -> tuple[str, bytes]:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=list(_EXTENSIONS)) as image:
        if image.width * image.height > _MAX_PIXELS:
            raise ValueError(f"{image.width}x{image.height} pixels exceed the limit")
        kind = str(image.format)
        return _EXTENSIONS[kind], _written(image, kind)


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
