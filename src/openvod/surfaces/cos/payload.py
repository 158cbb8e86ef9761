"""What a request promises of its body, in the S3 dialect: a digest, checksums before or behind it, frames."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol, cast

import anycrc

from openvod.base.errors import Invalid
from openvod.server.wire import RequestBody, WireRequest
from openvod.signing import sigv4
from openvod.signing.sigv4 import ChunkSigner
from openvod.storage.blobs import Body, Pieces
from openvod.surfaces.cos.aws_chunked import ChunkedReader, same
from openvod.surfaces.cos.operations import CHECKSUMS, Wanted
from openvod.surfaces.cos.s3 import is_presigned

_HEX_DIGEST = 64
_UNSIGNED_FRAMES = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_SIGNED_FRAMES = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")


class _Sum(Protocol):
    def update(self, data: bytes) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    """A running CRC that ends in its bytes, the first one highest."""

    def __init__(self, calc: Callable[[bytes, int], int], size: int) -> None:
        self._calc = calc
        self._size = size
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = self._calc(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


_CRC32C, _CRC64_NVME = (cast(Callable[[bytes, int], int], anycrc.Model(n).calc) for n in ("CRC32C", "CRC64-NVME"))
_SUMS: dict[str, Callable[[], _Sum]] = {
    "crc32": lambda: _Crc(zlib.crc32, 4),
    "crc32c": lambda: _Crc(_CRC32C, 4),
    "crc64nvme": lambda: _Crc(_CRC64_NVME, 8),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}


class Payload:
    """Takes a body's frames off and its sums up; :meth:`check` compares them once it has been read."""

    def __init__(self, request: WireRequest, wanted: Wanted, signer: ChunkSigner | None) -> None:
        self._request = request
        self._options = wanted.options
        self._promised: dict[str, str] = {}
        kind = wanted.options.get("content-sha256", sigv4.UNSIGNED)
        self._is_framed = kind == _UNSIGNED_FRAMES or kind in _SIGNED_FRAMES
        self._signer = signer if kind in _SIGNED_FRAMES else None
        self._reader: ChunkedReader | None = None
        self._sha256 = hashlib.sha256() if len(kind) == _HEX_DIGEST and not is_presigned(request) else None
        if not self._is_framed and kind != sigv4.UNSIGNED and len(kind) != _HEX_DIGEST:
            raise Invalid("cos.NotImplemented", f"x-amz-content-sha256 {kind[:40]!r} is not offered; send a digest")
        self._expected_sha256 = kind
        self._sums = {name: _SUMS[name]() for name in CHECKSUMS if self._is_promised(name)}

    @property
    def length(self) -> int | None:
        """The size of what will be stored, ``None`` when unknown."""
        if not self._is_framed:
            return self._request.content_length
        text = self._options.get("decoded-content-length")
        return int(text) if text else None

    @property
    def is_framed(self) -> bool:
        """Return whether the body has chunk framing, so that its size exceeds the stored size."""
        return self._is_framed

    def body(self) -> Body:
        """Return the body to store, watched where something was promised of it."""
        plain = not self._is_framed and self._sha256 is None and not self._sums
        return RequestBody(self._request) if plain else Pieces(self._watched())

    def take(self, data: bytes) -> None:
        """Take a whole body's bytes in."""
        if self._sha256:
            self._sha256.update(data)
        for each in self._sums.values():
            each.update(data)

    def check(self) -> None:
        """Compare; raises ``Invalid("cos.BadDigest")``."""
        if self._sha256 and not same(self._sha256.hexdigest(), self._expected_sha256):
            raise _differs("x-amz-content-sha256")
        trailers = self._reader.trailers if self._reader else {}
        for name in self._sums:
            header = f"x-amz-checksum-{name}"
            announced = self._options.get(f"checksum-{name}") or trailers.get(header, "")
            if not same(self.sums[header], announced):
                raise _differs(header)

    @property
    def sums(self) -> dict[str, str]:
        """The checksums that were asked for, as an answer's headers."""
        return {f"x-amz-checksum-{name}": _told(each) for name, each in self._sums.items()}

    async def _watched(self) -> AsyncIterator[bytes]:
        source = self._request.stream()
        if self._is_framed:
            self._reader = ChunkedReader(source, self._signer)
            source = self._reader.read()
        async for chunk in source:
            self.take(chunk)
            yield chunk

    def _is_promised(self, name: str) -> bool:
        announced = self._options.get(f"checksum-{name}", "")
        if announced and is_presigned(self._request):
            # Who presigns has no body yet, and some SDKs then promise that of none.
            return announced != _told(_SUMS[name]())
        return bool(announced) or f"x-amz-checksum-{name}" in self._options.get("trailer", "").lower().split(",")


def _told(sum_: _Sum) -> str:
    return base64.b64encode(sum_.digest()).decode()


def _differs(name: str) -> Invalid:
    return Invalid("cos.BadDigest", f"{name} differs from the received bytes; send them again")
