"""The uploaded file: streaming, digests, and a fingerprint for resuming."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from pathlib import Path

import anycrc
import anyio

from openvod_sdk._errors import SourceChanged
from openvod_sdk._text import shown

_CRC64 = anycrc.Model("CRC64-XZ")
_SLICE = 1024 * 1024
_EDGE = 1024 * 1024


def crc64_combine(first: int, second: int, length: int) -> int:
    """Return the CRC-64/XZ of the concatenation of two byte ranges; the second has ``length`` bytes."""
    combined: int = _CRC64.combine(first, second, length)
    return combined


@dataclass(frozen=True)
class Digest:
    """MD5 (hexadecimal) and CRC-64/XZ of a range of bytes."""

    md5: str
    crc64: int


@dataclass(frozen=True)
class Source:
    """A regular file; ``size`` and ``mtime_ns`` are those at the start."""

    path: Path
    size: int
    mtime_ns: int

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Source:
        """Read the metadata of a file; raises ``OSError`` when it cannot be read."""
        resolved = Path(path).resolve()
        with resolved.open("rb") as file:
            status = os.fstat(file.fileno())
        return cls(resolved, status.st_size, status.st_mtime_ns)

    @property
    def stem(self) -> str:
        """The display name: the file's name without extension."""
        return shown(self.path.stem)

    @property
    def name(self) -> str:
        """The file's name for messages."""
        return shown(self.path.name)

    @property
    def type(self) -> str:
        """The extension, lower-case, without dot."""
        return shown(self.path.suffix).lower().removeprefix(".")

    def changed(self) -> bool:
        """Return whether size or time of the file has changed since the start."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return True
        return (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns)

    def fingerprint(self) -> str:
        """Return a fingerprint of the content: path, size, time, and the first and last MiB."""
        digest = hashlib.sha256(os.fsencode(self.path) + f"\0{self.size}\0{self.mtime_ns}\0".encode())
        with self.path.open("rb") as file:
            digest.update(file.read(_EDGE))
            file.seek(max(0, self.size - _EDGE))
            digest.update(file.read(_EDGE))
        return digest.hexdigest()

    async def digest(self, start: int, length: int) -> Digest:
        """Hash ``length`` bytes from ``start``, in a worker thread; raises ``SourceChanged`` when they are missing."""
        return await anyio.to_thread.run_sync(self._digest, start, length)

    def _digest(self, start: int, length: int) -> Digest:
        md5, crc = hashlib.md5(usedforsecurity=False), 0
        for data in self._slices(start, length):
            md5.update(data)
            crc = _CRC64.calc(data, crc)
        return Digest(md5.hexdigest(), crc)

    def _slices(self, start: int, length: int) -> Generator[bytes]:
        try:
            file = self.path.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise self._changed_meanwhile("was removed") from error
        with file:
            file.seek(start)
            while length > 0:
                data = file.read(min(_SLICE, length))
                if not data:
                    raise self._changed_meanwhile("became shorter")
                length -= len(data)
                yield data

    async def stream(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes from ``start``, each slice read in a worker thread; see :meth:`digest`."""
        slices = self._slices(start, length)
        try:
            while data := await anyio.to_thread.run_sync(next, slices, b""):
                yield data
        finally:
            slices.close()

    def _changed_meanwhile(self, how: str) -> SourceChanged:
        return SourceChanged(f"{self.name} {how} during the upload; upload it again")
