"""API 3.0 signatures, TC3-HMAC-SHA256 (``procedures-and-api.md`` 2.2, 2.4)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from openvod.base.errors import Denied, Invalid

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "vod"
CLOCK_TOLERANCE_SECONDS = 300
_UNSIGNED = "UNSIGNED-PAYLOAD"
_AUTHORIZATION = re.compile(
    ALGORITHM + r"\s+Credential=(?P<id>[^/,\s]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[^/,\s]+)/tc3_request\s*,"
    r"\s*SignedHeaders=(?P<headers>[A-Za-z0-9;_-]+)\s*,\s*Signature=(?P<signature>[0-9a-fA-F]{64})"
)


@dataclass(frozen=True)
class Tc3Credential:
    """The parsed Authorization header; ``service`` is taken as sent, since SDKs derive it from the endpoint (2.4)."""

    secret_id: str
    date: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def parse_authorization(value: str) -> Tc3Credential:
    """Parse the header; raises ``Invalid("tc3.malformed")``."""
    match = _AUTHORIZATION.fullmatch(value.strip())
    if match is None:
        raise Invalid(
            "tc3.malformed", f"Authorization must be '{ALGORITHM} Credential=…, SignedHeaders=…, Signature=…'"
        )
    names = tuple(match["headers"].lower().split(";"))
    return Tc3Credential(match["id"], match["date"], match["service"], names, match["signature"].lower())


def verify(
    credential: Tc3Credential,
    secret_key: str,
    *,
    method: str,
    raw_query: str,
    headers: Mapping[str, str],
    host: str,
    body_sha256: str,
) -> bool:
    """Return whether any form that clients sign matches: host with and without port or scheme, action in either case.

    ``body_sha256`` is hexadecimal, in lower case; with ``UNSIGNED-PAYLOAD`` it does not count.
    """
    found = False
    action = headers.get("x-tc-action", "")
    for host_form in _host_forms(host):
        for action_form in (action.lower(), action):
            shown = {**headers, "host": host_form, "x-tc-action": action_form}
            found |= hmac.compare_digest(
                _signature(credential, secret_key, method, raw_query, shown, body_sha256), credential.signature
            )
    return found


def check_scope(credential: Tc3Credential, headers: Mapping[str, str], host: str) -> None:
    """Check what a signature must cover and name; raises ``Denied("tc3.scope")``.

    ``host`` and ``content-type`` are signed, the date is that of ``X-TC-Timestamp`` in UTC, and the service is ``vod``
    or what SDKs make of the endpoint (2.4): its text before the first dot.
    """
    if not {"host", "content-type"} <= set(credential.signed_headers):
        raise Denied("tc3.scope", "SignedHeaders must list content-type and host; sign both")
    moment = int(headers.get("x-tc-timestamp", "0"))
    if credential.date != datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d"):
        raise Denied("tc3.scope", "the date in Credential is not that of X-TC-Timestamp in UTC; sign with that date")
    services = {SERVICE, *(form.partition(".")[0] for form in _host_forms(host))}
    if credential.service not in services:
        raise Denied("tc3.scope", f"Credential names the service {credential.service[:40]!r}; sign for {SERVICE!r}")


def check_clock(headers: Mapping[str, str], now: float) -> None:
    """Check ``X-TC-Timestamp``; raises ``Denied("tc3.clock")`` past five minutes."""
    text = headers.get("x-tc-timestamp", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 12) or abs(int(text) - now) > CLOCK_TOLERANCE_SECONDS:
        raise Denied(
            "tc3.clock", "X-TC-Timestamp differs from the server's clock by more than 5 minutes; set the clock"
        )


def sign(
    credential_id: str,
    secret_key: str,
    *,
    date: str,
    service: str,
    signed_headers: tuple[str, ...],
    method: str,
    raw_query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> str:
    """Return the hexadecimal signature; ``headers`` hold lower-case names and must have ``x-tc-timestamp``."""
    credential = Tc3Credential(credential_id, date, service, signed_headers, "")
    return _signature(credential, secret_key, method, raw_query, headers, hashlib.sha256(body).hexdigest())


def _signature(
    credential: Tc3Credential,
    secret_key: str,
    method: str,
    raw_query: str,
    headers: Mapping[str, str],
    body_sha256: str,
) -> str:
    is_unsigned = headers.get("x-tc-content-sha256") == _UNSIGNED
    payload = hashlib.sha256(_UNSIGNED.encode()).hexdigest() if is_unsigned else body_sha256
    block = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in sorted(credential.signed_headers))
    canonical = "\n".join((method, "/", raw_query, block, ";".join(credential.signed_headers), payload))
    scope = f"{credential.date}/{credential.service}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join((ALGORITHM, headers.get("x-tc-timestamp", ""), scope, digest))
    key = f"TC3{secret_key}".encode()
    for step in (credential.date, credential.service, "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _host_forms(host: str) -> tuple[str, ...]:
    bare = re.sub(r"^https?://", "", host)
    return tuple(dict.fromkeys((host, bare, re.sub(r":\d+$", "", bare))))
