"""Builds the browser code before a wheel is built, so that the wheel contains it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PARTS = ("sdk", "player", "console")


class BrowserParts(BuildHookInterface[Any]):
    """Runs ``scripts/npm`` for wheels; editable installations are served from what ``make web`` built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless everything is there."""
        root = Path(self.root)
        assets = root / "src" / "openvod" / "surfaces" / "assets"
        if version == "editable" or all((assets / part).is_dir() for part in _PARTS):
            return
        environment = os.environ | {"VENV": sys.prefix}
        for command in (("ci", "--silent"), ("run", "--silent", "build")):
            subprocess.run([root / "scripts" / "npm", *command], cwd=root, env=environment, check=True)
