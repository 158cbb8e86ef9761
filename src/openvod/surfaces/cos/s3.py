"""The S3 dialect of the storage surface: other signatures and checksums, the same operations (``cos-storage.md`` 7.4).

The web SDK speaks it with ``storageType: "s3"``, and so do tools. Credentials are those of Apply: the token travels as
``x-amz-security-token``, in the head or in a presigned query.
"""

from __future__ import annotations

from collections.abc import Mapping

from openvod.base.errors import Denied
from openvod.server.wire import WireRequest
from openvod.signing import sigv4
from openvod.signing.sigv4 import ChunkSigner, S3Credential
from openvod.surfaces.cos.addressing import Address


def speaks_s3(request: WireRequest) -> bool:
    """Return whether a request is signed as S3's are."""
    return request.headers.get("authorization", "").startswith(sigv4.ALGORITHM) or is_presigned(request)


def is_presigned(request: WireRequest) -> bool:
    """Return whether the signature is in the query."""
    return "X-Amz-Algorithm" in request.loose_query


def token_of(request: WireRequest) -> str:
    """Return the session token, empty where there is none."""
    return request.headers.get("x-amz-security-token", "") or request.argument("X-Amz-Security-Token") or ""


def credential_of(request: WireRequest) -> S3Credential:
    """Return what claims to have signed; ``Invalid("cos.authorization_malformed")``."""
    if is_presigned(request):
        return sigv4.parse_query(request.query)
    return sigv4.parse_authorization(request.headers["authorization"])


def check_signature(
    credential: S3Credential, request: WireRequest, address: Address, secret_key: str, now: float
) -> ChunkSigner:
    """Check signature, then clock; raises ``Denied``. What it returns checks the body's pieces, should it have any."""
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
    return ChunkSigner(credential, secret_key, credential.moment or request.headers.get("x-amz-date", ""))


def headers_for(headers: Mapping[str, str]) -> dict[str, str]:
    """Return an object's headers with the names of this dialect."""
    return {name.replace("x-cos-meta-", "x-amz-meta-"): value for name, value in headers.items()}
