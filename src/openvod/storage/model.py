"""Objects, multipart uploads, parts and blobs as values, and the decisions about them.

A *blob* is one run of bytes in the blob store. An *object* is a key with a list of extents in blobs. The parts of a
multipart upload share one blob in which part ``n`` lies at ``(n - 1) * stride``; a part that does not fit that grid,
or replaces an acknowledged one, gets a blob of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from openvod.base.errors import Invalid
from openvod.base.sizes import GIB, MIB
from openvod.storage.crc64 import CRC64

MAX_PART_NUMBER = 10_000
MIN_PART_SIZE = MIB
MAX_PART_SIZE = 5 * GIB
MAX_KEY_BYTES = 850


@dataclass(frozen=True)
class Bucket:
    """A bucket; ``name`` is the full one, ``<short>-<storage app id>``."""

    name: str
    short_name: str
    sub_app_id: int
    region: str


class BlobState(StrEnum):
    """Life of a blob: written, referenced by an object or upload, waiting for the collector."""

    PENDING = "pending"
    LIVE = "live"
    DOOMED = "doomed"


@dataclass(frozen=True)
class Blob:
    """A ledger row for one run of bytes."""

    blob_id: str
    state: BlobState
    created_at: float


@dataclass(frozen=True)
class Extent:
    """``length`` bytes of a blob from ``offset``."""

    blob_id: str
    offset: int
    length: int


@dataclass(frozen=True)
class StoredObject:
    """A finished object. ``crc64`` is CRC-64/XZ; ``etag`` has no quotes; ``headers`` keep wire names."""

    bucket: str
    key: str
    size: int
    etag: str
    crc64: int
    headers: Mapping[str, str]
    extents: Sequence[Extent]
    created_at: float
    published: bool = False


class UploadState(StrEnum):
    """Life of a multipart upload. A completed one is kept for a while so that Complete is idempotent."""

    OPEN = "open"
    COMPLETED = "completed"


@dataclass(frozen=True)
class MultipartUpload:
    """A multipart upload. ``stride`` is the grid's part size, 0 while unknown."""

    upload_id: str
    bucket: str
    key: str
    blob_id: str
    headers: Mapping[str, str]
    storage_class: str
    state: UploadState
    created_at: float
    touched_at: float
    stride: int = 0
    parts_digest: str = ""
    etag: str = ""
    crc64: int = 0


@dataclass(frozen=True)
class Part:
    """An acknowledged part. ``etag`` is the lower-case MD5 without quotes."""

    upload_id: str
    number: int
    size: int
    etag: str
    crc64: int
    blob_id: str
    offset: int
    modified_at: float

    @property
    def extent(self) -> Extent:
        """Where the part lies."""
        return Extent(self.blob_id, self.offset, self.size)


@dataclass(frozen=True)
class Received:
    """What arrived and is durable: ``size`` bytes with these digests."""

    size: int
    md5: str
    crc64: int


@dataclass(frozen=True)
class CompletedPart:
    """One line of a Complete request; ``etag`` without quotes, lower-case."""

    number: int
    etag: str


@dataclass(frozen=True)
class Assembly:
    """The object that a list of parts makes."""

    size: int
    etag: str
    crc64: int
    extents: tuple[Extent, ...] = field(repr=False)


def fits_grid(stride: int, number: int, length: int) -> bool:
    """Tell whether a part of ``length`` bytes may lie at ``(number - 1) * stride``."""
    return 0 < length <= stride and number <= MAX_PART_NUMBER


def stride_from(number: int, length: int) -> int:
    """Return the grid that the first part to arrive suggests, 0 for none.

    Part 1 has the common size by definition. Another part may be the short last one; a whole number of MiB says that
    it is not, since clients choose round part sizes.
    """
    return length if number == 1 or length % MIB == 0 else 0


def merge_extents(extents: Iterable[Extent]) -> tuple[Extent, ...]:
    """Join neighbours that continue each other, so that a grid upload becomes one extent."""
    merged: list[Extent] = []
    for extent in extents:
        last = merged[-1] if merged else None
        if last and last.blob_id == extent.blob_id and last.offset + last.length == extent.offset:
            merged[-1] = Extent(last.blob_id, last.offset, last.length + extent.length)
        elif extent.length:
            merged.append(extent)
    return tuple(merged)


def digest_of_list(parts: Sequence[CompletedPart]) -> str:
    """Identify a Complete request's part list, so that its repetition is recognised."""
    return hashlib.sha256(",".join(f"{p.number}:{p.etag}" for p in parts).encode()).hexdigest()


def assemble(requested: Sequence[CompletedPart], stored: Mapping[int, Part]) -> Assembly:
    """Check a Complete request against the acknowledged parts and describe the object (``cos-storage.md`` 4.3).

    Raises ``Invalid`` with ``cos.InvalidPartOrder``, ``cos.InvalidPart`` or ``cos.EntityTooSmall``.
    """
    parts = [_matching_part(index, want, stored) for index, want in enumerate(requested, start=1)]
    for part in parts[:-1]:
        if part.size < MIN_PART_SIZE:
            raise Invalid(
                "cos.EntityTooSmall",
                f"PartNumber {part.number} has {part.size} bytes; every part but the last needs {MIN_PART_SIZE}",
            )
    crc = 0
    for part in parts:
        crc = CRC64.combine(crc, part.crc64, part.size)
    md5_of_md5s = hashlib.md5(bytes.fromhex("".join(p.etag for p in parts)), usedforsecurity=False).hexdigest()
    return Assembly(
        size=sum(p.size for p in parts),
        etag=f"{md5_of_md5s}-{len(parts)}",
        crc64=crc,
        extents=merge_extents(p.extent for p in parts),
    )


def _matching_part(expected_number: int, want: CompletedPart, stored: Mapping[int, Part]) -> Part:
    if want.number != expected_number:
        code = "cos.InvalidPartOrder" if want.number < expected_number else "cos.InvalidPart"
        raise Invalid(code, f"PartNumber {want.number} stands where {expected_number} is due; list 1..N in order")
    part = stored.get(want.number)
    if part is None:
        raise Invalid("cos.InvalidPart", f"PartNumber {want.number} was never uploaded; upload it, then complete")
    if part.etag != want.etag:
        raise Invalid("cos.InvalidPart", f"ETag of PartNumber {want.number} differs from what was uploaded")
    return part
