"""The local bytes: read at an offset, in slices, from any thread."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from anyio import to_thread

from openvod_sdk._checksums import Digest, digest_of
from openvod_sdk._errors import SourceError

SLICE_BYTES = 1024 * 1024


class FileSource:
    """A regular file, open for reading. Reads are positional, so that parallel parts share one descriptor.

    Use as a context manager. Raises :class:`SourceError` when the file cannot be opened or read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self._descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be opened: {error.strerror}") from error
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._descriptor)
            raise SourceError(f"{self.path}: is not a regular file; save the stream to a file first")
        self.size = status.st_size
        self._modified = status.st_mtime_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    @property
    def stem(self) -> str:
        """The file's name without its extension."""
        return self.path.stem

    @property
    def extension(self) -> str:
        """The file's extension without its dot, in lower case."""
        return self.path.suffix[1:].lower()

    def read_at(self, offset: int, length: int) -> bytes:
        """Read exactly ``length`` bytes; raises :class:`SourceError` when the file has become shorter."""
        data = self._pread(offset, length)
        while len(data) < length:
            more = self._pread(offset + len(data), length - len(data))
            if not more:
                raise SourceError(f"{self.path}: became shorter during its upload; upload it again once it is complete")
            data += more
        return data

    def _pread(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be read at byte {offset}: {error.strerror}") from error

    def digest(self, offset: int, length: int) -> Digest:
        """Hash a range, holding one slice at a time."""
        return digest_of(self.read_at(start, count) for start, count in _slices(offset, length))

    async def stream(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a range in slices; each is read in a worker thread."""
        for start, count in _slices(offset, length):
            yield await to_thread.run_sync(self.read_at, start, count)

    def check_unchanged(self) -> None:
        """Raise :class:`SourceError` when size or modification time differ from those at the start."""
        status = os.fstat(self._descriptor)
        if (status.st_size, status.st_mtime_ns) != (self.size, self._modified):
            raise SourceError(f"{self.path}: was changed during its upload; upload it again")

    def fingerprint(self) -> list[object]:
        """Identify this version of the file: path, size, modification time, SHA-256 of its first and last MiB."""
        edge = min(self.size, SLICE_BYTES)
        edges = (self.read_at(0, edge), self.read_at(self.size - edge, edge))
        hashes = [hashlib.sha256(data).hexdigest() for data in edges]
        return [str(self.path.resolve()), self.size, self._modified, *hashes]


def _slices(offset: int, length: int) -> Iterator[tuple[int, int]]:
    end = offset + length
    while offset < end:
        count = min(SLICE_BYTES, end - offset)
        yield offset, count
        offset += count
