"""A release finds one version and a changelog that can be built."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from support.scripts import load_script

version = load_script("version")

_ROOT = Path(__file__).parents[2]
_FRAGMENTS = [path for path in (_ROOT / "changes").iterdir() if path.suffix == ".md"]


def test_one_version() -> None:
    """Server, SDKs, player, console and their locks name the version of ``pyproject.toml``."""
    assert version.faults() == []


def test_another_version_is_written_everywhere(tmp_path: Path) -> None:
    """Each place that is forgotten is named; ``write`` forgets none."""
    places = version._PLACES
    for name in places:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_ROOT / name, tmp_path / name)
    target = tmp_path / "pyproject.toml"
    target.write_text(re.sub(r'(?m)^version = ".*"', 'version = "98.7.6"', target.read_text()))
    assert {each.split()[0] for each in version.faults(tmp_path)} == set(places)
    version.write("98.7.6", tmp_path)
    assert version.faults(tmp_path) == []
    assert version.current(tmp_path) == "98.7.6"


def test_every_change_has_a_known_type() -> None:
    """Towncrier leaves files with other names out of the changelog without a word."""
    configured = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
    types = "|".join(each["directory"] for each in configured)
    assert [path.name for path in _FRAGMENTS if not re.fullmatch(rf"[a-z0-9-]+\.({types})\.md", path.name)] == []


def test_the_changelog_can_be_built() -> None:
    """The draft of the next release holds every change, with links that lead somewhere from where it will stand."""
    command = [str(Path(sys.executable).with_name("towncrier")), "build", "--draft", "--version", "98.7.6"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    assert "## 98.7.6 (" in done.stdout
    for path in _FRAGMENTS:
        assert path.read_text().split("\n", 1)[0][:40] in done.stdout, path
    for target in re.findall(r"\]\(([^)#:]+)\)", done.stdout):
        assert (_ROOT / target).exists(), target
