"""Secrets of endpoints: made here, stored sealed, shown once."""

from __future__ import annotations

from openvod.base.ports import Entropy, SecretBox
from openvod.events.model import Endpoint
from openvod.signing.webhook import SECRET_BYTES, secret_bytes, secret_text


def new_secret(entropy: Entropy) -> str:
    """Return a new secret as receivers are given it."""
    return secret_text(entropy.token(SECRET_BYTES))


def seal_secret(text: str, endpoint: Endpoint, box: SecretBox) -> bytes:
    """Encrypt a secret, bound to its endpoint."""
    return box.seal(text, _context(endpoint))


def open_secrets(endpoint: Endpoint, box: SecretBox) -> tuple[bytes, ...]:
    """Return the secrets in force, newest first."""
    sealed = (endpoint.secret, endpoint.previous_secret)
    return tuple(secret_bytes(box.open(each, _context(endpoint))) for each in sealed if each is not None)


def _context(endpoint: Endpoint) -> str:
    return f"event-endpoint/{endpoint.sub_app_id}/{endpoint.name}"
