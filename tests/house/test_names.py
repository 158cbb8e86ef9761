"""What docstrings and pages name is there: modules, classes and functions, wherever they moved."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

_ROOT = Path(__file__).parents[2]
_SOURCE = _ROOT / "src" / "openvod"
_REFERENCE = re.compile(r":(?:mod|class|func|meth|data|attr):`~?(openvod[\w.]*)`")
#: A file or folder of a room, as pages write it.
_PLACE = re.compile(r"`([a-z_]+/[\w/.]*)`")
_MODULE = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*)`")


def _there(name: str) -> bool:
    """Tell whether a name leads to a module or what is defined in one, or to an attribute that a class declares."""
    try:
        resolve_name(name)
    except AttributeError:
        owner, _, attribute = name.rpartition(".")
        return attribute in getattr(resolve_name(owner), "__annotations__", {})
    except ImportError:
        return False
    return True


def test_docstrings_name_what_is_there() -> None:
    """Every cross-reference of a docstring leads somewhere."""
    named = {
        (str(path.relative_to(_ROOT)), name)
        for folder in (_SOURCE, _ROOT / "sdk" / "python" / "src")
        for path in folder.rglob("*.py")
        for name in _REFERENCE.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 50
    assert [each for each in sorted(named) if not _there(each[1])] == []


def test_the_map_names_what_is_there() -> None:
    """Files and folders that the architecture page names are in the rooms."""
    page = (_ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.name for path in _SOURCE.iterdir() if path.is_dir()}
    named = {name for name in _PLACE.findall(page) if name.split("/")[0] in rooms}
    assert len(named) > 20
    assert [name for name in named if not any((_SOURCE / f"{name}{end}").exists() for end in ("", ".py"))] == []


def test_the_glossary_names_what_is_there() -> None:
    """The rooms and modules that the glossary names can be imported."""
    rows = re.findall(r"^\| [^|]+\| [^|]+\| ([^|]+)\|", (_ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    named = {name for row in rows for name in _MODULE.findall(row)}
    assert len(named) > 10
    for name in named:
        import_module(f"openvod.{name}")
