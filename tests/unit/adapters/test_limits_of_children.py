"""A child that gives way, and is bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_STEP_BACK = """
import json, os
from openvod.adapters.sandbox import limits
limits.lower_priority(15)
with open("/proc/self/autogroup") as group:
    print(json.dumps([os.nice(0), int(group.read().split()[-1])]))
"""
_ALLOCATE = """
import sys
from openvod.adapters.sandbox import limits
limits.limit(memory=512 * 1024**2, file_size=1000, open_files=64, cpu_seconds=5)
try:
    held = bytearray(1024**3)
except MemoryError:
    sys.exit(17)
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not group by session")
def test_lower_priority_counts_outside_its_session() -> None:
    """The scheduling group of the child's own session gets the value too: alone, nice means nothing to other groups."""
    shown = subprocess.run(
        [sys.executable, "-c", _STEP_BACK], start_new_session=True, capture_output=True, check=True, text=True
    )
    assert json.loads(shown.stdout) == [15, 15]


def test_limit_bounds_memory() -> None:
    """A child that wants more than its share is told so; the machine is not."""
    assert subprocess.run([sys.executable, "-c", _ALLOCATE], check=False).returncode == 17


def test_die_with_a_parent_that_is_gone() -> None:
    """A child whose parent ended before it could ask for the signal ends itself."""
    program = "from openvod.adapters.sandbox import limits; limits.die_with(1_999_999_999); print('alive')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")
