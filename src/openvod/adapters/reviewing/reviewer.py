"""Reviews frames with a model in a child process, so that a hostile picture cannot crash a worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from openvod.adapters.sandbox.children import OutputTooLarge, end, python_child, read_output
from openvod.adapters.sandbox.policy import Policy, Walls, reader_arguments
from openvod.adapters.sandbox.trial import standing_walls
from openvod.base.errors import Invalid, Unavailable
from openvod.base.sizes import MIB
from openvod.review.model import Finding, FrameFindings, ReviewFrame

_OUTPUT_LIMIT = 16 * MIB


@dataclass(frozen=True)
class Model:
    """A model: ``module`` is its child process, ``packages`` are its imports, ``extra`` of OpenVOD installs them.

    ``meaning`` converts one detection to a finding, or to ``None`` for a class that does not count; it raises
    ``ValueError`` or ``TypeError`` for unknown classes and malformed detections.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    extra: str
    meaning: Callable[[Any], Finding | None]

    @property
    def install(self) -> str:
        """The command that installs the packages."""
        return f"pip install 'openvod[{self.extra}]'"


class ChildReviewer:
    """See :class:`openvod.review.model.Reviewer`; a subclass names its ``model``.

    A review may take ``timeout`` wall-clock seconds plus ``frame_timeout`` per frame; ``concurrency`` limits the
    concurrent reviews, which use one core each. ``packages`` and ``command`` replace those of the model. ``walls``
    returns those of the sandbox, by default all that this machine can build.
    """

    topic = "Porn"
    model: ClassVar[Model]

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        frame_timeout: float = 2.0,
        concurrency: int = 1,
        packages: Sequence[str] | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        self._timeout = timeout
        self._frame_timeout = frame_timeout
        self._turns = asyncio.Semaphore(concurrency)
        self._packages = tuple(self.model.packages if packages is None else packages)
        self._command = tuple(command or python_child(self.model.module))
        self.walls: Walls = standing_walls

    def missing(self) -> tuple[str, ...]:
        """Return the packages that are not installed, without importing any."""
        return tuple(name for name in self._packages if find_spec(name) is None)

    async def review(self, frames: Sequence[ReviewFrame]) -> Sequence[FrameFindings]:
        """Review frames in one child process; ``Finding.confidence`` is the model's score times 100."""
        if not frames:
            raise Invalid("review.no_frames", "a review requires at least one frame")
        if missing := self.missing():
            raise self._not_installed(f"no package {', '.join(missing)}")
        limit = self._timeout + self._frame_timeout * len(frames)
        async with self._turns:
            walls = await asyncio.to_thread(self.walls)
            child = await asyncio.create_subprocess_exec(
                *self._command, *reader_arguments(Policy(walls), int(limit) + 1),
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", start_new_session=True,
            )  # fmt: skip
            output = await _output(child, json.dumps([frame.path for frame in frames]).encode(), limit)
            return self._findings(output, child.returncode, len(frames))

    def _findings(self, output: bytes, status: int | None, count: int) -> list[FrameFindings]:
        """Parse the child's output as untrusted: a hostile picture may have taken the child over."""
        try:
            answer = json.loads(output)
            if "not_installed" in answer:
                raise self._not_installed(str(answer["not_installed"])[:200])
            if "failed" in answer:
                raise Unavailable("review.failed", f"the review failed: {str(answer['failed'])[:200]}")
            found = [self._frame(seen) for seen in answer["frames"]]
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
            raise Unavailable("review.failed", f"the review ended with status {status} and no result") from error
        return _readable(found, count)

    def _frame(self, seen: Any) -> FrameFindings:
        if seen is None:
            return None
        return [finding for each in seen if (finding := self.model.meaning(each)) is not None]

    def _not_installed(self, reason: str) -> Unavailable:
        return Unavailable("review.not_installed", f"content review is not installed ({reason}): {self.model.install}")


async def _output(child: Process, request: bytes, limit: float) -> bytes:
    try:
        async with asyncio.timeout(limit):
            await _send(child, request)
            output = await read_output(child, _OUTPUT_LIMIT)
            await child.wait()
            return output
    except OutputTooLarge as error:
        raise Unavailable("review.failed", f"the review's output is larger than {_OUTPUT_LIMIT} bytes") from error
    except TimeoutError as error:
        raise Unavailable("review.failed", f"the review took longer than {limit:g} s") from error
    finally:
        await end(child)


async def _send(child: Process, request: bytes) -> None:
    """Send the paths; if the child has already ended, its output shows the failure."""
    if child.stdin:
        with contextlib.suppress(ConnectionError):
            child.stdin.write(request)
            await child.stdin.drain()
        child.stdin.close()


def _readable(found: list[FrameFindings], count: int) -> list[FrameFindings]:
    if len(found) != count:
        raise Unavailable("review.failed", f"the review returned {len(found)} results for {count} frames")
    if all(seen is None for seen in found):
        raise Unavailable("review.failed", f"none of the {count} frames could be read", unreadable=count)
    return found
