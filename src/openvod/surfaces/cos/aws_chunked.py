"""``aws-chunked`` bodies of S3 clients: pieces with their sizes, perhaps signed, and checksums behind them.

``STREAMING-UNSIGNED-PAYLOAD-TRAILER`` and ``STREAMING-AWS4-HMAC-SHA256-PAYLOAD`` (``-TRAILER``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator

from openvod.base.errors import Denied, Invalid
from openvod.base.sizes import KIB
from openvod.signing.sigv4 import ChunkSigner

_LONGEST_LINE = 8 * KIB
_MOST_TRAILERS = 16


class ChunkedReader:
    """Takes the frames off; ``trailers`` are there after the last byte."""

    def __init__(self, source: AsyncIterator[bytes], signer: ChunkSigner | None) -> None:
        self._source = source
        self._signer = signer
        self._held = b""
        self.trailers: dict[str, str] = {}

    async def read(self) -> AsyncIterator[bytes]:
        """Yield the data; raises ``Invalid("cos.IncompleteBody")`` and ``Denied("cos.SignatureDoesNotMatch")``."""
        while True:
            head, _, extension = (await self._line()).partition(";")
            size = _size(head)
            digest = hashlib.sha256()
            left = size
            while left:
                piece = await self._some(left)
                left -= len(piece)
                if self._signer:
                    digest.update(piece)
                yield piece
            self._check(extension, digest.hexdigest())
            if not size:
                break
            if await self._line():
                raise _broken("a piece is longer than it says")
        await self._read_trailers()

    def _check(self, extension: str, digest: str) -> None:
        if self._signer and not self._signer.next_is(digest, extension.strip().removeprefix("chunk-signature=")):
            raise Denied("cos.SignatureDoesNotMatch", "the signature of a piece of the body is wrong; send it again")

    async def _read_trailers(self) -> None:
        signed = ""
        for _ in range(_MOST_TRAILERS):
            line = await self._line(at_end=True)
            if not line:
                return
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            if name != "x-amz-trailer-signature":
                self.trailers[name] = value
                signed += f"{name}:{value}\n"
            elif self._signer and not self._signer.trailer_is(signed, value):
                raise Denied("cos.SignatureDoesNotMatch", "the signature of the body's trailer is wrong; send it again")
        raise _broken("it has too many trailers")

    async def _line(self, *, at_end: bool = False) -> str:
        while b"\r\n" not in self._held:
            if len(self._held) > _LONGEST_LINE:
                raise _broken("a line is too long")
            more = await anext(self._source, b"")
            if not more:
                if at_end and not self._held:
                    return ""
                raise _broken("it ends too early")
            self._held += more
        line, _, self._held = self._held.partition(b"\r\n")
        return line.decode("latin-1")

    async def _some(self, most: int) -> bytes:
        if not self._held:
            self._held = await anext(self._source, b"")
            if not self._held:
                raise _broken("it ends too early")
        piece, self._held = self._held[:most], self._held[most:]
        return piece


def _size(text: str) -> int:
    digits = text.strip()
    if not digits or len(digits) > 12 or any(each not in "0123456789abcdefABCDEF" for each in digits):
        raise _broken("the size of a piece is no hexadecimal number")
    return int(digits, 16)


def _broken(why: str) -> Invalid:
    return Invalid("cos.IncompleteBody", f"the aws-chunked body cannot be read: {why}; send it again")


def same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one.encode(), other.encode("latin-1", "replace"))
