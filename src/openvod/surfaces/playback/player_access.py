"""Player signatures (``procedures-and-api.md`` 10.3) and the links that they open: the one place where both meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from openvod.access.distribution import DistributionService
from openvod.base.errors import Denied
from openvod.base.ports import Clock
from openvod.media.model import MediaAsset
from openvod.signing.hotlink import check_link, link_digest
from openvod.signing.player_signature import UrlAccess, check_player_signature
from openvod.surfaces.playback.gate import PlaybackGate

#: How long links open media when a signature does not say it.
_LINK_SECONDS = 6 * 3600


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
        parameters = self._parameters(access)
        now = self._clock.now()

        def signed(address: str) -> str:
            parts = urlsplit(address)
            key = keys.get(parts.hostname or "", "")
            if not key:
                return address
            directory = parts.path[: parts.path.rfind("/") + 1]
            pairs = [*parameters.items(), ("sign", link_digest(key, directory, parameters))]
            # The signature may ask for a link that would be refused: refuse here rather than return a URL that fails.
            check_link([key], parts.path, pairs, now)
            query = urlencode(pairs)
            return parts._replace(query=f"{parts.query}&{query}" if parts.query else query).geturl()

        return signed

    def _parameters(self, access: UrlAccess) -> Mapping[str, str]:
        """Return the parameters of links, in their order (10.2)."""
        given = {
            "t": access.t or f"{int(self._clock.now()) + _LINK_SECONDS:08x}",
            "exper": str(access.preview or ""),
            "rlimit": str(access.most_addresses or ""),
            "us": access.us,
        }
        return {name: value for name, value in given.items() if value}

    async def _checked(self, asset: MediaAsset, psign: str) -> UrlAccess:
        """Check a signature under the application's play key; return how links are to be signed."""
        _, play_key = await self._distribution.distribution(asset.sub_app_id)
        found = check_player_signature(play_key, psign, self._clock.now())
        if found.file_id != asset.file_id:
            raise Denied("psign.member", "psign is for another file", field="fileId")
        return found.access
