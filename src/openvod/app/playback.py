"""Playback, wired: the playback surface, packaging on request, player pages."""

from __future__ import annotations

from collections.abc import Callable

from openvod.access.distribution import DistributionService
from openvod.adapters.sql.database import Database
from openvod.app.settings import PlaybackSettings
from openvod.base.ports import Clock
from openvod.playback.service import InstantPlayback
from openvod.playback.warm import WarmIndexes
from openvod.storage.blobs import LocalFiles
from openvod.storage.service import StorageService
from openvod.surfaces.playback.acceleration import Acceleration
from openvod.surfaces.playback.gate import PlaybackGate
from openvod.surfaces.playback.player_access import PlayerAccess
from openvod.surfaces.playback.player_page import PlayPages
from openvod.surfaces.playback.published import PublishedObjects
from openvod.surfaces.playback.surface import PlaybackSurface


class Playback:
    """Wires playback."""

    def __init__(
        self, database: Database, storage: StorageService, distribution: DistributionService, clock: Clock
    ) -> None:
        self._database = database
        self._storage = storage
        self._distribution = distribution
        self._clock = clock
        self._gate = PlaybackGate(database, distribution, clock)
        self.instant = InstantPlayback(storage)

    def surface(self, files: LocalFiles | None, settings: PlaybackSettings, token_root: bytes) -> PlaybackSurface:
        """Return the playback surface; ``token_root`` is the key for evidence URLs and encrypted streams."""
        return PlaybackSurface(
            self._database,
            PublishedObjects(self._database, lambda: self._database.withdrawals.count),
            self._storage,
            self._gate,
            self._clock,
            self.instant,
            token_root=token_root,
            acceleration=_acceleration(files, settings),
        )

    def warm_indexes(self) -> WarmIndexes:
        """Return the service that reads the indexes of new files ahead of playback."""
        return WarmIndexes(self._database, self.instant)

    def pages(self, media_url: Callable[[str], str]) -> PlayPages:
        """Return the player pages."""
        access = PlayerAccess(self._gate, self._distribution, self._clock)
        return PlayPages(self._database, self.instant, access, media_url, self._clock)


def _acceleration(files: LocalFiles | None, settings: PlaybackSettings) -> Acceleration | None:
    """Return the acceleration header of the web server in front; None without the setting or local files."""
    if files is None:
        return None
    if settings.accel == "x-accel-redirect":
        return Acceleration("X-Accel-Redirect", files.root, settings.accel_prefix)
    return Acceleration("X-Sendfile") if settings.accel else None
