"""Local working copies of objects, ``copies/<process>/<name>``, for stores without local files."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from pathlib import Path

from openvod.base.sizes import MIB

_LOCK = "lock"


@contextmanager
def working_copies(root: Path) -> Iterator[WorkingCopies]:
    """Open :class:`WorkingCopies`; the block's end deletes this process's folder."""
    copies = WorkingCopies(root)
    try:
        yield copies
    finally:
        copies.close()


class WorkingCopies:
    """See :class:`openvod.storage.blobs.WorkingFiles`.

    Each process locks a folder of its own; its first copy deletes the folders of dead processes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._making = threading.Lock()

    @asynccontextmanager
    async def hold(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
        """See :meth:`openvod.storage.blobs.WorkingFiles.hold`."""
        descriptor, path = await asyncio.to_thread(self._new_file)
        try:
            with os.fdopen(descriptor, "wb") as file:
                async for chunk in chunks:
                    await asyncio.to_thread(file.write, chunk)
            yield path
        finally:
            os.unlink(path)

    async def size(self, path: str) -> int:
        """See :meth:`openvod.storage.blobs.WorkingFiles.size`."""
        return (await asyncio.to_thread(os.stat, path)).st_size

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """See :meth:`openvod.storage.blobs.WorkingFiles.read`."""
        with await asyncio.to_thread(open, path, "rb") as file:
            while data := await asyncio.to_thread(file.read, MIB):
                yield data

    def _new_file(self) -> tuple[int, str]:
        with self._making:
            return tempfile.mkstemp(dir=self._folder)

    def close(self) -> None:
        """Delete this process's folder."""
        if "_folder" in self.__dict__:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._held)

    @cached_property
    def _folder(self) -> Path:
        self._root.mkdir(exist_ok=True)
        for other in self._root.iterdir():
            if _is_abandoned(other):
                shutil.rmtree(other, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=self._root))
        # Create and lock the file under another name: until the rename, other processes find no lock file and wait.
        self._held = os.open(folder / "new", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        (folder / "new").rename(folder / _LOCK)
        return folder


def _is_abandoned(folder: Path) -> bool:
    """Return whether a folder's process is dead: the kernel has released its lock."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
