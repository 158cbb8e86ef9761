"""The wheel: what is installed from it serves every page."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PAGES = ("console/index.html", "player/index.html", "sdk/openvod.esm.js", "sdk/openvod.umd.js")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_wheel_of_a_fresh_checkout_has_its_pages(tmp_path: Path) -> None:
    """Made from what git knows and nothing else, the wheel contains what Vite builds."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    source = tmp_path / "source"
    for name in filter(None, names.split("\0")):
        if (_ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(_ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("openvod-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        assert {f"openvod/surfaces/assets/{page}" for page in _PAGES} <= set(opened.namelist())
