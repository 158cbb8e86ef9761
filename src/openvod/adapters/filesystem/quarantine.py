"""Quarantine of blobs without a ledger row, inside the store: ``blobs/quarantine/<Unix seconds>-<blob id>``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openvod.adapters.filesystem.incoming import sync_directory
from openvod.storage.model import Quarantined


class Quarantine:
    """A folder beside the blobs, on the same file system: moving in and out is a rename."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "quarantine"

    def put(self, blob_id: str, path: Path, now: float) -> None:
        """Move a blob's file into quarantine, if it exists."""
        self._folder.mkdir(exist_ok=True)
        try:
            path.rename(self._folder / f"{int(now)}-{blob_id}")
        except FileNotFoundError:
            return
        sync_directory(path.parent)
        sync_directory(self._folder)

    def take_back(self, blob_id: str, path: Path) -> None:
        """Move a file back to the blobs, unless the blob exists again."""
        for each in self._folder.glob(f"*-{blob_id}"):
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                each.rename(path)
                sync_directory(path.parent)

    def list(self) -> Sequence[Quarantined]:
        """Return the files in quarantine."""
        found = []
        for path in self._folder.glob("*-*"):
            moment, _, blob_id = path.name.partition("-")
            if moment.isdigit():
                found.append(Quarantined(blob_id, float(moment), path.stat().st_size))
        return found

    def erase(self, blob_id: str) -> None:
        """Delete a file in quarantine."""
        for each in self._folder.glob(f"*-{blob_id}"):
            each.unlink(missing_ok=True)
