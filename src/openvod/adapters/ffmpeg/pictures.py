"""Reads pictures in a child process, so that a hostile picture cannot crash the server."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE

from openvod.adapters.ffmpeg import picture_child
from openvod.adapters.sandbox.children import end, python_child
from openvod.adapters.sandbox.policy import Policy, Walls, reader_arguments
from openvod.adapters.sandbox.trial import standing_walls
from openvod.base.errors import Invalid, Unavailable


class PillowPictures:
    """See :class:`openvod.media.ports.PictureReader`.

    ``timeout``: most wall-clock seconds for one picture; ``walls`` returns those of the sandbox.
    """

    def __init__(self, *, timeout: float = 20.0, concurrency: int = 2, walls: Walls = standing_walls) -> None:
        self._timeout = timeout
        self._walls = walls
        self._turns = asyncio.Semaphore(concurrency)

    async def reencode(self, data: bytes) -> tuple[str, bytes]:
        """See :meth:`openvod.media.ports.PictureReader.reencode`."""
        async with self._turns:
            walls = await asyncio.to_thread(self._walls)
            child = await asyncio.create_subprocess_exec(
                *python_child(picture_child.__name__, *reader_arguments(Policy(walls), int(self._timeout) + 1)),
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
                await end(child)
        if child.returncode:
            raise Unavailable("picture.failed", f"reading the picture ended with status {child.returncode}")
        extension, _, picture = output.partition(b"\n")
        if not extension:
            words = picture.decode("utf-8", "replace")
            raise Invalid("picture.unreadable", f"the picture is not a readable GIF, JPEG or PNG: {words}")
        return extension.decode("ascii"), picture
