"""Probes media in a child process, so that a hostile file cannot crash the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process

from openvod.base.errors import Invalid, Unavailable
from openvod.base.sizes import KIB
from openvod.kinds.probe import ProbeResult

_OUTPUT_LIMIT = 256 * KIB
_CHILD = "openvod.adapters.ffmpeg.probe_child"


class PyAvProber:
    """See :class:`openvod.kinds.probe.Prober`. ``timeout``: most wall-clock seconds for one file."""

    def __init__(self, *, timeout: float = 20.0, concurrency: int = 2) -> None:
        self._timeout = timeout
        self._turns = asyncio.Semaphore(concurrency)

    async def probe(self, path: str) -> ProbeResult:
        """Probe a file; the child gets an open descriptor instead of a path, so that it needs to open no file."""
        async with self._turns:
            try:
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise Unavailable("media.probe_failed", f"the file cannot be opened: {error.strerror}") from error
            try:
                child = await asyncio.create_subprocess_exec(
                    sys.executable, "-I", "-m", _CHILD, str(int(self._timeout) + 1),
                    stdin=fd, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", start_new_session=True,
                )  # fmt: skip
            finally:
                os.close(fd)
            return _result(await self._output(child), child.returncode)

    async def _output(self, child: Process) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                output = await _read(child.stdout) if child.stdout else b""
                await child.wait()
                return output
        except TimeoutError as error:
            raise Unavailable("media.probe_timeout", f"the probe took longer than {self._timeout:g} s") from error
        finally:
            await _end(child)


async def _read(stream: StreamReader) -> bytes:
    """Read to the end, at most the size limit of a result."""
    output = b""
    while len(output) < _OUTPUT_LIMIT and (data := await stream.read(_OUTPUT_LIMIT - len(output))):
        output += data
    return output


async def _end(child: Process) -> None:
    """Kill the child's process group, if it still runs, and wait for the child."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


def _result(output: bytes, status: int | None) -> ProbeResult:
    try:
        answer = json.loads(output)
        if "error" not in answer:
            return ProbeResult.from_json(answer)
    except (ValueError, TypeError, KeyError) as error:
        raise Unavailable("media.probe_failed", f"the probe ended with status {status} and no result") from error
    raise Invalid("media.malformed", f"the file is not a readable media file: {answer['error']}")
