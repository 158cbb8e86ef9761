"""Where an arriving part is written.

Two writers never share a range: the board remembers, in this process, which slots and blobs are being written. A
process that owns a data folder is its only writer, so a memory of its own is enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from openvod.storage.model import MultipartUpload, stride_from


@dataclass(frozen=True)
class Placement:
    """A range to write: in the upload's grid of ``stride``, or (stride 0) at the start of a blob of its own."""

    blob_id: str
    offset: int = 0
    stride: int = 0


class SlotBoard:
    """The slots and blobs that this process writes at the moment."""

    def __init__(self) -> None:
        self._slots: set[tuple[str, int]] = set()
        self._claims: Counter[str] = Counter()
        self._strides: dict[str, int] = {}
        self._reclaimed: set[str] = set()
        self._blobs: set[str] = set()

    @contextmanager
    def claim(self, upload_id: str, number: int) -> Iterator[bool]:
        """Hold the grid slot of a part while the block runs; yields False when another request holds it."""
        slot = (upload_id, number)
        if slot in self._slots or upload_id in self._reclaimed:
            yield False
            return
        self._slots.add(slot)
        self._claims[upload_id] += 1
        try:
            yield True
        finally:
            self._slots.discard(slot)
            self._claims[upload_id] -= 1
            if not self._claims[upload_id]:
                del self._claims[upload_id]
                self._strides.pop(upload_id, None)

    def stride(self, upload: MultipartUpload, number: int, length: int | None) -> int:
        """Return the grid in force: the upload's, that of parts now in flight, or what this part suggests."""
        if upload.stride:
            return upload.stride
        stride = self._strides.get(upload.upload_id) or stride_from(number, length or 0)
        if stride and self._claims[upload.upload_id]:
            self._strides[upload.upload_id] = stride
        return stride

    @contextmanager
    def reclaim(self, upload_id: str) -> Iterator[bool]:
        """Keep writers out of an upload's grid while the block runs; false when one is in it."""
        if self._claims[upload_id] or upload_id in self._reclaimed:
            yield False
            return
        self._reclaimed.add(upload_id)
        try:
            yield True
        finally:
            self._reclaimed.discard(upload_id)

    @contextmanager
    def writing(self, blob_id: str) -> Iterator[None]:
        """Mark a blob as being written while the block runs."""
        self._blobs.add(blob_id)
        try:
            yield
        finally:
            self._blobs.discard(blob_id)

    def is_writing(self, blob_id: str) -> bool:
        """Return whether a blob is being written."""
        return blob_id in self._blobs
