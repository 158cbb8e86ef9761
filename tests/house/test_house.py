"""The house keeps its own rules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from openvod.app.settings import Settings
from openvod.events.types import EventType
from openvod.surfaces.errors import API_CODES, COS_CODES, UGC_CODES

_ROOT = Path(__file__).parents[2]
#: An error code where it is raised or compared: a whole text of two names.
_CODE = re.compile(r"""["']([a-z_0-9]+\.[A-Za-z_0-9]+)["']""")


def test_rooms_import_downwards_only() -> None:
    """The import contract holds."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program], cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_error_code_is_documented() -> None:
    """A code that a client can meet stands in the reference."""
    documented = (_ROOT / "docs" / "reference" / "errors.md").read_text()
    for code in {*UGC_CODES, *COS_CODES, *API_CODES}:
        assert f"`{code}`" in documented, code


def test_storage_speaks_no_dialect_and_every_code_of_it_is_translated() -> None:
    """Only the COS dialect raises ``cos.*``; every ``storage.*`` has a row for that wire, and every row is raised."""
    source = _ROOT / "src" / "openvod"
    table = source / "surfaces" / "errors.py"
    written = {path: set(_CODE.findall(path.read_text())) for path in source.rglob("*.py") if path != table}
    dialect = (source / "surfaces" / "cos", source / "signing")
    neutral = {path: codes for path, codes in written.items() if not path.is_relative_to(dialect[0])}
    neutral = {path: codes for path, codes in neutral.items() if not path.is_relative_to(dialect[1])}
    assert not [(path, code) for path, codes in neutral.items() for code in codes if code.startswith("cos.")]
    raised = {code for codes in written.values() for code in codes}
    assert {code for code in raised if code.startswith("storage.")} <= COS_CODES.keys()
    assert COS_CODES.keys() <= raised


def test_storage_knows_paths_in_its_abilities_alone() -> None:
    """Paths of this machine stand in the port of blob stores and in what it takes in, nowhere else in the room."""
    room = _ROOT / "src" / "openvod" / "storage"
    named = re.compile(r"\b\w*path: |\bPath\b")
    found = {path.name: named.findall(path.read_text()) for path in room.glob("*.py")}
    assert {name: words for name, words in found.items() if words} == {
        "blobs.py": ["path: "] * 3,
        "outputs.py": ["path: "] * 2,
    }


def test_every_setting_is_documented() -> None:
    """A setting stands in the reference, with its meaning."""
    documented = (_ROOT / "docs" / "reference" / "settings.md").read_text()
    for section, field in Settings.model_fields.items():
        for name, entry in type(field.get_default()).model_fields.items():
            variable = f"| `OPENVOD__{section.upper()}__{name.upper()}` |"
            assert variable in documented, variable
            assert str(entry.description) in documented, entry.description


def test_lock_files_name_no_address() -> None:
    """Lock files hold names, versions and hashes alone."""
    for path in (_ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text(), path
    for path in (_ROOT / "package-lock.json", _ROOT / "tests" / "clients" / "package-lock.json"):
        packages = json.loads(path.read_text())["packages"]
        assert len(packages) > 10
        # Links are our own workspaces: what they are resolved to is a folder here.
        assert not [name for name, each in packages.items() if "resolved" in each and not each.get("link")]
    programs = _ROOT / "tests" / "clients" / "programs"
    for path in (programs / "java" / "jars.sha256", *programs.glob("go*/go.mod"), *programs.glob("go*/go.sum")):
        assert "://" not in path.read_text(), path
    for path in (programs / "java").rglob("pom.xml"):
        assert set(re.findall('http[^"]*', path.read_text())) == {"http://maven.apache.org/POM/4.0.0"}, path


def test_the_consoles_types_are_those_of_its_api() -> None:
    """The console is compiled against the API as it is: ``npm run generate`` in ``console/`` would change nothing."""
    console = _ROOT / "console"
    (console / "build").mkdir(exist_ok=True)
    told = subprocess.run(
        [sys.executable, "-m", "openvod.app.cli", "api", "openapi"], capture_output=True, text=True, check=True
    )
    (console / "build" / "openapi.json").write_text(told.stdout)
    command = [str(_ROOT / "scripts" / "npm"), "run", "--silent", "-w", "console", "types", "--", "--check"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_documents_lead_somewhere() -> None:
    """Relative links in the documentation point at files."""
    for page in [_ROOT / "README.md", *(_ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)


def test_every_event_type_is_documented() -> None:
    """The how-to lists what the catalogue has, and nothing else."""
    page = (_ROOT / "docs" / "how-to" / "receive-events.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.M) == [each.value for each in EventType]
