"""Standard Webhooks signatures of notifications: HMAC-SHA256 over ``id.timestamp.body``.

They cover every byte of the body, its id and its time. The older ``Sign`` (``events.md`` 2.1) is an MD5 of the key
and a time: it covers nothing of the body, so whoever sees one notification can send any other until ``T``.
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
#: Seconds by which the sender's clock may differ from ours; older notifications count as replayed.
TOLERANCE_SECONDS = 300
_WHERE_FROM = (
    "'openvod events set-url' and 'openvod events endpoints add' print it once, "
    "'openvod events endpoints rotate NAME' makes a new one"
)


def webhook_keys(secrets: str | Sequence[str]) -> tuple[bytes, ...]:
    """Return the keys behind one or several ``whsec_…`` texts; raises ``ValueError`` for anything else."""
    return tuple(_key(each) for each in ([secrets] if isinstance(secrets, str) else secrets))


def verify_webhook(
    headers: Mapping[str, str], body: bytes, secrets: str | Sequence[str], *, now: float | None = None
) -> None:
    """Check ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` of a notification.

    ``secrets`` are the endpoint's secrets (``whsec_…``), any of which may have signed; ``now`` is in Unix seconds.
    Raises ``EventError``, which says what does not fit, for a forged, changed or replayed notification.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    check_webhook(lower, body, webhook_keys(secrets), time.time() if now is None else now)


def check_webhook(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float) -> None:
    """Do what :func:`verify_webhook` does, with lower-case header names and decoded keys."""
    signature = headers.get("webhook-signature")
    if not signature:
        raise EventError("the notification carries no webhook-signature; is it OpenVOD that posts here?")
    moment = headers.get("webhook-timestamp", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise EventError("webhook-timestamp of the notification is not a time in Unix seconds")
    content = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    expected = ["v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys]
    given = signature.encode().split(b" ")
    if not any(hmac.compare_digest(mine.encode(), theirs) for mine in expected for theirs in given):
        raise EventError(
            "webhook-signature of the notification does not fit the webhook secret set here, "
            f"or the body was changed on its way; compare the endpoint's secret ({_WHERE_FROM})"
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
