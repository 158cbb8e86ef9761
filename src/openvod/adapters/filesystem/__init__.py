"""Files: the blob store on a local disk, the lock of a data folder, the root key."""

from openvod.adapters.filesystem.blobs import file_blobs
from openvod.adapters.filesystem.folder import DataFolder

__all__ = ["DataFolder", "file_blobs"]
