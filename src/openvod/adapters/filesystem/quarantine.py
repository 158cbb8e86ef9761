"""Blobs that no row knows, set aside inside the store: ``blobs/quarantine/<Unix seconds>-<blob id>``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openvod.adapters.filesystem.incoming import sync_directory
from openvod.storage.model import Quarantined


class Quarantine:
    """A folder beside the blobs, on the same file system: setting aside and taking back is a rename."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "quarantine"

    def put(self, blob_id: str, path: Path, now: float) -> None:
        """Set a blob's file aside; nothing happens when it is absent."""
        self._folder.mkdir(exist_ok=True)
        try:
            path.rename(self._folder / f"{int(now)}-{blob_id}")
        except FileNotFoundError:
            return
        sync_directory(path.parent)
        sync_directory(self._folder)

    def take_back(self, blob_id: str, path: Path) -> None:
        """Make a file that was set aside a blob again, unless there is one by now."""
        for each in self._folder.glob(f"*-{blob_id}"):
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                each.rename(path)
                sync_directory(path.parent)

    def list(self) -> Sequence[Quarantined]:
        """Return what is set aside."""
        found = []
        for path in self._folder.glob("*-*"):
            moment, _, blob_id = path.name.partition("-")
            if moment.isdigit():
                found.append(Quarantined(blob_id, float(moment), path.stat().st_size))
        return found

    def erase(self, blob_id: str) -> None:
        """Delete a file that was set aside."""
        for each in self._folder.glob(f"*-{blob_id}"):
            each.unlink(missing_ok=True)
