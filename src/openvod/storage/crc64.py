"""CRC-64/XZ, which clients compare with what they computed of their bytes."""

from __future__ import annotations

from typing import Protocol, cast

import anycrc


class _Crc(Protocol):
    def calc(self, data: bytes | memoryview, init: int = ...) -> int: ...

    def combine(self, crc1: int, crc2: int, length: int) -> int: ...


#: ``calc(data, previous)`` continues a running value; ``combine(a, b, len(b))`` joins two without the bytes.
CRC64 = cast(_Crc, anycrc.Model("CRC64-XZ"))
