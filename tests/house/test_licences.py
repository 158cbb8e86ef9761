"""Nothing is installed under a licence that nobody has agreed to."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path
from types import ModuleType

import pytest

from support.scripts import load_script

_ROOT = Path(__file__).parents[2]
_AGPL = "                    GNU AFFERO GENERAL PUBLIC LICENSE\n                       Version 3, 19 November 2007\n"


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    """The script."""
    return load_script("licences")


def test_the_lock_files_hold_what_is_allowed() -> None:
    """Every locked package has a licence of the list; the page and the SBOM are those of the lock files."""
    script = str(_ROOT / "scripts" / "licences.py")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("licence", "fine"),
    [
        ("MIT", True),
        ("MIT OR AGPL-3.0-only", True),
        ("MIT AND AGPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("GPL-3.0-only", False),
        ("", False),
    ],
)
def test_a_licence_outside_the_list_is_refused(licences: ModuleType, licence: str, fine: bool) -> None:
    """One side of OR is enough, of AND all count, and no licence is none."""
    rules = licences.read_rules((_ROOT / "requirements" / "licences.toml").read_text())
    told = list(licences.refusals([licences.Package("pypi", "some", "1", licence)], rules))
    assert (not told) is fine
    assert all("some" in line for line in told)


def test_texts_outrank_metadata(licences: ModuleType, tmp_path: Path) -> None:
    """A package that says MIT and carries the text of the AGPL is refused, as NudeNet 3.4 would be."""
    folder = tmp_path / "nudenet-3.4.2.dist-info"
    (folder / "licenses").mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: nudenet\nVersion: 3.4.2\nLicense: MIT\n")
    (folder / "licenses" / "LICENSE").write_text(_AGPL)
    (folder / "RECORD").write_text(f"{folder.name}/METADATA,,\n{folder.name}/licenses/LICENSE,,\n")
    rules = licences.read_rules((_ROOT / "requirements" / "licences.toml").read_text())
    (told,) = licences.text_refusals([Distribution.at(folder)], rules)
    assert "nudenet" in told
    assert "its metadata say MIT" in told


def test_nudenet_is_in_no_lock_file() -> None:
    """Who wants it installs it knowingly."""
    for path in (_ROOT / "requirements").glob("*.txt"):
        assert "nudenet" not in path.read_text(), path
