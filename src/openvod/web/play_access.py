"""Player signatures (``procedures-and-api.md`` 10.3) and the links that they open: the one place where both meet."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from openvod.access.distribution import DistributionService
from openvod.base.errors import Denied
from openvod.base.ports import Clock
from openvod.media.model import MediaAsset
from openvod.signing.hotlink import link_digest
from openvod.web.gate import PlaybackGate

#: How long links open media when a signature does not say it.
_LINK_SECONDS = 6 * 3600
#: In the order of links (10.2).
_NARROWING = ("exper", "rlimit", "us")


class PlayerAccess:
    """Signs addresses for whom the application has signed."""

    def __init__(self, gate: PlaybackGate, distribution: DistributionService, clock: Clock) -> None:
        self._gate = gate
        self._distribution = distribution
        self._clock = clock

    async def signer(self, asset: MediaAsset, addresses: Sequence[str], psign: str) -> Callable[[str], str]:
        """Return what makes signed addresses of a file's.

        Raises ``Denied("psign.missing")`` where links must be signed and there is no ``psign``, ``Denied("psign.…")``
        for a wrong one and ``Denied("application.off")``.
        """
        hosts = {urlsplit(address).hostname or "" for address in addresses}
        keys = {host: await self._gate.link_key(asset.sub_app_id, host) for host in hosts}
        if not any(keys.values()):
            return str
        if not psign:
            raise Denied("psign.missing", "this video wants a signed address: add psign, which the app makes")
        access = await self._checked(asset, psign)
        parameters = {"t": str(access.get("t") or f"{int(self._clock.now()) + _LINK_SECONDS:08x}")}
        parameters |= {name: str(access[name]) for name in _NARROWING if access.get(name)}

        def signed(address: str) -> str:
            parts = urlsplit(address)
            key = keys.get(parts.hostname or "", "")
            if not key:
                return address
            directory = parts.path[: parts.path.rfind("/") + 1]
            query = urlencode(parameters | {"sign": link_digest(key, directory, parameters)})
            return parts._replace(query=f"{parts.query}&{query}" if parts.query else query).geturl()

        return signed

    async def _checked(self, asset: MediaAsset, psign: str) -> Mapping[str, Any]:
        """Check a signature under the application's play key; return how links are to be signed."""
        _, play_key = await self._distribution.distribution(asset.sub_app_id)
        payload = _payload(psign, play_key)
        if payload.get("fileId") != asset.file_id:
            raise Denied("psign.member", "psign is for another file", field="fileId")
        expires = payload.get("expireTimeStamp")
        if expires is not None and not (isinstance(expires, int) and expires >= self._clock.now()):
            raise Denied("psign.expired", "psign has expired; ask the app for a new one")
        access = payload.get("urlAccessInfo")
        return access if isinstance(access, dict) else {}


def _payload(psign: str, play_key: str) -> Mapping[str, Any]:
    """Return what a token under HS256 says; play keys are shorter than libraries for such tokens accept."""
    signed, _, mac = psign.rpartition(".")
    digest = hmac.new(play_key.encode(), signed.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), mac.encode()):
        raise Denied("psign.signature", "psign was not signed with this application's play key")
    try:
        head, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split("."))
        if isinstance(payload, dict) and head["alg"] == "HS256":
            return payload
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Denied("psign.malformed", "psign is no JSON web token") from error
    raise Denied("psign.malformed", "psign is no JSON web token with HS256")
