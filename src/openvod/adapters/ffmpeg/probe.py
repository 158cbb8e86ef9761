"""Probes media in a child process, so that a hostile file cannot crash the server."""

from __future__ import annotations

import asyncio
import json
import os
from asyncio.subprocess import DEVNULL, PIPE, Process

from openvod.adapters.sandbox.children import OutputTooLarge, end, python_child, read_output
from openvod.adapters.sandbox.policy import Policy, Walls, reader_arguments
from openvod.adapters.sandbox.trial import standing_walls
from openvod.base.errors import Invalid, Unavailable
from openvod.base.sizes import KIB
from openvod.kinds.probe import ProbeResult

_OUTPUT_LIMIT = 256 * KIB
_CHILD = "openvod.adapters.ffmpeg.probe_child"


class PyAvProber:
    """See :class:`openvod.kinds.probe.Prober`.

    ``timeout``: most wall-clock seconds for one file; ``walls`` returns those of the sandbox.
    """

    def __init__(self, *, timeout: float = 20.0, concurrency: int = 2, walls: Walls = standing_walls) -> None:
        self._timeout = timeout
        self._walls = walls
        self._turns = asyncio.Semaphore(concurrency)

    async def probe(self, path: str) -> ProbeResult:
        """Probe a file; the child gets an open descriptor instead of a path, so that it needs to open no file."""
        async with self._turns:
            walls = await asyncio.to_thread(self._walls)
            try:
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise Unavailable("media.probe_failed", f"the file cannot be opened: {error.strerror}") from error
            try:
                child = await asyncio.create_subprocess_exec(
                    *python_child(_CHILD, *reader_arguments(Policy(walls), int(self._timeout) + 1)),
                    stdin=fd, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", start_new_session=True,
                )  # fmt: skip
            finally:
                os.close(fd)
            return _result(await self._output(child), child.returncode)

    async def _output(self, child: Process) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                output = await read_output(child, _OUTPUT_LIMIT)
                await child.wait()
                return output
        except OutputTooLarge as error:
            raise Unavailable("media.probe_failed", f"the probe printed more than {_OUTPUT_LIMIT} bytes") from error
        except TimeoutError as error:
            raise Unavailable("media.probe_timeout", f"the probe took longer than {self._timeout:g} s") from error
        finally:
            await end(child)


def _result(output: bytes, status: int | None) -> ProbeResult:
    try:
        answer = json.loads(output)
        if "error" not in answer:
            return ProbeResult.from_json(answer)
    except (ValueError, TypeError, KeyError) as error:
        raise Unavailable("media.probe_failed", f"the probe ended with status {status} and no result") from error
    raise Invalid("media.malformed", f"the file is not a readable media file: {answer['error']}")
