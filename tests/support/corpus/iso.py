"""MP4 by hand: boxes written, found and spoilt."""

from __future__ import annotations

import struct
from collections.abc import Callable

#: The box types whose content is boxes.
_MASTERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta"})
FTYP = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp42")


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box."""
    inside = b"".join(content)
    return struct.pack(">I4s", 8 + len(inside), kind) + inside


def boxes(data: bytes, start: int = 0, end: int | None = None) -> list[tuple[bytes, int, int]]:
    """Return type, start and end of every box, masters before what they hold."""
    found, end = [], len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        assert size >= 8, "FFmpeg's muxer writes small files with small boxes"
        found.append((kind, start, start + size))
        if kind in _MASTERS:
            found += boxes(data, start + 8, start + size)
        start += size
    return found


def top(data: bytes, kind: bytes) -> bytes:
    """Return the first box of a type."""
    return next(data[start:end] for name, start, end in boxes(data) if name == kind)


def with_content(kind: bytes, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return an edit that changes the content of every box of a type, sizes kept."""

    def edit(data: bytes) -> bytes:
        edited = bytearray(data)
        places = [(start + 8, end) for name, start, end in boxes(data) if name == kind]
        assert places, kind
        for start, end in places:
            changed = change(data[start:end])
            assert len(changed) == end - start
            edited[start:end] = changed
        return bytes(edited)

    return edit


def table_of(value: int, skipped: int) -> Callable[[bytes], bytes]:
    """Return a change that sets every 32-bit entry of a table after its first ``skipped`` bytes."""

    def change(content: bytes) -> bytes:
        count = (len(content) - skipped) // 4
        return content[:skipped] + struct.pack(">I", value) * count

    return change


def renamed(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return an edit that renames a sample entry, such as ``avc1``."""
    return with_content(b"stsd", lambda content: content.replace(old, new))


def external(kind: bytes, reference: bytes) -> Callable[[bytes], bytes]:
    """Return an edit after which the samples are said to lie elsewhere: no data, and a data reference in each track."""
    entry = box(kind, bytes(4), reference)  # flags 0: not in this file

    def edit(data: bytes) -> bytes:
        return FTYP + _with_reference(top(data, b"moov"), entry)

    return edit


def _with_reference(master: bytes, entry: bytes) -> bytes:
    """Rebuild a box with another ``dref`` inside."""
    kind = master[4:8]
    if kind == b"dref":
        return box(kind, bytes(4), struct.pack(">I", 1), entry)
    if kind not in _MASTERS:
        return master
    children, start, end = [], 8, len(master)
    while start < end:
        (size,) = struct.unpack_from(">I", master, start)
        children.append(_with_reference(master[start : start + size], entry))
        start += size
    return box(kind, *children)


def alias(path: str) -> bytes:
    """Return a QuickTime alias record: volume ``v``, then the path as the Finder (tag 2) and as POSIX (18) write it."""
    fixed = bytearray(150)
    struct.pack_into(">HH", fixed, 4, 150, 2)
    fixed[10:12] = b"\1v"
    name = path.rsplit("/", 1)[-1].encode()[:63]
    fixed[50 : 51 + len(name)] = bytes([len(name)]) + name
    return bytes(fixed) + _tag(2, b"v" + path.encode()) + _tag(18, path.encode()) + _tag(0xFFFF, b"")


def _tag(number: int, content: bytes) -> bytes:
    return struct.pack(">HH", number, len(content)) + content + bytes(len(content) % 2)


def bomb_of_samples(count: int) -> bytes:
    """Return an index that claims ``count`` samples of one byte in one chunk: small on disk, huge once expanded."""
    entry = box(
        b"avc1", bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HH", 320, 180), bytes(50)
    )  # fmt: skip
    stbl = box(
        b"stbl",
        box(b"stsd", bytes(4), struct.pack(">I", 1), entry),
        box(b"stts", bytes(4), struct.pack(">III", 1, count, 1)),
        box(b"stsc", bytes(4), struct.pack(">IIII", 1, 1, count, 1)),
        box(b"stsz", bytes(4), struct.pack(">II", 1, count)),
        box(b"stco", bytes(4), struct.pack(">II", 1, 0)),
    )
    reference = box(b"dinf", box(b"dref", bytes(4), struct.pack(">I", 1), box(b"url ", b"\0\0\0\1")))
    media = box(
        b"mdia",
        box(b"mdhd", bytes(12), struct.pack(">II", 25, count), bytes(4)),
        box(b"hdlr", bytes(8), b"vide", bytes(13)),
        box(b"minf", box(b"vmhd", b"\0\0\0\1", bytes(8)), reference, stbl),
    )
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    header = box(
        b"tkhd", b"\0\0\0\3", bytes(8), struct.pack(">II", 1, 0), struct.pack(">I", count), bytes(16), matrix,
        struct.pack(">II", 320 << 16, 180 << 16),
    )  # fmt: skip
    movie = box(
        b"mvhd", bytes(12), struct.pack(">II", 25, count), struct.pack(">I", 0x10000), bytes(12), matrix, bytes(24),
        struct.pack(">I", 2),
    )  # fmt: skip
    return FTYP + box(b"moov", movie, box(b"trak", header, media)) + box(b"mdat", bytes(4096))


def nested(depth: int) -> bytes:
    """Return boxes in boxes."""
    inside = box(b"free")
    for level in range(depth):
        inside = box((b"moov", b"trak", b"udta")[level % 3], inside)
    return FTYP + inside


def reference_movie(url: str) -> bytes:
    """Return a QuickTime film that is nothing but a pointer to another."""
    address = url.encode() + b"\0"
    pointer = box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(address)), address)
    return FTYP + box(b"moov", box(b"rmra", box(b"rmda", pointer)))
