"""Review of frames by NudeNet's model, in a child process: hostile pictures must not take a worker down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from openvod.base.errors import Invalid, Unavailable
from openvod.base.sizes import KIB, MIB
from openvod.media.review import Finding, FrameFindings, ReviewFrame

_OUTPUT_LIMIT = 16 * MIB
_COMMAND = (sys.executable, "-I", "-m", "openvod.adapters.nudenet.child")
_PACKAGES = ("nudenet", "onnxruntime", "cv2", "numpy")
_INSTALL = "pip install 'openvod[review]'"
#: What the model's classes mean on the wire.
#:
#: A bare female breast is ``porn``: the services that clients were built for count it so, and templates that watch the
#: label ``porn`` alone must not miss it. A wrong ``porn`` costs a look by a person, a wrong ``sexy`` may go unseen.
#: Bare buttocks are ``sexy``: on their own they are beach and sport as often as anything else.
#: ``vulgar`` and ``intimacy`` are about acts, which a detector of body parts does not see.
_LABELS = {
    "FEMALE_GENITALIA_EXPOSED": "porn",
    "MALE_GENITALIA_EXPOSED": "porn",
    "ANUS_EXPOSED": "porn",
    "FEMALE_BREAST_EXPOSED": "porn",
    "BUTTOCKS_EXPOSED": "sexy",
}
#: Seen and of no consequence. Covered parts are here because their scores say how sure the model is of the clothes.
_INNOCENT = frozenset(
    {
        "FEMALE_GENITALIA_COVERED", "ANUS_COVERED", "FEMALE_BREAST_COVERED", "BUTTOCKS_COVERED", "BELLY_COVERED",
        "ARMPITS_COVERED", "FEET_COVERED", "MALE_BREAST_EXPOSED", "BELLY_EXPOSED", "ARMPITS_EXPOSED", "FEET_EXPOSED",
        "FACE_FEMALE", "FACE_MALE",
    }
)  # fmt: skip


class NudeNetReviewer:
    """See :class:`openvod.media.review.Reviewer`.

    A review may take ``timeout`` seconds of wall time and ``frame_timeout`` more per frame; ``concurrency`` bounds how
    many run at once, each on one core. ``packages`` and ``command`` are what the child needs and how it is started.
    """

    topic = "Porn"

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        frame_timeout: float = 2.0,
        concurrency: int = 1,
        packages: Sequence[str] = _PACKAGES,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._timeout = timeout
        self._frame_timeout = frame_timeout
        self._turns = asyncio.Semaphore(concurrency)
        self._packages = tuple(packages)
        self._command = tuple(command)

    def missing(self) -> tuple[str, ...]:
        """Return the packages that are not installed; looks without loading them."""
        return tuple(name for name in self._packages if find_spec(name) is None)

    async def review(self, frames: Sequence[ReviewFrame]) -> Sequence[FrameFindings]:
        """Look at frames, all in one child; ``Finding.confidence`` is the model's score times 100."""
        if not frames:
            raise Invalid("review.no_frames", "a review needs at least one frame")
        if missing := self.missing():
            raise _not_installed(f"no package {', '.join(missing)}")
        limit = self._timeout + self._frame_timeout * len(frames)
        async with self._turns:
            child = await asyncio.create_subprocess_exec(
                *self._command, str(int(limit) + 1), str(os.getpid()),
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", start_new_session=True,
            )  # fmt: skip
            output = await _output(child, json.dumps([frame.path for frame in frames]).encode(), limit)
            return _findings(output, child.returncode, len(frames))


async def _output(child: Process, question: bytes, limit: float) -> bytes:
    try:
        async with asyncio.timeout(limit):
            await _ask(child, question)
            output = await _read(child.stdout) if child.stdout else b""
            await child.wait()
            return output
    except TimeoutError as error:
        raise Unavailable("review.failed", f"the review took longer than {limit:g} s") from error
    finally:
        await _end(child)


async def _ask(child: Process, question: bytes) -> None:
    """Send the question; a child that is gone already shows in its output."""
    if child.stdin:
        with contextlib.suppress(ConnectionError):
            child.stdin.write(question)
            await child.stdin.drain()
        child.stdin.close()


async def _read(stream: StreamReader) -> bytes:
    """Read to the end; whoever says more than an answer can hold is not listened to any longer."""
    output = bytearray()
    while data := await stream.read(256 * KIB):
        output += data
        if len(output) > _OUTPUT_LIMIT:
            raise Unavailable("review.failed", f"the review's answer is larger than {_OUTPUT_LIMIT} bytes")
    return bytes(output)


async def _end(child: Process) -> None:
    """Kill the child's whole group, if it still runs, and reap it."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


def _findings(output: bytes, status: int | None, count: int) -> list[FrameFindings]:
    """Read an answer as one of a process that a hostile picture may have taken over."""
    try:
        answer = json.loads(output)
        if "not_installed" in answer:
            raise _not_installed(str(answer["not_installed"])[:200])
        if "failed" in answer:
            raise Unavailable("review.failed", f"the review failed: {str(answer['failed'])[:200]}")
        found = [_frame(seen) for seen in answer["frames"]]
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise Unavailable("review.failed", f"the review ended with status {status} and no result") from error
    return _readable(found, count)


def _readable(found: list[FrameFindings], count: int) -> list[FrameFindings]:
    if len(found) != count:
        raise Unavailable("review.failed", f"the review answered for {len(found)} of {count} frames")
    if all(seen is None for seen in found):
        raise Unavailable("review.failed", f"none of the {count} frames could be read", unreadable=count)
    return found


def _frame(seen: Any) -> FrameFindings:
    """Translate a frame's detections. A class that nobody has thought about is an error, not an innocent one."""
    if seen is None:
        return None
    found = []
    for kind, score, (x1, y1, x2, y2) in seen:
        if kind in _LABELS:
            area = (int(x1), int(y1), int(x2), int(y2))
            found.append(Finding(_LABELS[kind], round(float(score) * 100, 2), area))
        elif kind not in _INNOCENT:
            raise ValueError(f"the model knows a class that the platform does not: {kind!r}")
    return found


def _not_installed(reason: str) -> Unavailable:
    return Unavailable("review.not_installed", f"content review is not installed ({reason}): {_INSTALL}")
