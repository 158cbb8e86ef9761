"""What documentation and Makefile name is there: targets, modules, test files."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_MAKEFILE = (_ROOT / "Makefile").read_text()
_TARGETS = set(re.findall(r"^([a-z-]+):.*##", _MAKEFILE, re.MULTILINE))


def _named_in_pages() -> set[str]:
    pages = [*_ROOT.glob("*.md"), *_ROOT.glob("docs/**/*.md"), *_ROOT.glob("sdk/*/README.md")]
    return {name for page in pages for name in re.findall(r"(?:^|`)make ([a-z][a-z-]+)", page.read_text(), re.M)}


def test_named_targets_exist() -> None:
    """A page that says ``make x`` names a target that ``make help`` lists."""
    assert len(_named_in_pages()) > 10
    assert _named_in_pages() <= _TARGETS


@pytest.mark.parametrize("target", sorted(_TARGETS - {"clean", "lock"}))
def test_targets_name_what_exists(target: str) -> None:
    """Every module that a target runs can be found, and every test file is there."""
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    for module in re.findall(r"-m ((?:benchmarks|support)\.[a-z_.]+)", shown.stdout):
        assert find_spec(module), module
    for path in re.findall(r"(?<==)?\b(?:tests|sdk)/[\w/.]+\.py", shown.stdout):
        assert (_ROOT / path).is_file(), path


def test_everything_runs_the_documented_targets() -> None:
    """``make test-all`` calls the documented test targets as they are, and no test belongs to none of them."""
    shown = re.search(r"^test-all:.*?\n\n", _MAKEFILE, re.MULTILINE | re.DOTALL)
    assert shown
    for target in ("test-clients", "test-web"):
        assert f"$(MAKE) --no-print-directory {target}" in shown[0]
    assert shown[0].startswith("test-all: test lint")


def test_quick_tests_include_those_of_typescript() -> None:
    """``make test`` runs ``npm test``, and every workspace with test files has a script ``test``."""
    shown = re.search(r"^test:.*?\n\n", _MAKEFILE, re.MULTILINE | re.DOTALL)
    assert shown
    assert "scripts/npm test" in shown[0]
    for workspace in ("sdk/web", "player", "console"):
        scripts = json.loads((_ROOT / workspace / "package.json").read_text())["scripts"]
        tests = [path for part in ("src", "tests") for path in (_ROOT / workspace / part).rglob("*.test.ts*")]
        assert bool(tests) == ("test" in scripts), workspace
