"""Local files: the blob store, the data folder with its lock, the root key."""

from openvod.adapters.filesystem.blobs import file_blobs
from openvod.adapters.filesystem.folder import DataFolder

__all__ = ["DataFolder", "file_blobs"]
