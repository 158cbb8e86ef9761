"""Files: the blob store on a local disk, the lock of a data folder, the root key."""

from openvod.adapters.filesystem.blobs import FileBlobStore
from openvod.adapters.filesystem.folder import DataFolder

__all__ = ["DataFolder", "FileBlobStore"]
