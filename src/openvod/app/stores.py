"""The blob stores: one line for each scheme of ``OPENVOD__STORAGE__URL``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from openvod.adapters.filesystem.blobs import file_blobs
from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.filesystem.working import working_copies
from openvod.app.settings import StorageSettings
from openvod.base.errors import Invalid
from openvod.storage.blobs import Blobs, WorkingFiles

OpenStore = Callable[[SplitResult, StorageSettings, DataFolder], AbstractContextManager[Blobs]]

STORES: Mapping[str, OpenStore] = {
    "file": lambda url, settings, folder: file_blobs(
        Path(url.path or folder.blobs), settings.threads, settings.reserve_bytes, direct_io=settings.direct_io
    ),
}


def open_blobs(settings: StorageSettings, folder: DataFolder) -> AbstractContextManager[Blobs]:
    """Return the configured store, to be entered; raises ``Invalid("blobs.url")`` for an unknown scheme."""
    url = urlsplit(settings.url.get_secret_value() or "file:")
    if url.scheme not in STORES or (url.path and not url.path.startswith("/")):
        raise Invalid(
            "blobs.url",
            f"OPENVOD__STORAGE__URL begins with {url.scheme!r}:, which is not a known store; use one of "
            f"{', '.join(sorted(STORES))}, and after it an absolute path",
        )
    return STORES[url.scheme](url, settings, folder)


def open_working_files(folder: DataFolder) -> AbstractContextManager[WorkingFiles]:
    """Return the working copies of objects for media programs, to be entered."""
    return working_copies(folder.path / "copies")
