"""Pictures, transport streams and parameter sets by hand."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

_PACKET = 188


def png(width: int, height: int, *, whole: bool) -> bytes:
    """Return a black PNG of one bit per pixel; unless it is ``whole``, the pixels are missing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = bytes(1 + (width + 7) // 8)
    pixels = zlib.compressobj(1)
    packed = b"".join(pixels.compress(row) for _ in range(height if whole else 2)) + pixels.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def bmp(width: int, height: int) -> bytes:
    """Return the header of a BMP without its pixels."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54, 0, 0, 54) + header + bytes(512)


class _Bits:
    """Writes H.264's Exp-Golomb numbers."""

    def __init__(self) -> None:
        self._bits = ""

    def fixed(self, width: int, value: int) -> _Bits:
        self._bits += f"{value:0{width}b}"
        return self

    def golomb(self, *values: int) -> _Bits:
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code
        return self

    def bytes(self) -> bytes:
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


def huge_h264(data: bytes) -> bytes:
    """Return an H.264 stream whose parameter set claims 16,000 x 16,000 pixels."""
    claim = _Bits().fixed(8, 66).fixed(8, 0xC0).fixed(8, 62)  # baseline, level 6.2
    claim.golomb(0, 0, 0, 0, 1).fixed(1, 0).golomb(999, 999)  # identifiers, order count, references, 1000 macroblocks
    claim.fixed(1, 1).fixed(1, 1).fixed(1, 0).fixed(1, 0)  # progressive, no cropping, no VUI
    start = data.index(b"\0\0\1\x67")
    end = data.index(b"\0\0\1", start + 4)
    return data[:start] + b"\0\0\1\x67" + claim.bytes() + data[end:]


def _section(table: int, number: int, content: bytes) -> bytes:
    length = len(content) + 9
    body = struct.pack(">BHHBBB", table, 0xB000 | length, number, 0xC1, 0, 0) + content
    return body + struct.pack(">I", _mpeg_crc(body))


def _mpeg_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1
        crc &= 0xFFFFFFFF
    return crc


def _packets(pid: int, content: bytes) -> bytes:
    """Cut a section into transport packets."""
    content, written, counter = b"\0" + content, b"", 0
    while content:
        piece, content = content[: _PACKET - 4], content[_PACKET - 4 :]
        first = 0x4000 if counter == 0 else 0
        written += struct.pack(">BHB", 0x47, first | pid, 0x10 | counter % 16) + piece.ljust(_PACKET - 4, b"\xff")
        counter += 1
    return written


def many_programs(programs: int, streams: int) -> bytes:
    """Return a transport stream of ``programs`` x ``streams`` announced H.264 streams, none of which ever comes."""
    association = b"".join(struct.pack(">HH", n + 1, 0xE000 | (32 + n)) for n in range(programs))
    written = _packets(0, _section(0, 1, association))
    for program in range(programs):
        pids = range(256 + program * streams, 256 + (program + 1) * streams)
        content = struct.pack(">HH", 0xFFFF, 0xF000)
        content += b"".join(struct.pack(">BHH", 0x1B, 0xE000 | pid, 0xF000) for pid in pids)
        written += _packets(32 + program, _section(2, program + 1, content))
    return written * 4


def noise(size: int, seed: int = 1) -> bytes:
    """Return reproducible noise."""
    return random.Random(seed).randbytes(size)


def flipped(share: float, first: float, last: float, seed: int = 1) -> Callable[[bytes], bytes]:
    """Return an edit that flips one bit in ``share`` of the bytes between two places, given as shares of the file."""

    def edit(data: bytes) -> bytes:
        chance, damaged = random.Random(seed), bytearray(data)
        start, end = int(first * len(data)), int(last * len(data))
        for place in chance.sample(range(start, end), max(1, int(share * (end - start)))):
            damaged[place] ^= 1 << chance.randrange(8)
        return bytes(damaged)

    return edit


def archive() -> bytes:
    """Return a ZIP file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(zipfile.ZipInfo("film.txt"), "no film\n" * 200)
    return file.getvalue()


def program() -> bytes:
    """Return an ELF file: header, one segment, some code."""
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 4194424, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 4194304, 4194304, 4096, 4096, 4096)
    return header + segment + noise(4096)


def endless_wav(seconds: int = 2, rate: int = 8000) -> bytes:
    """Return a WAV whose writer never came back to fill in the sizes."""
    samples = b"".join(struct.pack("<h", (n % 40 - 20) * 500) for n in range(seconds * rate))
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 0xFFFFFFFF, b"WAVE") + layout + b"data\xff\xff\xff\xff" + samples


def _chunk(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return kind + struct.pack("<I", len(inside)) + inside + bytes(len(inside) % 2)


def avi_with_subtitle(jpeg: bytes, subtitle: bytes) -> bytes:
    """Return an AVI of one JPEG, 320x180, whose subtitle stream carries a whole file (``GAB2``)."""

    def stream(kind: bytes, codec: bytes, layout: bytes) -> bytes:
        head = struct.pack("<4s4sIHHIIIIIIIIHHHH", kind, codec, 0, 0, 0, 0, 1, 25, 0, 1, 0, 0, 0, 0, 0, 320, 180)
        return _chunk(b"LIST", b"strl", _chunk(b"strh", head), _chunk(b"strf", layout))

    pixels = struct.pack("<IiiHH4sIiiII", 40, 320, 180, 1, 24, b"MJPG", 0, 0, 0, 0, 0)
    main = struct.pack("<14I", 40_000, 0, 0, 0, 1, 0, 2, 0, 320, 180, 0, 0, 0, 0)
    streams = stream(b"vids", b"MJPG", pixels) + stream(b"txts", bytes(4), b"")
    packet = struct.pack("<5sHIHI", b"GAB2", 2, 0, 4, len(subtitle)) + subtitle
    data = _chunk(b"LIST", b"movi", _chunk(b"01tx", packet), _chunk(b"00dc", jpeg))
    return _chunk(b"RIFF", b"AVI ", _chunk(b"LIST", b"hdrl", _chunk(b"avih", main), streams), data)
