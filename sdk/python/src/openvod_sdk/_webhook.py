"""Standard Webhooks signatures of notifications: HMAC-SHA256 over ``id.timestamp.body``.

They cover the whole body, its id and its time. The older ``Sign`` (``events.md`` 2.1) is an MD5 of the key and a time.
It does not cover the body, so anybody who sees one notification can forge others until ``T``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

from openvod_sdk._errors import EventError

_PREFIX = "whsec_"
#: Tolerance in seconds between the sender's clock and this one; older notifications count as replayed.
TOLERANCE_SECONDS = 300
_WHERE_FROM = (
    "'openvod events set-url' and 'openvod events endpoints add' print it once, "
    "'openvod events endpoints rotate NAME' makes a new one"
)


def webhook_keys(secrets: str | Sequence[str]) -> tuple[bytes, ...]:
    """Decode one or several ``whsec_…`` texts to keys; raises ``ValueError`` for anything else."""
    return tuple(_key(each) for each in ([secrets] if isinstance(secrets, str) else secrets))


def verify_webhook(
    headers: Mapping[str, str], body: bytes, secrets: str | Sequence[str], *, now: float | None = None
) -> None:
    """Verify ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` of a notification.

    ``secrets`` are the endpoint's secrets (``whsec_…``), any of which may have signed; ``now`` is in Unix seconds.
    Raises ``EventError`` with the reason for a forged, changed or replayed notification.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    check_webhook(lower, body, webhook_keys(secrets), time.time() if now is None else now)


def check_webhook(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float) -> None:
    """As :func:`verify_webhook`, with lower-case header names and decoded keys."""
    signature = headers.get("webhook-signature")
    if not signature:
        raise EventError("the notification has no webhook-signature; check that OpenVOD sent it")
    moment = headers.get("webhook-timestamp", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise EventError("webhook-timestamp of the notification is not a time in Unix seconds")
    content = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    expected = ["v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys]
    given = signature.encode().split(b" ")
    if not any(hmac.compare_digest(each.encode(), received) for each in expected for received in given):
        raise EventError(
            "webhook-signature of the notification does not match the webhook secret set here, "
            f"or the body was changed in transit; compare the endpoint's secret ({_WHERE_FROM})"
        )
    if abs(now - int(moment)) > TOLERANCE_SECONDS:
        raise EventError(f"webhook-timestamp differs from this clock by more than {TOLERANCE_SECONDS} s")


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or not key:
        raise ValueError(f"a webhook secret is {_PREFIX} followed by Base64; {_WHERE_FROM}")
    return key
