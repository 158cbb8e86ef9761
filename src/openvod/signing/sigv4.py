"""Request signatures of S3, ``AWS4-HMAC-SHA256`` in the Authorization header or a presigned query (``cos-storage.md``
7.4), and those of the pieces of a streamed body.
"""

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
MAX_PRESIGNED_SECONDS = 604_800
UNSIGNED = "UNSIGNED-PAYLOAD"
_AUTHORIZATION = re.compile(
    ALGORITHM + r"\s+Credential=(?P<id>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/s3/aws4_request\s*,"
    r"\s*SignedHeaders=(?P<headers>[A-Za-z0-9;_-]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)


_CREDENTIAL = re.compile(r"(?P<id>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/s3/aws4_request")
_NAMES = re.compile(r"[A-Za-z0-9;_-]+")
_HEX_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_EMPTY_DIGEST = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class S3Credential:
    """The parsed Authorization header, or the same from a presigned query.

    ``moment`` is when it was signed (``x-amz-date``'s form), empty where a header says so; ``seconds`` is how long a
    presigned query holds, 0 for a header.
    """

    access_key: str
    date: str
    region: str
    signed_headers: tuple[str, ...]
    signature: str
    moment: str = ""
    seconds: int = 0


def parse_query(pairs: Pairs) -> S3Credential:
    """Parse a presigned query; raises ``Invalid("cos.authorization_malformed")``."""
    given = {name.lower(): value for name, value in reversed(pairs)}
    match = _CREDENTIAL.fullmatch(given.get("x-amz-credential", ""))
    names, signature = given.get("x-amz-signedheaders", ""), given.get("x-amz-signature", "")
    seconds = given.get("x-amz-expires", "")
    if match is None or not _NAMES.fullmatch(names) or not _HEX_SIGNATURE.fullmatch(signature):
        raise Invalid(
            "cos.authorization_malformed", "X-Amz-Credential, X-Amz-SignedHeaders or X-Amz-Signature is malformed"
        )
    if not (seconds.isascii() and seconds.isdigit() and 0 < int(seconds[:9]) <= MAX_PRESIGNED_SECONDS):
        raise Invalid("cos.authorization_malformed", f"X-Amz-Expires must be 1 to {MAX_PRESIGNED_SECONDS} seconds")
    signed = tuple(names.lower().split(";"))
    if "host" not in signed:
        raise Invalid("cos.authorization_malformed", "X-Amz-SignedHeaders must name host")
    moment = given.get("x-amz-date", "")
    return S3Credential(match["id"], match["date"], match["region"], signed, signature, moment, int(seconds))


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
    """Return whether the signature is right; ``headers`` have lower-case names, ``path`` and ``query`` are decoded."""
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
            "&".join(
                sorted(
                    f"{_encode(name)}={_encode(value)}" for name, value in query if name.lower() != "x-amz-signature"
                )
            ),
            *(f"{name}:{' '.join(headers[name].split())}" for name in credential.signed_headers),
            "",
            ";".join(credential.signed_headers),
            headers.get("x-amz-content-sha256", UNSIGNED),
        )
    )
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    moment = credential.moment or headers["x-amz-date"]
    return _mac(_key(credential, secret_key), f"{ALGORITHM}\n{moment}\n{_scope(credential)}\n{digest}").hex()


def _scope(credential: S3Credential) -> str:
    return f"{credential.date}/{credential.region}/s3/aws4_request"


def _key(credential: S3Credential, secret_key: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for item in (credential.date, credential.region, "s3", "aws4_request"):
        key = _mac(key, item)
    return key


class ChunkSigner:
    """Checks the signatures of a streamed body's pieces, each of which continues the one before."""

    def __init__(self, credential: S3Credential, secret_key: str, moment: str) -> None:
        self._key = _key(credential, secret_key)
        self._head = f"{moment}\n{_scope(credential)}"
        self._previous = credential.signature

    def next_is(self, digest: str, signature: str) -> bool:
        """Return whether ``signature`` is that of the next piece, whose SHA-256 is ``digest``."""
        return self._is("AWS4-HMAC-SHA256-PAYLOAD", f"{_EMPTY_DIGEST}\n{digest}", signature)

    def trailer_is(self, canonical: str, signature: str) -> bool:
        """Return whether ``signature`` is that of the trailers, ``name:value`` on a line each."""
        return self._is("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(canonical.encode()).hexdigest(), signature)

    def _is(self, kind: str, rest: str, signature: str) -> bool:
        expected = _mac(self._key, f"{kind}\n{self._head}\n{self._previous}\n{rest}").hex()
        self._previous = expected
        return hmac.compare_digest(expected.encode(), signature.encode("latin-1", "replace"))


def check_clock(credential: S3Credential, headers: Mapping[str, str], now: float) -> None:
    """Check the moment of signing, which must lie on the credential's day.

    Raises ``Denied`` with ``cos.time_skewed``, or ``cos.request_expired`` for a presigned query past its time.
    """
    text = credential.moment or headers.get("x-amz-date", "")
    try:
        signed_at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise Invalid("cos.authorization_malformed", "x-amz-date must look like 20260102T030405Z") from error
    if credential.seconds:
        if not text.startswith(credential.date) or signed_at > now + CLOCK_TOLERANCE_SECONDS:
            raise Denied("cos.time_skewed", "X-Amz-Date lies in the future; set the clock")
        if now > signed_at + credential.seconds:
            raise Denied("cos.request_expired", "Request has expired")
        return
    if abs(signed_at - now) > CLOCK_TOLERANCE_SECONDS or not text.startswith(credential.date):
        raise Denied("cos.time_skewed", "x-amz-date differs from the server's clock by more than 15 minutes; set it")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _encode(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="-_.~")
