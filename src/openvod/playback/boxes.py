"""Boxes of ISO base media files (ISO/IEC 14496-12), read without trust and written."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from openvod.playback.model import not_packaged

#: A parent box with more children than this is refused as malformed.
_MOST_BOXES = 4096
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


class Box(NamedTuple):
    """A box's kind and content."""

    kind: bytes
    body: memoryview


class BoxHeader(NamedTuple):
    """A box's kind and its whole size; ``header`` bytes of it come before the content."""

    kind: bytes
    size: int
    header: int


def box_header(start: bytes | memoryview, left: int) -> BoxHeader:
    """Read a header from up to 16 bytes; ``left`` is how many bytes there are from here to the end of the parent."""
    if left < 8 or len(start) < 8:
        raise malformed("a box is cut off")
    size, kind, header = _U32.unpack_from(start)[0], bytes(start[4:8]), 8
    if size == 1:
        if len(start) < 16:
            raise malformed("a box is cut off")
        size, header = _U64.unpack_from(start, 8)[0], 16
    elif size == 0:
        size = left
    if not header <= size <= left:
        raise malformed(f"box {printable(kind)} claims {size} bytes of {left}")
    return BoxHeader(kind, size, header)


def boxes(parent: memoryview) -> Iterator[Box]:
    """Yield the boxes inside one; raises ``NotFound("playback.not_packaged")`` for a size that cannot be."""
    place = 0
    for _ in range(_MOST_BOXES):
        # Old files end a container with a zero word.
        if len(parent) - place < 8:
            return
        header = box_header(parent[place : place + 16], len(parent) - place)
        yield Box(header.kind, parent[place + header.header : place + header.size])
        place += header.size
    raise malformed("a box holds too many boxes")


def child(parent: memoryview, *path: bytes) -> memoryview:
    """Return the content of a descendant; raises ``NotFound("playback.not_packaged")`` when it is absent."""
    found = optional(parent, *path)
    if found is None:
        raise malformed(f"box {printable(path[-1])} is missing")
    return found


def optional(parent: memoryview, *path: bytes) -> memoryview | None:
    """Return the content of a descendant, ``None`` when it is absent."""
    for kind in path:
        inner = next((box.body for box in boxes(parent) if box.kind == kind), None)
        if inner is None:
            return None
        parent = inner
    return parent


def u32(body: memoryview, place: int) -> int:
    """Return an unsigned number of 32 bits."""
    if not 0 <= place <= len(body) - 4:
        raise malformed("a field is cut off")
    return int(_U32.unpack_from(body, place)[0])


def u64(body: memoryview, place: int) -> int:
    """Return an unsigned number of 64 bits."""
    if not 0 <= place <= len(body) - 8:
        raise malformed("a field is cut off")
    return int(_U64.unpack_from(body, place)[0])


def box(kind: bytes, *parts: bytes) -> bytes:
    """Write a box."""
    return _U32.pack(8 + sum(map(len, parts))) + kind + b"".join(parts)


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Write a box with version and flags."""
    return box(kind, _U32.pack(version << 24 | flags), *parts)


def malformed(what: str) -> Exception:
    """Return the error for an index that cannot be read."""
    return not_packaged(f"the file's index cannot be read ({what})")


def printable(kind: bytes) -> str:
    """Return a box type as printable text; its bytes are untrusted."""
    return repr(kind.decode("latin-1"))
