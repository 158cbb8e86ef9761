"""Reviewers with children that behave as a test wants."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from openvod.adapters.opennsfw import OpenNsfwReviewer
from openvod.adapters.reviewing import ChildReviewer
from openvod.adapters.sandbox.policy import Policy, Wall
from openvod.adapters.sandbox.trial import standing_walls
from openvod.base.errors import Unavailable
from openvod.review.model import FrameFindings, ReviewFrame

CONFINED = "openvod.adapters.reviewing.child"


CHILD = "openvod.adapters.opennsfw.child"


def reviewed(paths: Sequence[Path], reviewer: ChildReviewer | None = None) -> Sequence[FrameFindings]:
    """Review pictures."""
    frames = [ReviewFrame(float(n), str(path)) for n, path in enumerate(paths)]
    return asyncio.run((reviewer or OpenNsfwReviewer()).review(frames))


def refused(paths: Sequence[Path], reviewer: ChildReviewer | None = None, code: str = "review.failed") -> str:
    """Hold that a review fails with a code; return the message."""
    with pytest.raises(Unavailable) as error:
        reviewed(paths, reviewer)
    assert error.value.code == code
    return error.value.message


def program(code: str) -> OpenNsfwReviewer:
    """Return a reviewer whose child runs ``code``."""
    return OpenNsfwReviewer(packages=(), command=(sys.executable, "-I", "-c", code))


def answering(answer: str) -> OpenNsfwReviewer:
    """Return a reviewer whose child hears the question and says ``answer``."""
    return program(f"import sys; sys.stdin.read(); print({answer!r})")


def in_child(code: str, environment: dict[str, str] | None = None, walls: frozenset[Wall] | None = None) -> Any:
    """Run code with the child's module as ``child``, confined; return the JSON that it prints.

    It may read what tests wrote, and what the kernel says of processes.
    """
    policy = Policy(standing_walls() if walls is None else walls, read=(tempfile.gettempdir(), "/proc"))
    start = (
        f"import json, os, sys; import {CONFINED} as confined, {CHILD} as child; "
        "from openvod.adapters.sandbox.policy import Policy; "
        f"confined.confine(Policy.from_json({policy.to_json()!r}), 60, os.getppid()); "
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", start + code],
        env=environment or {},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
