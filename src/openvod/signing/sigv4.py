"""Request signatures of S3, ``AWS4-HMAC-SHA256`` in the Authorization header (``cos-storage.md`` 7.4)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from openvod.base.errors import Denied, Invalid
from openvod.signing.cos import Pairs

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_TOLERANCE_SECONDS = 900
UNSIGNED = "UNSIGNED-PAYLOAD"
_AUTHORIZATION = re.compile(
    ALGORITHM + r"\s+Credential=(?P<id>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/s3/aws4_request\s*,"
    r"\s*SignedHeaders=(?P<headers>[A-Za-z0-9;_-]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class S3Credential:
    """The parsed Authorization header."""

    access_key: str
    date: str
    region: str
    signed_headers: tuple[str, ...]
    signature: str


def parse_authorization(value: str) -> S3Credential:
    """Parse the header; raises ``Invalid("cos.authorization_malformed")``."""
    match = _AUTHORIZATION.fullmatch(value.strip())
    if match is None:
        raise Invalid(
            "cos.authorization_malformed",
            f"Authorization must be '{ALGORITHM} Credential=<id>/<date>/<region>/s3/aws4_request, …'",
        )
    names = tuple(match["headers"].lower().split(";"))
    if "host" not in names or "x-amz-date" not in names:
        raise Invalid("cos.authorization_malformed", "SignedHeaders must name host and x-amz-date")
    return S3Credential(match["id"], match["date"], match["region"], names, match["signature"])


def verify(
    credential: S3Credential, secret_key: str, *, method: str, path: str, query: Pairs, headers: Mapping[str, str]
) -> bool:
    """Tell whether the signature is right; ``headers`` have lower-case names, ``path`` and ``query`` are decoded."""
    if any(name not in headers for name in credential.signed_headers):
        return False
    expected = sign(credential, secret_key, method=method, path=path, query=query, headers=headers)
    return hmac.compare_digest(expected, credential.signature)


def sign(
    credential: S3Credential, secret_key: str, *, method: str, path: str, query: Pairs, headers: Mapping[str, str]
) -> str:
    """Return the hexadecimal signature over the headers that ``credential`` names."""
    canonical = "\n".join(
        (
            method,
            quote(path.encode("utf-8", "surrogateescape"), safe="/-_.~"),
            "&".join(sorted(f"{_encode(name)}={_encode(value)}" for name, value in query)),
            *(f"{name}:{' '.join(headers[name].split())}" for name in credential.signed_headers),
            "",
            ";".join(credential.signed_headers),
            headers.get("x-amz-content-sha256", UNSIGNED),
        )
    )
    scope = f"{credential.date}/{credential.region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    key = f"AWS4{secret_key}".encode()
    for item in (credential.date, credential.region, "s3", "aws4_request"):
        key = _mac(key, item)
    return _mac(key, f"{ALGORITHM}\n{headers['x-amz-date']}\n{scope}\n{digest}").hex()


def check_clock(credential: S3Credential, headers: Mapping[str, str], now: float) -> None:
    """Check ``x-amz-date``, which must lie on the credential's day; raises ``Denied("cos.time_skewed")``."""
    text = headers.get("x-amz-date", "")
    try:
        signed_at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise Invalid("cos.authorization_malformed", "x-amz-date must look like 20260102T030405Z") from error
    if abs(signed_at - now) > CLOCK_TOLERANCE_SECONDS or not text.startswith(credential.date):
        raise Denied("cos.time_skewed", "x-amz-date differs from the server's clock by more than 15 minutes; set it")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _encode(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="-_.~")
