"""Media URLs: the installation's base, or an application's default distribution (6.7)."""

from __future__ import annotations

from openvod.adapters.sql.database import Database, Transaction

#: Seconds between two refreshes, hence until generated URLs show a changed default distribution.
REFRESH_SECONDS = 1.0


class MediaAddresses:
    """Turns object keys into URLs; ``refresh`` reads the distributions, which other processes may change."""

    def __init__(self, database: Database, media_url: str) -> None:
        self._database = database
        self._media_url = media_url
        self._bases: dict[str, str] = {}

    def url(self, key: str) -> str:
        """Return the URL of a key, which starts with its bucket's short name."""
        return f"{self._bases.get(key.partition('/')[0], self._media_url)}/{key}"

    async def refresh(self) -> int:
        """Read the distributions; return 0."""
        self._bases = await self._database.read(self._read)
        return 0

    def _read(self, tx: Transaction) -> dict[str, str]:
        own_scheme, _, own_place = self._media_url.partition("://")
        bases = {}
        for chosen in tx.access.distributions():
            scheme = chosen.scheme.lower() or own_scheme
            # Without the installation's port: a domain of its own is served by a proxy or a CDN.
            base = f"{scheme}://{chosen.domain or own_place}"
            for bucket in tx.storage.buckets(chosen.sub_app_id):
                bases[bucket.short_name] = base
        return bases
