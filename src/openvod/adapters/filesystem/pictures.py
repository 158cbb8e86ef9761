"""Uploaded pictures before they are stored: files beside the blobs, which can be hard-linked instead of copied."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from openvod.base.identifiers import new_hex
from openvod.base.ports import Entropy


class HeldPictures:
    """See :class:`openvod.processing.watermarks.Pictures`. ``check`` validates a picture in a thread."""

    def __init__(self, folder: Path, entropy: Entropy, check: Callable[[Path], str]) -> None:
        self._folder = folder
        self._entropy = entropy
        self._check = check
        # Delete the pictures of killed processes.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    @asynccontextmanager
    async def held(self, content: bytes) -> AsyncIterator[str]:
        """See :meth:`openvod.processing.watermarks.Pictures.held`."""
        path = self._folder / new_hex(self._entropy, 16)
        await asyncio.to_thread(path.write_bytes, content)
        try:
            yield str(path)
        finally:
            path.unlink(missing_ok=True)

    async def check(self, path: str) -> str:
        """See :meth:`openvod.processing.watermarks.Pictures.check`."""
        return await asyncio.to_thread(self._check, Path(path))
