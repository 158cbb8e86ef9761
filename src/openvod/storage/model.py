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
from typing import NamedTuple

from openvod.base.errors import Denied, Invalid
from openvod.base.sizes import GIB, MIB
from openvod.storage.crc64 import CRC64

MAX_PART_NUMBER = 10_000
MIN_PART_SIZE = MIB
MAX_PART_SIZE = 5 * GIB
MAX_KEY_BYTES = 850


@dataclass(frozen=True)
class Bucket:
    """A bucket; ``name`` is the full one, ``<short>-<storage app id>``. ``purpose`` is upload or output."""

    name: str
    short_name: str
    sub_app_id: int
    region: str
    purpose: str = "upload"


class SessionRef(NamedTuple):
    """The upload session that a write belongs to, as credentials name it: file id, beginning of its key."""

    file_id: str
    key: str


class Door(NamedTuple):
    """What a session lets in: keys below ``prefix`` of ``bucket``, until it is closed or ``expires_at``."""

    bucket: str
    prefix: str
    is_open: bool
    expires_at: float


class BlobState(StrEnum):
    """Life of a blob: written, referenced by an object or upload, waiting for the collector."""

    PENDING = "pending"
    LIVE = "live"
    DOOMED = "doomed"


@dataclass(frozen=True)
class Quarantined:
    """A blob's file without a row, set aside at ``since`` (Unix seconds)."""

    blob_id: str
    since: float
    size: int


@dataclass(frozen=True)
class Blob:
    """A ledger row for one run of bytes."""

    blob_id: str
    state: BlobState
    created_at: float


class Extent(NamedTuple):
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
    """Life of a multipart upload. Ended ones are kept for a while: a completed one so that Complete is idempotent.

    A refused upload exceeded the bytes that its permission allows; further requests for it get the same error.
    """

    OPEN = "open"
    REFUSED = "refused"
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


class Part(NamedTuple):
    """An acknowledged part. ``etag`` is the lower-case MD5 without quotes. A tuple, since uploads have thousands."""

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


class GridTotals(NamedTuple):
    """An upload's parts as the database sums them up, so that thousands of rows need not travel.

    ``in_grid`` counts the parts that lie at ``(number - 1) * stride`` of the upload's own blob; ``first_odd`` is the
    first part whose size is not ``stride``, 0 for none; ``etags`` are joined in order of number, ``crc64s`` likewise
    with commas.
    """

    parts: int
    last: int
    in_grid: int
    first_odd: int
    size: int
    etags: str
    crc64s: str


class CompletedPart(NamedTuple):
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


def closed_reason(door: Door | None, now: float) -> str:
    """Say why a session's door is closed; empty when it is open."""
    if door is None or now >= door.expires_at:
        return "the upload session ended; apply for a new upload"
    if not door.is_open:
        return "the upload was committed or its file deleted, so its bytes are final; apply for a new upload"
    return ""


def check_open(door: Door | None, bucket: str, key: str, now: float) -> None:
    """Raise ``Denied("storage.session_closed")`` unless the session lets ``key`` in now."""
    if reason := closed_reason(door, now):
        raise Denied("storage.session_closed", reason)
    if door and not (door.bucket == bucket and key.startswith(door.prefix)):
        raise Denied("storage.key_foreign", f"the key {key!r} is not one of this upload session; use its own")


def may_be_repeated(door: Door | None, now: float) -> bool:
    """Return whether the session is committed and not expired: a client may repeat a write whose answer was lost."""
    return door is not None and not door.is_open and now < door.expires_at


def is_repetition(stored: StoredObject, received: Received) -> bool:
    """Return whether the received bytes equal the object's; the ETag of a multipart upload is not an MD5."""
    same = (stored.size, stored.crc64) == (received.size, received.crc64)
    return same and ("-" in stored.etag or stored.etag == received.md5)


def fits_grid(stride: int, number: int, length: int) -> bool:
    """Return whether a part of ``length`` bytes may lie at ``(number - 1) * stride``."""
    return 0 < length <= stride and number <= MAX_PART_NUMBER


def stride_from(number: int, length: int) -> int:
    """Return the grid that the first part to arrive suggests, 0 for none.

    Part 1 has the common size by definition. Another part may be the short last one; a whole number of MiB says that
    it is not, since clients choose round part sizes.
    """
    return length if number == 1 or length % MIB == 0 else 0


