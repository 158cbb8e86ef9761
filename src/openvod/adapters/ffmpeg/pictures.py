"""Reads pictures in a child process, so that a hostile picture cannot crash the server."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE

from openvod.base.errors import Invalid, Unavailable

_CHILD = "openvod.adapters.ffmpeg.picture_child"


class PillowPictures:
    """See :class:`openvod.media.ports.PictureReader`. ``timeout``: most wall-clock seconds for one picture."""

    def __init__(self, *, timeout: float = 20.0, concurrency: int = 2) -> None:
        self._timeout = timeout
        self._turns = asyncio.Semaphore(concurrency)

    async def reencode(self, data: bytes) -> tuple[str, bytes]:
        """See :meth:`openvod.media.ports.PictureReader.reencode`."""
        async with self._turns:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-m", _CHILD, str(int(self._timeout) + 1),
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", start_new_session=True,
            )  # fmt: skip
            try:
                async with asyncio.timeout(self._timeout):
                    output, _ = await child.communicate(data)
            except TimeoutError as error:
                raise Unavailable(
                    "picture.failed", f"reading the picture took longer than {self._timeout:g} s"
                ) from error
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if child.returncode:
            raise Unavailable("picture.failed", f"reading the picture ended with status {child.returncode}")
        extension, _, picture = output.partition(b"\n")
        if not extension:
            words = picture.decode("utf-8", "replace")
            raise Invalid("picture.unreadable", f"the picture is not a readable GIF, JPEG or PNG: {words}")
        return extension.decode("ascii"), picture
