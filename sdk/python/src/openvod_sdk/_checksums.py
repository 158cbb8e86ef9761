"""MD5 and CRC-64/XZ of the bytes that travel (``cos-storage.md`` 4.4)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, cast

import anycrc


class _Crc(Protocol):
    def calc(self, data: bytes, init: int = ...) -> int: ...

    def combine(self, crc1: int, crc2: int, length: int) -> int: ...


_CRC64 = cast(_Crc, anycrc.Model("CRC64-XZ"))


@dataclass(frozen=True)
class Digest:
    """Checksums of ``size`` bytes: the raw MD5 and the CRC-64/XZ as an unsigned number."""

    size: int
    md5: bytes
    crc64: int

    @property
    def etag(self) -> str:
        """The MD5 as an ETag carries it, without its quotes."""
        return self.md5.hex()

    @property
    def content_md5(self) -> str:
        """The MD5 as the header ``Content-MD5`` carries it."""
        return base64.b64encode(self.md5).decode()


def digest_of(slices: Iterable[bytes]) -> Digest:
    """Hash slices in order."""
    size, md5, crc = 0, hashlib.md5(usedforsecurity=False), 0
    for piece in slices:
        size += len(piece)
        md5.update(piece)
        crc = _CRC64.calc(piece, crc)
    return Digest(size, md5.digest(), crc)


def combined_crc64(digests: Iterable[Digest]) -> int:
    """Return the CRC-64 of the parts' concatenation without reading them again."""
    crc = 0
    for digest in digests:
        crc = _CRC64.combine(crc, digest.crc64, digest.size)
    return crc