def merge_extents(extents: Iterable[tuple[str, int, int]]) -> tuple[Extent, ...]:
    """Join neighbours that continue each other, so that a grid upload becomes one extent."""
    merged: list[Extent] = []
    blob, start, end = "", 0, 0
    for blob_id, offset, length in extents:
        if not length:
            continue
        if blob_id == blob and offset == end:
            end += length
            continue
        merged.append(Extent(blob, start, end - start))
        blob, start, end = blob_id, offset, offset + length
    merged.append(Extent(blob, start, end - start))
    return tuple(extent for extent in merged if extent.length)


def run_of(extents: Sequence[Extent], start: int, length: int) -> Extent | None:
    """Return where ``length`` bytes from ``start`` of an object lie, if all of it lies in one piece of one blob."""
    first = extents[0] if extents else None
    if first is None or not length:
        return None
    offset = first.offset
    for extent in extents:
        if (extent.blob_id, extent.offset) != (first.blob_id, offset):
            return None
        offset += extent.length
    return Extent(first.blob_id, first.offset + start, length)


def digest_of_list(parts: Sequence[CompletedPart]) -> str:
    """Identify a Complete request's part list, so that its repetition is recognised."""
    text = f"{[p.number for p in parts]}{','.join([p.etag for p in parts])}"
    return hashlib.sha256(text.encode()).hexdigest()


def assemble_grid(requested: Sequence[CompletedPart], upload: MultipartUpload, totals: GridTotals) -> Assembly | None:
    """Describe the object of a plain grid upload in bulk; ``None`` when :func:`assemble` has to look at each part."""
    count, stride = totals.parts, upload.stride
    last_size = totals.size - (count - 1) * stride
    plain = (
        count == len(requested) == totals.last == totals.in_grid
        and totals.first_odd in (0, count)
        and 0 < last_size <= stride
        and (stride >= MIN_PART_SIZE or count == 1)
        and [want.number for want in requested] == list(range(1, count + 1))
        and "".join([want.etag for want in requested]) == totals.etags
    )
    if not plain:
        return None
    *leading, last_crc = map(int, totals.crc64s.split(","))
    crc = 0
    for part_crc in leading:
        crc = CRC64.combine(crc, part_crc, stride)
    return Assembly(
        size=totals.size,
        etag=_composite_etag(totals.etags, count),
        crc64=CRC64.combine(crc, last_crc, last_size),
        extents=(Extent(upload.blob_id, 0, totals.size),),
    )


def _composite_etag(etags: str, count: int) -> str:
    return f"{hashlib.md5(bytes.fromhex(etags), usedforsecurity=False).hexdigest()}-{count}"


def assemble(requested: Sequence[CompletedPart], stored: Mapping[int, Part]) -> Assembly:
    """Check a Complete request against the acknowledged parts and describe the object.

    Raises ``Invalid`` with ``storage.part_order``, ``…part_skipped``, ``…part_unknown``, ``…part_differs`` or
    ``…part_too_small``.
    """
    # In bulk, since there may be 10,000; the culprit is looked for only when there is one.
    parts = [stored[want.number] for want in requested if want.number in stored]
    if [want.number for want in requested] != list(range(1, len(parts) + 1)) or (
        [want.etag for want in requested] != [part.etag for part in parts]
    ):
        raise _mismatch(requested, stored)
    sizes = [part.size for part in parts]
    if len(sizes) > 1 and min(sizes[:-1]) < MIN_PART_SIZE:
        number = next(n for n, size in enumerate(sizes, start=1) if size < MIN_PART_SIZE)
        raise Invalid(
            "storage.part_too_small",
            f"PartNumber {number} has {sizes[number - 1]} bytes; every part but the last needs {MIN_PART_SIZE}",
        )
    crc = 0
    for part in parts:
        crc = CRC64.combine(crc, part.crc64, part.size)
    return Assembly(
        size=sum(sizes),
        etag=_composite_etag("".join(p.etag for p in parts), len(parts)),
        crc64=crc,
        extents=merge_extents((p.blob_id, p.offset, p.size) for p in parts),
    )


def _mismatch(requested: Sequence[CompletedPart], stored: Mapping[int, Part]) -> Invalid:
    """Name the first part of a Complete request that does not fit."""
    for due, want in enumerate(requested, start=1):
        if want.number < due:
            return Invalid(
                "storage.part_order", f"PartNumber {want.number} stands where {due} is due; list 1..N in order"
            )
        if want.number > due:
            return Invalid(
                "storage.part_skipped", f"PartNumber {due} is missing before {want.number}; list 1..N in order"
            )
        if want.number not in stored:
            return Invalid("storage.part_unknown", f"PartNumber {due} was never uploaded; upload it, then complete")
        if want.etag != stored[want.number].etag:
            return Invalid("storage.part_differs", f"ETag of PartNumber {due} differs from what was uploaded")
    raise AssertionError("called for a list that fits")
