"""The S3 dialect of the storage surface: other signatures and checksums, the same operations (``cos-storage.md`` 7.4).

The web SDK speaks it with ``storageType: "s3"``. Credentials are those of Apply: the token travels as
``x-amz-security-token``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import AsyncIterator, Callable, Mapping

from openvod.base.errors import Denied, Invalid
from openvod.signing import sigv4
from openvod.storage.ports import Body
from openvod.web.addressing import Address
from openvod.web.wire import RequestBody, WireRequest

_HEX_DIGEST = 64


def speaks_s3(request: WireRequest) -> bool:
    """Tell whether a request is signed as S3's are."""
    return request.headers.get("authorization", "").startswith(sigv4.ALGORITHM)


def access_key(request: WireRequest) -> str:
    """Return the key id that claims to have signed."""
    return sigv4.parse_authorization(request.headers["authorization"]).access_key


def check_signature(request: WireRequest, address: Address, secret_key: str, now: float) -> None:
    """Check signature, then clock; raises ``Denied``."""
    credential = sigv4.parse_authorization(request.headers["authorization"])
    right = [
        sigv4.verify(
            credential, secret_key, method=request.method, path=request.path, query=request.query,
            headers={**request.headers, "host": host},
        )
        for host in address.hosts
    ]  # fmt: skip
    if not any(right):
        raise Denied("cos.SignatureDoesNotMatch", "the request's signature is wrong; check key, path and headers")
    sigv4.check_clock(credential, request.headers, now)


def headers_for(headers: Mapping[str, str]) -> dict[str, str]:
    """Return an object's headers with the names of this dialect."""
    return {name.replace("x-cos-meta-", "x-amz-meta-"): value for name, value in headers.items()}


class Payload:
    """What a request promises of its body; feed it the body, then :meth:`check`."""

    def __init__(self, request: WireRequest) -> None:
        self._request = request
        promised = request.headers.get("x-amz-content-sha256", sigv4.UNSIGNED)
        if promised != sigv4.UNSIGNED and len(promised) != _HEX_DIGEST:
            raise Invalid("cos.NotImplemented", f"x-amz-content-sha256 {promised[:40]!r} is not offered; send a digest")
        self._promised = {"x-amz-content-sha256": promised} if promised != sigv4.UNSIGNED else {}
        if crc := request.headers.get("x-amz-checksum-crc32"):
            self._promised["x-amz-checksum-crc32"] = crc
        self._sha256 = hashlib.sha256()
        self._crc32 = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes in."""
        if "x-amz-content-sha256" in self._promised:
            self._sha256.update(chunk)
        if "x-amz-checksum-crc32" in self._promised:
            self._crc32 = zlib.crc32(chunk, self._crc32)

    def body(self) -> Body:
        """Return the body to store, watched where something was promised of it."""
        return _WatchedBody(self._request, self.feed) if self._promised else RequestBody(self._request)

    def check(self) -> None:
        """Compare; raises ``Invalid("cos.BadDigest")``."""
        actual = {
            "x-amz-content-sha256": self._sha256.hexdigest(),
            "x-amz-checksum-crc32": base64.b64encode(self._crc32.to_bytes(4, "big")).decode(),
        }
        for name, promised in self._promised.items():
            if not hmac.compare_digest(actual[name].encode(), promised.encode("latin-1", "replace")):
                raise Invalid("cos.BadDigest", f"{name} differs from the received bytes; send them again")


class _WatchedBody:
    """A body whose bytes are looked at on their way: it cannot be read from the socket by somebody else."""

    def __init__(self, request: WireRequest, feed: Callable[[bytes], None]) -> None:
        self._request = request
        self._feed = feed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._request.stream():
            self._feed(chunk)
            yield chunk

    def direct(self) -> None:
        return None
