"""Signature distribution: decides whether a user may upload, and signs the permission."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openvod_sdk._errors import InvalidPermission
from openvod_sdk._sign import sign
from openvod_sdk.integrations._authentication import Authenticator, Identity
from openvod_sdk.integrations._refused import Refused

_HOUR = 3600.0


@dataclass(frozen=True)
class IssuedSignature:
    """A signature and its expiry (Unix seconds); ``max_size`` in bytes lets clients check early, 0 for no limit."""

    signature: str
    expires_at: int
    max_size: int


class RateLimit:
    """At most ``per_hour`` signatures per user, in a sliding window of an hour, per process."""

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._issued: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def take(self, user_id: str) -> None:
        """Count a signature; raises ``Refused`` with status 429."""
        with self._lock:
            now = self._clock()
            issued = self._issued[user_id]
            while issued and now - issued[0] >= _HOUR:
                issued.popleft()
            if len(issued) >= self._per_hour:
                wait = int(_HOUR - (now - issued[0])) + 1
                raise Refused(429, 42901, f"at most {self._per_hour} uploads an hour; try again in {wait} s")
            issued.append(now)


Permit = Callable[[Identity, str], Mapping[str, Any]]


class SignatureService:
    """Authenticates, checks and signs.

    ``permit(identity, source_context)`` is the app's own rule: it returns keyword arguments for
    :func:`openvod_sdk.sign` (``procedure``, ``class_id`` …) or raises ``Refused``. Without it, every
    authenticated user may upload, and the user id is the source context if the client sends none.
    """

    def __init__(
        self,
        secret_id: str,
        secret_key: str,
        authenticator: Authenticator,
        *,
        permit: Permit | None = None,
        rate_limit: RateLimit | None = None,
        expire: int = 7200,
        one_time: bool = False,
        max_size: int = 0,
    ) -> None:
        self._secret_id = secret_id
        self._secret_key = secret_key
        self._authenticator = authenticator
        self._permit = permit or (lambda identity, source_context: {})
        self._rate_limit = rate_limit
        self._expire = expire
        self._one_time = one_time
        self._max_size = max_size

    def issue(self, token: str, source_context: str = "", announced_size: int = 0) -> IssuedSignature:
        """Return a signature for the user behind ``token``; raises ``Refused``."""
        identity = self._authenticator.authenticate(token)
        if self._max_size and announced_size > self._max_size:
            raise Refused(403, 40302, f"the file has {announced_size} bytes; at most {self._max_size} are allowed")
        context = (source_context or identity.user_id)[:250]
        options: dict[str, Any] = {"source_context": context, "one_time": self._one_time}
        options |= self._permit(identity, source_context)
        if self._rate_limit:
            self._rate_limit.take(identity.user_id)
        try:
            signature = sign(self._secret_id, self._secret_key, expire=self._expire, **options)
        except InvalidPermission as error:
            raise Refused(400, 40001, str(error)) from error
        return IssuedSignature(signature, int(time.time()) + self._expire, self._max_size)
